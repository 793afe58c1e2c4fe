import { isTransient } from "../shared/errors.ts";
import { type Batch, readBackwards } from "./backwards.ts";
import { readCrowd } from "./catch-up.ts";
import { LARGEST_PAGE, NO_HINT } from "./channel.ts";
import { brokenList } from "./cursor-walk.ts";
import type { FeedEvent } from "./event.ts";
import { type EventFilter, matches } from "./filter.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import { endsExactly, type Reading } from "./pages.ts";
import {
  advance,
  byTime,
  type Crowd,
  crowdTypes,
  isDealtWith,
  isTellable,
  orderKey,
  type Placed,
  type Position,
  positionAt,
  watermarkAt,
} from "./position.ts";

/** A listing that finds few matches stops after this many events, or this many milliseconds, and says so. */
const MOST_SCANNED = 2_000;
const LONGEST_SCAN_MS = 10_000;
/** A millisecond with more events than this is listed in the API's order, by its cursors: each page would else read all of it. */
const CROWD = 2 * LARGEST_PAGE;

export interface ListRequest {
  filter: EventFilter & { websetId?: string | undefined };
  /** Only what had not been dealt with there. */
  after?: Position | undefined;
  /** Milliseconds since 1970, inclusive. */
  before?: number | undefined;
  limit: number;
  /** How many of some events, newest first, one result has room for, at least 1 of 1. */
  fits?: (events: readonly FeedEvent[]) => number;
  /** `nextPage` of an earlier listing. */
  page?: string | undefined;
  signal: AbortSignal;
}

export interface Listed {
  /** Matches, newest first, at most `limit` and what fits. */
  events: FeedEvent[];
  /** Where older matches go on; null where there are none. */
  nextPage: string | null;
  /** Where waiting goes on without a gap or a repeat: as of the first page, and after all that was handed out up to this one. */
  position: Position;
  /** How many events were looked at. */
  scanned: number;
  /** How many entries of the API had no usable id, type or createdAt and are not among them. */
  unreadable: number;
  /** Whether more was handed out that is not settled yet than a cursor can keep: waiting on from there, events may repeat. */
  repeats: boolean;
  /** False where the listing stopped before it found `limit` matches or reached the end. */
  complete: boolean;
}

export interface ListDeps {
  reading: Reading;
  belongs: (event: FeedEvent, websetId: string) => Promise<boolean>;
  /** The upstream's time now, asked for where it is not known; never later than it is. */
  serverNow: () => Promise<number>;
}

/**
 * Lists matching events newest first, whichever way the API lists. Paging through everything meets each event once, also
 * while new ones arrive. A listing that has found something and then meets an error ends early with what it has, if it is sure
 * of where to go on.
 */
export async function listEvents(request: ListRequest, deps: ListDeps): Promise<Listed> {
  const { filter, limit, after } = request;
  const { reading, serverNow } = deps;
  const hint = reading.channel.backwards;
  const token = request.page === undefined ? undefined : decodePageToken(request.page);
  if (token === undefined) hint.width = NO_HINT.width;
  const startedAt = reading.clock.now();
  const scan = new Scan(request, token?.before, deps);
  const wanted = filter.websetId === undefined && filter.areFew !== true ? limit : LARGEST_PAGE;
  /** What is settled counts from the moment this listing began to read, however long it then takes. */
  const begin = async (sentAt = startedAt): Promise<Position> => {
    const { upstreamClock, clock } = reading;
    // A single answer may tell a wrong time, and a cursor that lies ahead of now would pass over events.
    const isTold = upstreamClock.isSure || upstreamClock.at() === undefined;
    const told = isTold ? upstreamClock.reached(sentAt) : undefined;
    const upstreamNow = told ?? (await serverNow()) - (clock.now() - sentAt);
    return positionAt(watermarkAt(Math.floor(upstreamNow)));
  };
  let exhausted = true;
  let position = token?.position;
  try {
    if (token?.crowd !== undefined) exhausted = await scan.takeCrowd(token.before, token.crowd);
    // Where all of a millisecond was looked at it is not read again: in a crowd no listing might have the time for that.
    const isPast = token?.crowd !== undefined || token?.before.id === "";
    if (exhausted && !(isPast && token.before.time <= (after?.since ?? 0))) {
      const end = isPast ? token.before.time - (endsExactly(reading.channel) ? 1 : 0) : undefined;
      const range = {
        types: filter.types,
        ...(after === undefined ? {} : { after: after.since }),
        // One millisecond more, for the API may keep finer times; the order of the feed decides what is still to come.
        ...bound(request.before && request.before + 1, end ?? (token && token.before.time + 1)),
      };
      for await (const batch of readBackwards(range, wanted, hint, serverNow, reading)) {
        position ??= await begin(batch.sentAt);
        await scan.take(batch);
        if (scan.enough(position.since)) {
          exhausted = false;
          break;
        }
      }
    }
  } catch (error) {
    if (!isTransient(error) || scan.last === undefined) throw error;
    exhausted = false;
  }
  position ??= await begin();
  const visible = scan.sorted;
  if (token?.crowd === undefined && (await scan.turnToCrowd())) exhausted = false;
  const most = scan.sorted.slice(0, limit);
  const events = most.slice(0, request.fits?.(most));
  // All that was visible when the listing began is behind its cursor, on whichever page it stands. What has become visible
  // since then is so once it was handed out.
  const handedOut = token === undefined ? visible : events;
  position = advance(position, { handedOut, settledUpTo: undefined });

  const full = scan.matches.length > events.length || (events.length === limit && !exhausted);
  // A page that got no further than the one before it leaves off where that did.
  const before: Placed | undefined = full ? events.at(-1) : (scan.last ?? token?.before);
  const ended = exhausted && !full;
  const crowd = before === token?.before ? token?.crowd : scan.crowdPages.get(before?.id ?? "");
  const nextPage =
    ended || before === undefined ? null : encodePageToken({ before, crowd, position, repeats: token?.repeats });
  return {
    events,
    nextPage,
    position,
    scanned: scan.scanned,
    unreadable: scan.unreadable,
    repeats: !isTellable(position) || (nextPage === null ? token : decodePageToken(nextPage))?.repeats === true,
    complete: full || ended,
  };
}

