import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import type { Feed, ReadRequest } from "./feed.ts";
import { advance, byTime, type Placed, type Position } from "./position.ts";

/** A wait that is not done when its time is up stays this much longer, in milliseconds: hosts are told of a second. */
export const GRACE_MS = 800;
/** Each wait finishes its first reading of everything visible, or uses so long for it, in milliseconds, however short it is. */
export const FIRST_READING_MS = 5_000;
/** A timer that fires this late tells of a process that was stopped meanwhile, in milliseconds. */
export const OVERSLEPT_MS = 1_000;

export interface CollectRequest {
  feed: Feed;
  clock: Clock;
  types?: ReadRequest["types"];
  websetId?: ReadRequest["websetId"];
  /** Where to read from; without it, from now by the upstream's clock. */
  from?: Position | undefined;
  /** So many events end the wait. */
  count: number;
  /** How many of some events, oldest first, one result has room for, at least 1 of 1; more than that end the wait, too. */
  fits?: (events: readonly FeedEvent[]) => number;
  timeoutMs: number;
  signal: AbortSignal;
  /** For whoever does not wait for the end: the first look comes within this time, in milliseconds. */
  lookWithinMs?: number | undefined;
  /** Told after each look how many events were found so far. */
  onLook?: (found: number, look: Look) => void;
}

export interface Look {
  /** Where to go on if this wait is lost: before the first event found, which nobody has got yet. */
  position: Position;
  /** Whether everything visible when the wait began has been looked at. */
  isCaughtUp: boolean;
}

export interface Collected {
  /** At most `count` and what fits, oldest first. */
  events: FeedEvent[];
  /** Whether `count` or the room for them ended the wait. */
  isFull: boolean;
  /** Whether everything visible at some moment since the wait began has been read: nothing of before that is left then. */
  isCaughtUp: boolean;
  /** Right after the last event handed out: reading on from here brings each further match once. */
  position: Position;
  waitedMs: number;
  /** The trouble that lasted when the time ran out. */
  trouble?: WebsetsError;
}

/**
 * Collects matching events until there are `count` of them or the time is over. Throws what reading throws; and
 * `unavailable` if no look succeeded in the whole time.
 */
export async function collectEvents(request: CollectRequest): Promise<Collected> {
  const { feed, clock, types, websetId, from, count, timeoutMs, signal, lookWithinMs = timeoutMs } = request;
  const room = (events: readonly FeedEvent[]) => Math.min(count, request.fits?.(events) ?? count);
  const startedAt = clock.now();
  const startedWall = clock.wallTime();
  const found: FeedEvent[] = [];
  const again: Placed[] = [];
  let position = from;
  let settledUpTo: number | undefined;
  let looked = false;
  let isCaughtUp = false;
  let trouble: WebsetsError | undefined;

  const limit = startTimeLimit(clock, timeoutMs, signal, (oversleptMs) => {
    // What was read before the process was stopped may be of long ago.
    if (oversleptMs > OVERSLEPT_MS) isCaughtUp = false;
    if (isCaughtUp) return 0;
    return Math.max(GRACE_MS, FIRST_READING_MS - (oversleptMs > OVERSLEPT_MS ? 0 : timeoutMs));
  });
  try {
    const urgentBy = startedAt + Math.min(timeoutMs, lookWithinMs);
    for await (const news of feed.read({ types, websetId, from, signal: limit.signal, urgentBy })) {
      if (news.kind === "positioned") position = news.position;
      if (news.kind === "retrying") trouble = news.error;
      if (news.kind !== "read") continue;
      if (news.asked) {
        looked = true;
        trouble = undefined;
      }
      isCaughtUp = news.isCaughtUp;
      found.push(...news.events);
      again.push(...news.again);
      settledUpTo = news.settledUpTo ?? settledUpTo;
      found.sort(byTime);
      if (found.length >= count || room(found) < found.length) break;
      if (position !== undefined) {
        const unread = advance(position, { handedOut: [], metAgain: again, oldestPending: found[0], settledUpTo });
        request.onLook?.(found.length, { position: unread, isCaughtUp: news.isCaughtUp });
      }
      if (isCaughtUp && clock.now() - startedAt >= timeoutMs) break;
    }
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
  } finally {
    limit.clear();
  }

  // A wait too short to read all there was has nothing to give yet, but it was not without an answer.
  const last = feed.answeredAt(types);
  const answered = looked || (trouble === undefined ? last.any : last.events) >= startedAt;
  if (position === undefined || (!answered && found.length < count)) throw nothingAnswered(startedWall, trouble);
  const events = found.slice(0, room(found));
  const isFull = events.length === count || events.length < found.length;
  const step = { handedOut: events, metAgain: again, oldestPending: found[events.length], settledUpTo };
  return {
    events,
    isFull,
    isCaughtUp,
    position: advance(position, step),
    waitedMs: clock.now() - startedAt,
    ...(trouble === undefined || isFull ? {} : { trouble }),
  };
}

/**
 * A signal that aborts when the caller's does, or when the time is over.
 * @param extension is asked when the time is up how much longer to wait, in milliseconds; it is told how late it is asked.
 */
export function startTimeLimit(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  extension: (lateMs: number) => number,
) {
  const limit = new AbortController();
  const timer = new AbortController();
  const abort = () => limit.abort();
  if (signal.aborted) limit.abort();
  signal.addEventListener("abort", abort, { once: true });
  const startedAt = clock.now();
  void (async () => {
    try {
      await clock.sleep(timeoutMs, timer.signal);
      const extraMs = extension(clock.now() - startedAt - timeoutMs);
      if (extraMs > 0) await clock.sleep(extraMs, timer.signal);
      limit.abort();
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  })();
  return {
    signal: limit.signal,
    clear: () => {
      timer.abort();
      signal.removeEventListener("abort", abort);
    },
  };
}

/** The error of a wait in whose whole time no usable answer came, whether the upstream gave none or was not asked. */
export function nothingAnswered(sinceWall: number, trouble: WebsetsError | undefined): WebsetsError {
  const since = new Date(sinceWall).toISOString();
  return new WebsetsError("unavailable", {
    what: `There was no usable answer since ${since}${trouble === undefined ? "" : `: ${trouble.message}`}`,
    ...(trouble?.retryAfterMs === undefined ? {} : { retryAfterMs: trouble.retryAfterMs }),
    ...(trouble?.requestId === undefined ? {} : { requestId: trouble.requestId }),
  });
}
