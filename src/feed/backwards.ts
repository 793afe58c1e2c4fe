import type { FeedEvent } from "./event.ts";
import { type ListOrder, listOrder } from "./list-order.ts";
import { LARGEST_PAGE, type Range, type Reading, walkPages } from "./pages.ts";
import { byTime, RETENTION_MS } from "./position.ts";
import { FIRST_SLICE_MS, readBack } from "./slices.ts";
import { WalkTime } from "./walk-time.ts";

/** What is kept a little longer than promised is still found. */
const DAY_MS = 86_400_000;

export interface Batch {
  /** Newest first, each once; nothing newer follows, and nothing of the same time is still to come. */
  events: FeedEvent[];
  /** Every visible event at or after this time has been given, in milliseconds since 1970. */
  downTo: number;
  /** What the answers told of the upstream's time when the first of them was asked for. */
  time: WalkTime;
}

/** What looking back has learnt of the API, kept between listings: it decides how they begin, not what they give. */
export interface OrderHint {
  order: ListOrder | undefined;
  /** A good width for the first window, in milliseconds: the one that suited the last, for listings that go on from it. */
  width: number;
}

export const NO_HINT: OrderHint = { order: undefined, width: FIRST_SLICE_MS };

/**
 * Gives a range's events newest first, whichever way the API lists: page by page where it lists newest first, and in windows
 * that grow into the past where it does not. Each batch is final.
 * @param now the upstream's time, about; only where windows begin depends on it.
 */
export async function* readBackwards(
  range: Range,
  wanted: number,
  hint: OrderHint,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  let given: number | undefined;
  if (hint.order === undefined || hint.order === "newest-first") {
    const time = new WalkTime();
    let held = new Map<string, FeedEvent>();
    // One more than wanted shows where the last one's time ends, so that the common listing takes one request.
    for await (const page of walkPages(range, reading, Math.min(LARGEST_PAGE, wanted + 1))) {
      time.note(page);
      const limit = given ?? Number.POSITIVE_INFINITY;
      const fresh = page.events.filter((event) => event.time < limit);
      const events = [...new Map([...held, ...fresh.map((event) => [event.id, event] as const)]).values()];
      const order = listOrder(events);
      if (order !== undefined) hint.order = order;
      const inOrder = order === undefined || order === "newest-first";
      if (!page.more && (inOrder || given === undefined)) {
        yield { events: newestFirst(events), downTo: range.after ?? 0, time };
        return;
      }
      if (!inOrder) break;
      const oldest = events.reduce((least, event) => Math.min(least, event.time), limit);
      held = new Map(events.filter((event) => event.time === oldest).map((event) => [event.id, event]));
      const final = events.filter((event) => event.time > oldest);
      if (final.length === 0) continue;
      given = oldest + 1;
      yield { events: newestFirst(final), downTo: given, time };
    }
  }
  yield* readWindows(range, given, hint, now, reading);
}

/** Looks back in slices: each is read whole, so the order within it does not matter. */
async function* readWindows(
  { types, after, before: latest }: Range,
  given: number | undefined,
  hint: OrderHint,
  now: () => Promise<number>,
  reading: Reading,
): AsyncGenerator<Batch> {
  const present = await now();
  const earliest = after ?? present - RETENTION_MS - DAY_MS;
  let before = given ?? latest;
  let anchor = Math.min(before ?? present, present);
  let below = given ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const slice = await readBack({ types, after: earliest, before, anchor }, hint.width, reading);
    hint.width = slice.nextWidth;
    const limit = below;
    yield {
      events: newestFirst(slice.events.filter((event) => event.time < limit)),
      downTo: slice.after,
      time: slice.time,
    };
    if (slice.after <= earliest) return;
    // Ends are inclusive, and the API may keep finer times than milliseconds: the ends overlap, what was given is left out.
    below = slice.after;
    before = slice.after;
    anchor = slice.after;
  }
}

function newestFirst(events: readonly FeedEvent[]): FeedEvent[] {
  return [...events].sort((a, b) => byTime(b, a));
}
