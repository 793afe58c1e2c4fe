import { DAY_MS } from "../shared/clock.ts";
import { type BackwardsHint, LARGEST_PAGE } from "./channel.ts";
import type { FeedEvent } from "./event.ts";
import { Walked } from "./list-order.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { byTime, CLOCK_DISAGREEMENT_MS, LATE_MS, RETENTION_MS } from "./position.ts";
import { readBack } from "./slices.ts";

/**
 * How much newer than an event one listed behind it can be: an API that lists events as they came in has them in the order
 * in which they became visible.
 */
const DISORDER_MS = LATE_MS + CLOCK_DISAGREEMENT_MS;
/** At least this many more than wanted are asked for: those near the oldest of a page are not final. */
const LEAST_MARGIN = 10;

export interface Batch {
  /**
   * Newest first, each once. Nothing as new follows, unless the API's order turns out to be none: then what it had passed over
   * comes after a batch with `downTo` Infinity.
   */
  events: FeedEvent[];
  /** Every visible event at or after this time has been given, in milliseconds since 1970; Infinity where none is sure to have been. */
  downTo: number;
  /** When the first of the answers it rests on was asked for, in `clock.now()`. */
  sentAt: number;
  /** How many entries of the API had no usable id, type or createdAt. */
  unreadable: number;
}

/** What page by page has left to windows. All times are milliseconds since 1970. */
interface Rest {
  /** Everything at or after this time has been given; undefined where nothing is sure to have been. */
  given?: number | undefined;
  /** The ids of events that have been given nonetheless, none of them before `reached`. */
  known?: ReadonlySet<string>;
  reached?: number;
  /** The newest of what was read and not given. */
  newest?: number | undefined;
  /** The upstream's time, about. */
  upstreamNow?: number | undefined;
}

/**
 * Gives a range's events newest first, whichever way the API lists: page by page where it lists newest first, be it by
 * `createdAt` or as events came in, and in windows that grow into the past where it does not, or where events crowd.
 * @param now the upstream's time, about; only where windows begin depends on it.
 */
export async function* readBackwards(
  range: Range,
  wanted: number,
  hint: BackwardsHint,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  const rest = hint.order === "oldest-first" ? {} : yield* readPages(range, wanted, hint, reading);
  if (rest !== undefined) yield* readWindows(range, rest, hint, now, reading);
}

/** Gives what pages show to be final; returns what is left of the range, undefined where that is nothing. */
async function* readPages(
  range: Range,
  wanted: number,
  hint: BackwardsHint,
  reading: Reading,
): AsyncGenerator<Batch, Rest | undefined> {
  let sentAt: number | undefined;
  let unreadable = 0;
  const batch = (events: FeedEvent[], to: number): Batch => {
    const told = { events, downTo: to, sentAt: sentAt ?? reading.clock.now(), unreadable };
    unreadable = 0;
    return told;
  };
  const walked = new Walked();
  const given = new Set<string>();
  let held: FeedEvent[] = [];
  let downTo: number | undefined;
  // With the margin the common listing takes one request.
  const limit = Math.min(LARGEST_PAGE, wanted + Math.max(LEAST_MARGIN, hint.crowd));
  for await (const page of walkPages(range, reading, limit)) {
    sentAt ??= page.sentAt;
    unreadable += page.unreadable;
    walked.take(page.events);
    const fresh = page.events.filter(({ id }) => !given.has(id));
    held = newestFirst(new Map([...held, ...fresh].map((event) => [event.id, event])).values());
    const { order } = walked;
    hint.order = order ?? hint.order;
    if (!page.more) {
      yield batch(held, range.after ?? Math.min(0, held.at(-1)?.time ?? 0));
      return undefined;
    }
    if (order === "oldest-first" || order === "mixed") break;
    const oldest = held.at(-1)?.time;
    if (oldest === undefined) continue;
    const final = held.filter((event) => event.time > oldest + DISORDER_MS);
    held = held.slice(final.length);
    hint.crowd = held.length;
    // Where events crowd, a window settles them sooner than page after page of the same few seconds.
    if (final.length === 0) break;
    for (const { id } of final) given.add(id);
    downTo = oldest + DISORDER_MS + 1;
    yield batch(final, downTo);
  }
  const upstreamNow = reading.upstreamClock.reached(sentAt);
  if (downTo !== undefined && (held[0]?.time ?? 0) >= downTo) {
    // An event came later than any should, and not all that followed it was older: what was passed over is looked for anew.
    yield batch([], Number.POSITIVE_INFINITY);
    return { known: given, reached: downTo, upstreamNow };
  }
  const [newest, oldest] = [held[0]?.time, held.at(-1)?.time];
  if (hint.order === "oldest-first" || newest === undefined || oldest === undefined)
    return { given: downTo, upstreamNow };
  hint.width = Math.max(1, newest - oldest);
  return { given: downTo, newest, upstreamNow };
}

/** Looks back in slices: each is read whole, so the order within it does not matter. */
async function* readWindows(
  { types, after, before: latest }: Range,
  rest: Rest,
  hint: BackwardsHint,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  const upstreamNow = rest.upstreamNow ?? (await now());
  // What is kept a little longer than promised is still found.
  const earliest = after ?? upstreamNow - RETENTION_MS - DAY_MS;
  let before = rest.given ?? latest;
  let anchor = rest.newest ?? Math.min(before ?? upstreamNow, upstreamNow);
  let below = rest.given ?? Number.POSITIVE_INFINITY;
  // Older than what windows have come to, some of it was given already: only from there on is all there is in hand.
  const reached = rest.reached ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const slice = await readBack({ types, after: earliest, before, anchor }, hint.width, reading);
    hint.width = slice.nextWidth;
    const limit = below;
    yield {
      events: newestFirst(slice.events.filter(({ time, id }) => time < limit && !rest.known?.has(id))),
      downTo: slice.after > reached ? Number.POSITIVE_INFINITY : slice.after,
      sentAt: slice.sentAt,
      unreadable: slice.unreadable,
    };
    if (slice.after <= earliest) return;
    // Ends are inclusive, and the API may keep finer times than milliseconds: the ends overlap, what was given is left out.
    below = slice.after;
    before = slice.after;
    anchor = slice.after;
  }
}

function newestFirst(events: Iterable<FeedEvent>): FeedEvent[] {
  return [...events].sort((a, b) => byTime(b, a));
}
