import type { FeedEvent } from "./event.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { byTime } from "./position.ts";

/** How many events a slice is meant to hold: two full pages. */
const EVENTS_PER_SLICE = 400;
/** A good width for the first slice of a range, in milliseconds. */
export const FIRST_SLICE_MS = 60_000;
/** Growth of the slice where the past is quiet. */
const GROWTH = 8;

export interface Slice {
  /** Everything the API has in the slice, oldest first, each once. */
  events: FeedEvent[];
  /** Both ends, inclusive, in milliseconds since 1970. */
  after: number;
  before: number;
  /** The upstream's time when the slice was asked for, where an answer told it. */
  serverTime: number | undefined;
  /** How wide the next slice should be, in milliseconds. */
  nextWidth: number;
}

/**
 * Reads the slice at one end of a range, as wide as `width` at most, and narrower where it turns out to hold much: so a
 * history of any size is read in bounded pieces, forwards or backwards, whichever way the API lists.
 */
export async function readSlice(
  range: Range & { after: number; before: number },
  end: "oldest" | "newest",
  width: number,
  reading: Reading,
): Promise<Slice> {
  let span = Math.max(1, Math.min(Math.floor(width), range.before - range.after));
  for (;;) {
    const after = end === "oldest" ? range.after : Math.max(range.after, range.before - span);
    const before = end === "oldest" ? Math.min(range.before, range.after + span) : range.before;
    const events = new Map<string, FeedEvent>();
    let serverTime: number | undefined;
    let better: number | undefined;
    let first = true;
    for await (const page of walkPages({ types: range.types, after, before }, reading)) {
      for (const event of page.events) events.set(event.id, event);
      if (first) {
        serverTime = page.serverTime;
        better = page.more ? narrowerWidth(page.events, span) : undefined;
      }
      first = false;
      if (better !== undefined) break;
    }
    if (better === undefined) {
      const factor = events.size < EVENTS_PER_SLICE / GROWTH ? GROWTH : events.size > EVENTS_PER_SLICE ? 0.5 : 1;
      return { events: [...events.values()].sort(byTime), after, before, serverTime, nextWidth: span * factor };
    }
    span = better;
  }
}

/** A better width where a full page shows that the slice holds far more than it should; undefined where it will do. */
function narrowerWidth(page: readonly FeedEvent[], width: number): number | undefined {
  if (width <= 1 || page.length === 0) return undefined;
  const times = page.map((event) => event.time);
  const spanned = Math.max(1, Math.max(...times) - Math.min(...times));
  const better = Math.floor((spanned * EVENTS_PER_SLICE) / page.length);
  return better < width / 2 ? Math.max(1, better) : undefined;
}
