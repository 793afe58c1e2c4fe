import { linkAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, adviceOf, isAbort, isTransient, WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import type { Feed, ReadRequest } from "./feed.ts";
import type { EventFilter } from "./filter.ts";
import {
  type Ago,
  advance,
  byTime,
  type CrowdStep,
  isTellable,
  LATE_MS,
  MOST_SEEN_BESIDE,
  type Placed,
  type Position,
  watermarkAt,
} from "./position.ts";
import type { ReadNews } from "./reader.ts";

/** A wait that is not done when its time is up stays this much longer, in milliseconds: hosts are told of a second. */
export const GRACE_MS = 800;
/** Each wait, however short, finishes its first reading of everything visible or spends this long on it, in milliseconds. */
export const FIRST_READING_MS = 5_000;
/**
 * What was on its way when a wait of at least this long began, in milliseconds, becomes visible in its time and is looked for: such a
 * wait says that there is nothing more only where a whole reading began late enough.
 */
export const SURE_MS = LATE_MS + 2_000;
/** A timer that fires this late tells of a process that was stopped meanwhile, in milliseconds. */
export const OVERSLEPT_MS = 1_000;

export interface CollectRequest extends EventFilter {
  feed: Feed;
  clock: Clock;
  websetId?: ReadRequest["websetId"];
  /** Where to read from; without it, from now by the upstream's clock. */
  from?: Position | Ago | undefined;
  /** Whether that position is where an earlier reading ended. */
  resumes?: boolean;
  /** Once this many events have matched the wait ends, with all else that is there by then. */
  atLeast: number;
  /** Whether it ends as soon as they are read, and not only when everything visible is. */
  endsEarly?: boolean | undefined;
  /** Of what is handed out, one of these ends the wait in the same way, for others may never come. */
  ends?: ((event: FeedEvent) => boolean) | undefined;
  /** At most this many events are handed out, and they end the wait at once; not less than `atLeast`. */
  limit: number;
  /** How many of some events, oldest first, one result has room for, at least 1 of 1; more than that end the wait, too. */
  fits?: (events: readonly FeedEvent[]) => number;
  /** Decides which events are handed out, and with what besides; without it all are. */
  sift?: ((events: readonly FeedEvent[], isCaughtUp: boolean, signal: AbortSignal) => Promise<Sifted>) | undefined;
  timeoutMs: number;
  /** How long the first reading may take whatever that says, in milliseconds; without it 5 s. */
  firstReadingMs?: number | undefined;
  signal: AbortSignal;
  /** When it aborts the time is up. */
  closing?: AbortSignal | undefined;
  /** For whoever does not wait for the end: the first look comes within this time, in milliseconds. */
  lookWithinMs?: number | undefined;
  /** Told before the first look and after each how many events were found so far. */
  onLook?: (found: number, look: Look) => void;
  /** Told of transient errors, and with undefined of each answer that came. */
  onTransientError?: ((error: WebsetsError | undefined) => void) | undefined;
}

/** What becomes of events that were read. */
export interface Sifted {
  /** Those that count as dealt with and are not handed out, also of earlier readings of this wait. */
  hidden: readonly FeedEvent[];
  /** What is handed out besides: as if these events, which were dealt with before, had come now. */
  more: readonly FeedEvent[];
  /** Whether there may be more of that at once. */
  owes: boolean;
}

export interface Look {
  /** Where to go on if this wait is lost: before the first event found, which nobody has got yet. */
  position: Position;
  /** Whether everything visible when the wait began has been looked at. */
  isCaughtUp: boolean;
}

export interface Collected {
  /** At most `limit` and what fits, oldest first. */
  events: FeedEvent[];
  /**
   * Whether there is or may be more: matches that were not handed out, or what was not read. Without it, everything visible at
   * some moment since the wait began has been handed out.
   */
  more: boolean;
  /** Matches wait for their time to be settled, for a position keeps no more ids: how long that takes, in milliseconds. */
  heldMs?: number;
  /** How many of the events became visible later than any should. */
  late: number;
  /** How many entries of the API could not be read at all. */
  unreadable: number;
  /** Whether some of the events may have been told before. */
  repeats: boolean;
  /** Right after the last event handed out: reading on from here brings each further match once. */
  position: Position;
  waitedMs: number;
  /** The error that lasted when the time ran out. */
  lastError?: WebsetsError;
}

/**
 * Collects matching events until `atLeast` of them are found and everything visible is read, until there are `limit` of them, or
 * until the time is over. Throws what reading throws; and `unavailable` if no request succeeded in the whole time.
 */
export async function collectEvents(request: CollectRequest): Promise<Collected> {
  const { feed, clock, types, accepts, websetId, from, resumes, timeoutMs, signal, lookWithinMs = timeoutMs } = request;
  const { firstReadingMs = FIRST_READING_MS } = request;
  const startedAt = clock.now();
  const startedWall = clock.wallTime();
  const collection = new Collection(request, from);
  let looked = false;
  let isCaughtUp = false;
  let lastError: WebsetsError | undefined;
  const settlesAt = timeoutMs < SURE_MS ? Number.NEGATIVE_INFINITY : startedAt + LATE_MS;
  let begunAt = Number.NEGATIVE_INFINITY;
  let freshFrom = Number.NEGATIVE_INFINITY;
  let isUp = false;
  /** What was read before the process was stopped past its time may be of long ago, also what was still on its way then. */
  const noteStop = () => {
    if (!isUp && clock.now() - startedAt - timeoutMs > OVERSLEPT_MS) freshFrom = clock.now();
  };
  /** Whether what was read is all there is to be told of. */
  const isWhole = () => isCaughtUp && begunAt >= freshFrom && (collection.found > 0 || begunAt >= settlesAt);

  const limit = limitWait(request, (lateMs) => {
    noteStop();
    isUp = true;
    if (isWhole() || (isCaughtUp && lateMs < 0)) return 0;
    return Math.max(GRACE_MS, firstReadingMs - (lateMs > OVERSLEPT_MS ? 0 : timeoutMs + Math.min(0, lateMs)));
  });
  try {
    const urgentBy = startedAt + Math.min(timeoutMs, lookWithinMs);
    // Whoever has enough from the memory of others waits only to know what else there is.
    const isUrgent = () => collection.hasEnough;
    const wishes = { signal: limit.signal, urgentBy, settlesAt, isUrgent };
    for await (const news of feed.read({ types, accepts, websetId, from, resumes, ...wishes })) {
      // What has arrived is met before the timer that is due.
      noteStop();
      if (news.kind === "positioned") {
        collection.position = news.position;
        request.onLook?.(0, { position: news.position, isCaughtUp: false });
      }
      if (news.kind === "retrying") {
        lastError = news.error;
        request.onTransientError?.(lastError);
        // What was read before it is no news of what is there now.
        isCaughtUp = false;
        // What is in hand is not kept back for the sake of the rest.
        if (collection.hasEnough) break;
      }
      if (news.kind !== "read") continue;
      if (news.asked) {
        looked = true;
        lastError = undefined;
        request.onTransientError?.(undefined);
      }
      isCaughtUp = false;
      const sifted = await request.sift?.([...news.late, ...news.events], news.isCaughtUp, limit.signal);
      begunAt = news.begunAt ?? begunAt;
      isCaughtUp = news.isCaughtUp && sifted?.owes !== true;
      collection.take(news, sifted);
      if (collection.isFull || ((news.isCaughtUp || request.endsEarly) && collection.hasEnough)) break;
      const { unread } = collection;
      if (unread !== undefined) request.onLook?.(collection.found, { position: unread, isCaughtUp });
      if (!request.closing?.aborted && clock.now() - startedAt < timeoutMs) continue;
      // The process may have been stopped since this arrived.
      noteStop();
      if (isWhole()) break;
    }
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
  } finally {
    limit.abort();
  }

  // A wait too short to read all there was has nothing to give yet, but it was not without an answer.
  const answered = looked || feed.answeredAt >= startedAt;
  const handedOut = collection.handOut(feed.upstreamClock.reached());
  if (handedOut === undefined || (!answered && collection.found === 0))
    throw nothingAnswered(startedWall, lastError ?? feed.lastError);
  // A request that nobody answers has not failed yet.
  if (collection.found === 0 && !isWhole() && clock.now() - feed.answeredAt > LATE_MS) lastError ??= feed.lastError;
  return {
    ...handedOut,
    more: handedOut.events.length < collection.found || !isWhole(),
    waitedMs: clock.now() - startedAt,
    ...(lastError === undefined ? {} : { lastError }),
  };
}

const NO_PAGE: CrowdStep = { page: undefined, next: undefined };

/** What a wait has found, and how much of it can be handed out. */
class Collection {
  readonly #atLeast: number;
  readonly #limit: number;
  readonly #ends: (event: FeedEvent) => boolean;
  readonly #room: (events: readonly FeedEvent[]) => number;
  position: Position | undefined;
  /** In the order of the feed; the events of a crowded millisecond in that of the API, whose cursors keep to it. */
  #events: FeedEvent[] = [];
  readonly #again: Placed[] = [];
  /** Of them, those that are not handed out. */
  readonly #hidden = new Set<FeedEvent>();
  readonly #late = new Set<string>();
  #settledUpTo: number | undefined;
  /** The pages of a crowd with what they told, and which one told of an event: of those before it only the API's cursor is to be remembered. */
  readonly #pages: { step: CrowdStep; events: readonly Placed[] }[] = [];
  readonly #pageOf = new Map<string, number>();
  #isInCrowd = false;
  #unreadable = 0;
  #repeats = false;

  constructor(
    { atLeast, limit, fits, ends = () => false }: Pick<CollectRequest, "atLeast" | "limit" | "fits" | "ends">,
    from: Position | Ago | undefined,
  ) {
    this.#atLeast = atLeast;
    this.#limit = limit;
    this.#ends = ends;
    this.#room = (events) => {
      const shown = this.#shown(events);
      const most = shown.slice(0, limit);
      const room = Math.min(most.length, fits?.(most) ?? limit);
      return room < shown.length ? events.indexOf(shown[room] as FeedEvent) : events.length;
    };
    this.position = from !== undefined && "since" in from ? from : undefined;
  }

  get found(): number {
    return this.#events.length - this.#hidden.size;
  }

  #shown(events: readonly FeedEvent[]): readonly FeedEvent[] {
    return this.#hidden.size === 0 ? events : events.filter((event) => !this.#hidden.has(event));
  }

  take({ events, late, again, settledUpTo, crowd, unreadable, repeats }: ReadNews, sifted?: Sifted): void {
    const hidden = new Set(sifted?.hidden);
    for (const event of this.#events) if (hidden.has(event)) this.#hidden.add(event);
    for (const event of [...late, ...events, ...(sifted?.more ?? [])]) {
      // What is only dealt with is kept without what it tells.
      const kept = hidden.has(event) ? { ...event, data: undefined } : event;
      if (kept !== event) this.#hidden.add(kept);
      this.#events.push(kept);
    }
    for (const { id } of late) this.#late.add(id);
    this.#isInCrowd = crowd !== undefined;
    if (crowd !== undefined) {
      const told = [...events, ...again];
      for (const { id } of told) this.#pageOf.set(id, this.#pages.length);
      this.#pages.push({ step: crowd, events: told });
    }
    this.#events.sort(this.#wasCrowded ? (a, b) => a.time - b.time : byTime);
    this.#again.push(...again);
    // The memory of a tail may know less than slices have told already.
    if (settledUpTo !== undefined) this.#settledUpTo = Math.max(settledUpTo, this.#settledUpTo ?? settledUpTo);
    this.#unreadable = unreadable;
    this.#repeats ||= repeats;
  }

  get #wasCrowded(): boolean {
    return this.#pages.length > 0;
  }

  /** Whether one result has no room for more. */
  get isFull(): boolean {
    const room = this.#room(this.#events);
    return (room < this.#events.length || this.found >= this.#limit) && this.#portable(room) === room;
  }

  /** Whether so many are there to be handed out that it need not be more. */
  get hasEnough(): boolean {
    if (this.found < this.#atLeast && !this.#events.some(this.#ends)) return false;
    const room = this.#room(this.#events);
    const number = this.#portable(room);
    const given = this.#shown(this.#events.slice(0, number));
    // Where a cursor has no room for a part of a page, no further page makes it more.
    const isBound = this.#wasCrowded && number > 0 && number < room && room < this.#events.length;
    return given.length >= this.#atLeast || given.some(this.#ends) || isBound;
  }

  /** Where reading goes on if nothing of what was found is handed out. */
  get unread(): Position | undefined {
    return this.position === undefined ? undefined : this.#after(this.position, 0);
  }

  /** What is handed out, where the wait had a position at all. */
  handOut(now: number | undefined): Omit<Collected, "more" | "waitedMs" | "lastError"> | undefined {
    if (this.position === undefined) return undefined;
    const room = this.#room(this.#events);
    let number = this.#portable(room);
    const first = this.#events[0];
    if (number === 0 && first !== undefined && now !== undefined && first.time < watermarkAt(now)) {
      // What is settled waits for nothing: where there is no room to keep what was handed out, some of it comes again.
      number = room;
      this.#repeats = true;
    }
    const events = [...this.#shown(this.#events.slice(0, number))].sort(byTime);
    const [held] = this.#shown(this.#events.slice(number, room));
    return {
      events,
      position: this.#after(this.position, number),
      late: events.filter(({ id }) => this.#late.has(id)).length,
      unreadable: this.#unreadable,
      repeats: this.#repeats,
      ...(held === undefined ? {} : { heldMs: Math.max(0, held.time - watermarkAt(now ?? held.time)) }),
    };
  }

  /** After how many events, `most` at most, the position still has room to keep them. */
  #portable(most: number): number {
    const { position } = this;
    if (position === undefined || position.seen.size + most <= MOST_SEEN_BESIDE) return most;
    let [low, high] = [0, most];
    // In a crowd there is room where a page begins, whether or not there is in the middle of the one before.
    if (this.#wasCrowded) {
      while (high > 0 && !isTellable(this.#after(position, high))) high--;
      return high;
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isTellable(this.#after(position, middle))) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #after(position: Position, number: number): Position {
    const oldestPending = this.#events[number];
    // What came late and is not handed out changes nothing about the crowd.
    const isBefore = oldestPending !== undefined && oldestPending.time < position.since;
    return advance(position, {
      handedOut: this.#events.slice(0, number),
      metAgain: this.#again,
      oldestPending,
      settledUpTo: this.#settledUpTo,
      // The order of a crowd is not that of ids, which a position would else go by.
      crowd: this.#wasCrowded && !isBefore ? this.#crowdStepTo(oldestPending) : undefined,
    });
  }

  /** The page that holds the oldest pending event, or the last one where none is pending. */
  #crowdStepTo(oldestPending: FeedEvent | undefined): CrowdStep {
    const last = this.#isInCrowd ? this.#pages.length - 1 : undefined;
    const index = oldestPending === undefined ? last : this.#pageOf.get(oldestPending.id);
    const behind = this.#pages.slice(0, index).flatMap(({ events }) => events);
    return { ...((index === undefined ? undefined : this.#pages[index])?.step ?? NO_PAGE), behind };
  }
}

/**
 * An abort that comes with the caller's, or when the time is over. Whoever starts one must abort it at the end.
 * @param extension is asked how much longer to wait, in milliseconds, and told how late that is: early where `closing` ends it.
 */
export function limitWait(
  { clock, timeoutMs, signal, closing }: Pick<CollectRequest, "clock" | "timeoutMs" | "signal" | "closing">,
  extension: (lateMs: number) => number,
) {
  const limit = linkAbort(signal);
  const startedAt = clock.now();
  const expire = async () => {
    const time = linkAbort(limit.signal, closing);
    await clock.sleep(timeoutMs, time.signal).catch(() => limit.signal.throwIfAborted());
    time.end();
    const extraMs = extension(clock.now() - startedAt - timeoutMs);
    if (extraMs > 0) await clock.sleep(extraMs, limit.signal);
    limit.abort();
  };
  // What ends it before its time is not its business.
  expire().catch(() => {});
  return limit;
}

/** The error of a wait in whose whole time no usable answer came, whether the upstream gave none or was not asked. */
export function nothingAnswered(sinceWall: number, lastError: WebsetsError | undefined): WebsetsError {
  const since = new Date(sinceWall).toISOString();
  // To call again helps only where it passes by itself, which neither a certificate nor a proxy's password does.
  const own = lastError?.kind === "unavailable" ? lastError.advice : lastError && adviceOf(lastError);
  const advice = isTransient(lastError) ? own : undefined;
  return new WebsetsError("unavailable", {
    what: `There was no usable answer since ${since}${lastError === undefined ? "" : `: ${lastError.message}`}`,
    advice,
    ...(lastError?.retryAfterMs === undefined ? {} : { retryAfterMs: lastError.retryAfterMs }),
    ...(lastError?.requestId === undefined ? {} : { requestId: lastError.requestId }),
    isUnanswered: lastError?.isUnanswered,
  });
}
