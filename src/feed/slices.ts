import type { FeedEvent } from "./event.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { byTime } from "./position.ts";
import { WalkTime } from "./walk-time.ts";

/** How many events a slice is meant to hold: two full pages. */
const EVENTS_PER_SLICE = 400;
/** A good width for the first slice of a range, in milliseconds. */
export const FIRST_SLICE_MS = 60_000;
/** Growth of the slice where the past is quiet. */
const GROWTH = 8;

export interface Slice {
  /** Everything the API has in the slice, oldest first, each once. */
  events: FeedEvent[];
  /** Both ends, inclusive, in milliseconds since 1970; `before` is undefined where the slice was left open. */
  after: number;
  before: number | undefined;
  /** What the answers told of the upstream's time when the slice was asked for. */
  time: WalkTime;
  /** How wide the next slice should be, in milliseconds. */
  nextWidth: number;
}

/** Reads the oldest slice of `after` to `before`, at most `width` wide, narrower where it turns out to hold much. */
export function readForwards(
  { types, after, before }: { types: Range["types"]; after: number; before: number },
  width: number,
  reading: Reading,
): Promise<Slice> {
  const windowOf = (span: number) => ({ types, after, before: Math.min(before, after + span) });
  return readSlice(windowOf, Math.min(width, before - after), reading);
}

/**
 * Reads the newest slice of `after` to `before`, which may be open. The width counts back from `anchor`: about the newest
 * time at which there is anything.
 */
export function readBack(
  range: { types: Range["types"]; after: number; before: number | undefined; anchor: number },
  width: number,
  reading: Reading,
): Promise<Slice> {
  const { types, after, before, anchor } = range;
  const windowOf = (span: number) => ({ types, after: Math.max(after, anchor - span), before });
  return readSlice(windowOf, Math.min(width, anchor - after), reading);
}

/** A history of any size is read in such bounded pieces, forwards or backwards, whichever way the API lists. */
async function readSlice(
  windowOf: (span: number) => { types: Range["types"]; after: number; before: number | undefined },
  width: number,
  reading: Reading,
): Promise<Slice> {
  let span = Math.max(1, Math.floor(width));
  for (;;) {
    const window = windowOf(span);
    const events = new Map<string, FeedEvent>();
    const time = new WalkTime();
    let better: number | undefined;
    for await (const page of walkPages(window, reading)) {
      time.note(page);
      for (const event of page.events) events.set(event.id, event);
      better = page.more ? narrowerWidth([...events.values()], span) : undefined;
      if (better !== undefined) break;
    }
    if (better === undefined) {
      const factor = events.size < EVENTS_PER_SLICE / GROWTH ? GROWTH : events.size > EVENTS_PER_SLICE ? 0.5 : 1;
      const sorted = [...events.values()].sort(byTime);
      return { events: sorted, after: window.after, before: window.before, time, nextWidth: span * factor };
    }
    span = better;
  }
}

/** A better width where the pages so far show that the slice holds far more than it should; undefined where it will do. */
function narrowerWidth(read: readonly FeedEvent[], width: number): number | undefined {
  if (width <= 1 || read.length === 0) return undefined;
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (const { time } of read) {
    earliest = Math.min(earliest, time);
    latest = Math.max(latest, time);
  }
  // However the rest of the slice is filled: what is read of it never becomes more than twice what it should hold.
  const better = Math.floor((Math.max(1, latest - earliest) * EVENTS_PER_SLICE) / read.length);
  return better <= width / 2 ? Math.max(1, better) : undefined;
}