/** What a listing has looked at so far. */
class Scan {
  readonly #request: ListRequest;
  #before: Placed | undefined;
  readonly #deps: ListDeps;
  readonly #startedAt: number;
  matches: FeedEvent[] = [];
  /** Where the pages of a crowd begin, by the ids of their events. */
  readonly crowdPages = new Map<string, Crowd>();
  readonly #atTime = new Map<number, number>();
  scanned = 0;
  unreadable = 0;
  /** Everything newer than this, in the feed's order, was looked at, and this too. */
  last: Placed | undefined;
  #downTo = Number.POSITIVE_INFINITY;

  constructor(request: ListRequest, before: Placed | undefined, deps: ListDeps) {
    this.#request = request;
    this.#before = before;
    this.#deps = deps;
    this.#startedAt = deps.reading.clock.now();
  }

  async take(batch: Batch): Promise<void> {
    const { filter, after, before = Number.POSITIVE_INFINITY } = this.#request;
    this.unreadable += batch.unreadable;
    for (const event of batch.events) {
      if (event.time > before || (this.#before !== undefined && byTime(event, this.#before) >= 0)) continue;
      const isNew = after === undefined || !isDealtWith(after, event);
      const isWanted = isNew && matches(filter, event);
      const isOwn = filter.websetId === undefined || (isWanted && (await this.#deps.belongs(event, filter.websetId)));
      if (isWanted && isOwn) this.matches.push(event);
      this.scanned++;
      this.#atTime.set(event.time, (this.#atTime.get(event.time) ?? 0) + 1);
      this.last = event;
    }
    this.#downTo = batch.downTo;
    // Where a long time holds nothing, going on begins behind it: no id comes before the empty one. A batch that only brings
    // what an earlier page gave, as where many events share a time, has come no further than that page.
    const end = { id: "", time: batch.downTo };
    if (batch.downTo === Number.POSITIVE_INFINITY) this.last = undefined;
    else if (this.#before === undefined || byTime(end, this.#before) < 0) this.last = end;
  }

  /** Matches newest first, ties by id, and those of a crowd as the API lists them. */
  get sorted(): FeedEvent[] {
    return [...this.matches].sort(this.crowdPages.size > 0 ? (a, b) => b.time - a.time : (a, b) => byTime(b, a));
  }

  /** Where the limit falls into a crowd, lists that one in the API's order; tells whether it does. */
  async turnToCrowd(): Promise<boolean> {
    const { matches } = this;
    const { limit, filter } = this.#request;
    const time = matches.length > limit ? this.sorted[limit - 1]?.time : undefined;
    if (time === undefined || time === this.#before?.time || (this.#atTime.get(time) ?? 0) <= CROWD) return false;
    this.matches = matches.filter((event) => event.time > time);
    try {
      await this.takeCrowd({ id: "", time }, { cursor: "", types: crowdTypes(filter.types) });
      return true;
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.matches = matches;
      this.crowdPages.clear();
      return false;
    }
  }

  /**
   * Looks at the events of a crowd behind the one that was told last, from that one's page on; tells whether those were all.
   * Where the API does not take the cursor of that page any more, the crowd is read from its beginning up to that event.
   */
  async takeCrowd({ time, id }: Placed, { cursor, types }: Crowd): Promise<boolean> {
    const { reading } = this.#deps;
    this.#before = { id: "", time: time + 1 };
    let crowd: Crowd | undefined = cursor === "" ? undefined : { cursor, types };
    let isBehind = id === "";
    /** Where a page ends, the next one may begin with the same event. */
    const known = new Set<string>();
    for (let isOwn = false; ; isOwn = true) {
      const { events, unreadable, crowd: step } = await readCrowd({ since: time, crowd }, isOwn, reading);
      const fresh = events.filter((event) => !known.has(event.id));
      for (const event of events) known.add(event.id);
      const last = isBehind ? -1 : fresh.findIndex((event) => orderKey(event.id) === id);
      isBehind ||= last >= 0;
      const rest = isBehind ? fresh.slice(last + 1) : [];
      for (const event of rest) this.crowdPages.set(event.id, step.page ?? { cursor: "", types });
      await this.take({ events: rest, downTo: time + 1, sentAt: reading.clock.now(), unreadable });
      crowd = step.next;
      if (crowd === undefined) break;
      if (isBehind && this.enough(time)) return false;
    }
    if (!isBehind) throw brokenList("does not hold the event any more with which the last page of the listing ended");
    this.#before = { id: "", time };
    this.last = this.#before;
    return !this.enough(time);
  }

  /**
   * Whether to stop: the limit is reached, or the bounds of a listing are. A first page goes on to the settled past, so that its
   * cursor knows what was visible when it was made.
   */
  enough(settled: number): boolean {
    if (this.#downTo === Number.POSITIVE_INFINITY) return false;
    const { clock } = this.#deps.reading;
    const bounded = this.scanned >= MOST_SCANNED || clock.now() - this.#startedAt >= LONGEST_SCAN_MS;
    if (bounded) return true;
    return this.matches.length >= this.#request.limit && (this.#before !== undefined || this.#downTo <= settled);
  }
}

function bound(...times: (number | undefined)[]): { before?: number } {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? {} : { before: Math.min(...known) };
}
