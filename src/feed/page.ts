import type { EventQuery, ExaClient } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import { type Clock, isoTime } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import { type Channel, LARGEST_PAGE } from "./channel.ts";
import { type FeedEvent, toFeedEvent } from "./event.ts";
import { listOrder } from "./list-order.ts";

/** What reading events needs: the client, and how far a call may go. */
export interface Reading {
  exa: Pick<ExaClient, "listEvents">;
  clock: Clock;
  upstreamClock: UpstreamClock;
  /** What reading these types has taught. */
  channel: Channel;
  signal: AbortSignal;
  /** How long one page may take, repetitions included, in milliseconds; without it the client decides. */
  limitMs?: number | undefined;
  /** How often each request is tried; without it the client decides. */
  attempts?: number | undefined;
  /** Told of each page that has arrived, and how many of its events could not be read. */
  onPage?: ((unreadable: number) => void) | undefined;
  /** How much of each event is kept; without it what agents are shown. */
  keeps?: Parameters<typeof toFeedEvent>[1];
  /** With whom these requests share their turns; by default with the listings. */
  group?: string | undefined;
}

export interface Range {
  types?: readonly string[] | undefined;
  /** Milliseconds since 1970, inclusive. */
  after?: number | undefined;
  /** Milliseconds since 1970, inclusive. */
  before?: number | undefined;
}

/** A page as the API gave it. */
export interface Page {
  events: FeedEvent[];
  /** As the API says it. */
  hasMore: boolean;
  nextCursor: string | null;
  /** Whether it has as many entries as were asked for. */
  isFull: boolean;
  /** How many entries had no usable id, type or createdAt. */
  unreadable: number;
  /** Whether it has events of other times than were asked for. */
  strays: boolean;
  /** The API did not take the cursor, so that there is no page: what it would have held has to be found without it. */
  isRefused?: boolean;
  /** When it was asked for, in `clock.now()`. */
  sentAt: number;
}

/** A time with more than three decimals that are not all 0. */
const FINER_TIME = /\.\d{3}0*[1-9]/;
/** What the API may say of a cursor that it does not take: statuses of "wrong", "unknown" and "gone". */
const REFUSALS = new Set([400, 404, 410, 422]);

/** Reads the pages of one walk. A page too large to hold is asked for in halves. */
export class PageReader {
  readonly #reading: Reading;
  #size: number;
  /** How many events the fullest page had so far. */
  fullest = 0;
  /** Whether this list had more behind a page without a cursor. */
  losesCursors = false;

  constructor(reading: Reading, limit: number) {
    this.#reading = reading;
    this.#size = Math.min(limit, reading.channel.size);
  }

  async read(range: Range, cursor: string | undefined): Promise<Page> {
    const { clock, channel, upstreamClock, onPage } = this.#reading;
    for (;;) {
      const askedAt = clock.now();
      const answer = await this.#ask(queryOf(range, this.#size, cursor)).catch((error: unknown) => {
        if (error instanceof ResponseTooLargeError && this.#size > 1) return "too large";
        if (cursor !== undefined && error instanceof WebsetsError && REFUSALS.has(error.status ?? 0)) return "refused";
        throw error;
      });
      if (answer === "refused") return noPage(askedAt);
      if (answer === "too large") {
        this.#size = Math.floor(this.#size / 2);
        channel.size = this.#size;
        continue;
      }
      const { value, sentAt, receivedAt } = answer;
      const { malformed: unreadable, nextCursor } = value;
      onPage?.(unreadable);
      const events = value.events.map((event) => toFeedEvent(event, this.#reading.keeps));
      upstreamClock.noteEvents(events, receivedAt);
      channel.endsInclusive ||= events.some(({ time }) => time === range.before);
      channel.hasFinerTimes ||= events.some(({ createdAt }) => FINER_TIME.test(createdAt));
      this.fullest = Math.max(this.fullest, events.length);
      const isFull = events.length + unreadable >= this.#size;
      this.#growAgain(events.length);
      channel.beginsInclusive ||= events.some((one) => one.time === range.after && !FINER_TIME.test(one.createdAt));
      const { after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY } = range;
      const strays = events.some(({ time }) => !isWithin({ after: after - 1, before: before + 1 }, time));
      const isPast = strays && hasLeft(range, events);
      const more = isPast ? { hasMore: false, nextCursor: null } : { hasMore: value.hasMore, nextCursor };
      return { events, ...more, isFull, unreadable, strays, sentAt };
    }
  }

  /** Whether a page may have been cut by what was asked for, or by what the API gives at most: no page had more. */
  mayBeCut(events: readonly unknown[], isFull: boolean): boolean {
    return isFull || events.length >= this.fullest;
  }

  /** Whether a page that is said to be the last is it, although it has a cursor: with many APIs the last one has, too. */
  get trustsEnds(): boolean {
    return this.#reading.channel.leadsOn === false;
  }

  /** Notes whether there was more behind a page that was said to be the last. */
  noteBeyond(isMore: boolean): void {
    const { channel } = this.#reading;
    if (isMore || channel.leadsOn === undefined) channel.leadsOn = isMore;
  }

  #ask(query: EventQuery) {
    const { exa, clock, signal, limitMs, attempts, group = "listing" } = this.#reading;
    return exa.listEvents(query, {
      signal,
      group,
      ...(limitMs === undefined ? {} : { deadline: clock.now() + limitMs }),
      ...(attempts === undefined ? {} : { attempts }),
    });
  }

  /** A page that stayed far below its limit would have been no larger with a larger one: the next walk may try that. */
  #growAgain(got: number): void {
    const { channel } = this.#reading;
    if (channel.size === this.#size && got < this.#size / 2) channel.size = Math.min(LARGEST_PAGE, channel.size * 2);
  }
}

function noPage(sentAt: number): Page {
  const nothing = { events: [], hasMore: false, nextCursor: null, isFull: false, unreadable: 0 };
  return { ...nothing, strays: false, isRefused: true, sentAt };
}

/**
 * A millisecond more before it, until the answers have shown that they include the very beginning. Whoever reads on does so
 * from the end, which covers that one.
 */
export function widened(range: Range, { beginsInclusive }: Channel): Range {
  return range.after === undefined || beginsInclusive ? range : { ...range, after: range.after - 1 };
}

export function isWithin({ after, before }: Range, time: number): boolean {
  return (after === undefined || time >= after) && (before === undefined || time <= before);
}

/**
 * Whether a list that ignores times has left those that were asked for, as the order of this page shows: all of it, for
 * a single entry may be stamped wrongly.
 */
function hasLeft(
  { after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY }: Range,
  all: readonly FeedEvent[],
) {
  const order = listOrder(all);
  if (order === "newest-first") return all.every(({ time }) => time < after);
  return order === "oldest-first" && all.every(({ time }) => time > before);
}

function queryOf(range: Range, limit: number, cursor: string | undefined): EventQuery {
  return {
    limit,
    ...(range.types === undefined ? {} : { types: range.types }),
    ...(range.after === undefined ? {} : { createdAfter: isoTime(range.after) }),
    ...(range.before === undefined ? {} : { createdBefore: isoTime(range.before) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}
