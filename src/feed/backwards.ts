import type { FeedEvent } from "./event.ts";
import { LARGEST_PAGE, type ListOrder, listOrder, type Range, type Reading, walkPages } from "./pages.ts";
import { byTime, RETENTION_MS } from "./position.ts";
import { FIRST_SLICE_MS, readSlice } from "./slices.ts";

/** Our estimate of the upstream's time is never late; looking so far ahead of it misses nothing that is visible. */
const AHEAD_MS = 60_000;
/** What is kept a little longer than promised is still found. */
const DAY_MS = 86_400_000;

export interface Batch {
  /** Newest first, each once; nothing newer follows, and nothing of the same time is still to come. */
  events: FeedEvent[];
  /** Every visible event at or after this time has been given, in milliseconds since 1970. */
  downTo: number;
  /** The upstream's time when the batch was asked for. */
  serverTime: number | undefined;
}

/** What looking back has learnt of the API, kept between listings: it decides how they begin, not what they give. */
export interface OrderHint {
  order: ListOrder | undefined;
}

/**
 * Gives a range's events newest first, whichever way the API lists: page by page where it lists newest first, and in windows
 * that grow into the past where it does not. Each batch is final.
 */
export async function* readBackwards(
  range: Range,
  wanted: number,
  hint: OrderHint,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  let heldBack: FeedEvent[] = [];
  let given: number | undefined;
  if (hint.order === undefined || hint.order === "newest-first") {
    // One more than wanted shows where the last one's time ends, so that the common listing takes one request.
    for await (const page of walkPages(range, reading, Math.min(LARGEST_PAGE, wanted + 1))) {
      const events = [...heldBack, ...page.events];
      const order = listOrder(events);
      if (order !== undefined) hint.order = order;
      const inOrder = order === undefined || order === "newest-first";
      if (!page.more && (inOrder || given === undefined)) {
        yield { events: newestFirst(events), downTo: range.after ?? 0, serverTime: page.serverTime };
        return;
      }
      if (!inOrder) break;
      const oldest = Math.min(...events.map((event) => event.time));
      const final = events.filter((event) => event.time > oldest);
      heldBack = events.filter((event) => event.time === oldest);
      if (final.length === 0) continue;
      given = oldest + 1;
      yield { events: newestFirst(final), downTo: given, serverTime: page.serverTime };
    }
  }
  yield* readWindows(range, given, now, reading);
}

/** Looks back in slices: each is read whole, so the order within it does not matter. */
async function* readWindows(
  range: Range,
  given: number | undefined,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  const present = await now();
  const earliest = range.after ?? present - RETENTION_MS - DAY_MS;
  let below = given ?? Number.POSITIVE_INFINITY;
  let top = Math.min(given ?? range.before ?? present + AHEAD_MS, present + AHEAD_MS);
  let width = FIRST_SLICE_MS;
  while (top > earliest) {
    const slice = await readSlice({ types: range.types, after: earliest, before: top }, "newest", width, reading);
    const limit = below;
    yield {
      events: newestFirst(slice.events.filter((event) => event.time < limit)),
      downTo: slice.after,
      serverTime: slice.serverTime,
    };
    // Ends are inclusive, and the API may keep finer times than milliseconds: the ends overlap, what was given is left out.
    below = slice.after;
    top = slice.after;
    width = slice.nextWidth;
  }
}

function newestFirst(events: readonly FeedEvent[]): FeedEvent[] {
  const unique = new Map(events.map((event) => [event.id, event]));
  return [...unique.values()].sort((a, b) => byTime(b, a));
}
