import type { FeedEvent } from "./event.ts";
import { listOrder } from "./list-order.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { byTime } from "./position.ts";
import { WalkTime } from "./walk-time.ts";

/** How many events a slice is meant to hold, and how many are too much: those of two full pages. */
const EVENTS_PER_SLICE = 300;
const TOO_MANY = 400;
/** Of an API that gives smaller pages than asked for, so many pages are enough for a slice. */
const MOST_PAGES = 4;
/** A good width for the first slice of a range, in milliseconds. */
export const FIRST_SLICE_MS = 60_000;
/** Growth of the slice where the past is quiet. */
const GROWTH = 8;
/** How much further from a crowd the next slice ends where the last one met it. */
const GALLOP = 4;
/** How much narrower the next slice is where nobody could wait for the first page of this one. */
const CUT_SHORT = 4;

export interface Slice {
  /** Everything the API has in the slice, oldest first, each once. */
  events: FeedEvent[];
  /** Both ends, inclusive, in milliseconds since 1970; `before` is undefined where the slice was left open. */
  after: number;
  before: number | undefined;
  /** What the answers told of the upstream's time when the slice was asked for. */
  time: WalkTime;
}

/** What slices forwards have taught of a backlog: where the next one should end. All times are milliseconds since 1970. */
export interface BacklogHint {
  /** The part of the past that it is about: from the beginning of the last slice to its end. */
  from: number;
  to: number;
  /** How wide a slice of about the right size is; undefined where the last one was nearly empty. */
  width: number | undefined;
  /** A slice that ended after this time held too much, by the events from there on. The next one ends `step` before. */
  crowd: { from: number; step: number } | undefined;
}

/** Keeps what reading a backlog has taught, for whoever goes on with it. */
export interface BacklogMemory {
  hint: BacklogHint | undefined;
}

/**
 * Reads everything from `after` to a time of its own choice, `before` at the latest. It tries the whole at first; where that
 * holds too much, the pages show where to end instead: as far as their density reaches, and where that turns out to be empty,
 * near the crowd they showed. So neither a long emptiness nor a crowd behind it takes many requests, whichever way the API lists.
 */
export async function readForwards(
  { types, after, before }: { types: Range["types"]; after: number; before: number },
  memory: BacklogMemory,
  reading: Reading,
): Promise<Slice & { before: number }> {
  const { hint } = memory;
  const known = hint !== undefined && hint.from <= after && after <= hint.to ? hint : undefined;
  // Where slices are of the right size, what lies far ahead says nothing about how to narrow one.
  let crowd = known?.width === undefined ? known?.crowd : undefined;
  let end = firstEnd(after, before, known);
  for (;;) {
    const listed: FeedEvent[] = [];
    const time = new WalkTime();
    let pages = 0;
    let narrower: Narrower | undefined;
    try {
      for await (const page of walkPages({ types, after, before: end }, reading)) {
        time.note(page);
        listed.push(...page.events);
        pages++;
        const isEnough = listed.length >= TOO_MANY || pages >= MOST_PAGES;
        narrower = page.more && isEnough ? narrow(listed, after, end, crowd) : undefined;
        if (narrower !== undefined) break;
      }
    } catch (error) {
      if (reading.signal.aborted) {
        const { end: to, crowd: met } = narrow(listed, after, end, crowd) ?? {
          end: after + (end - after) / CUT_SHORT,
          crowd,
        };
        memory.hint = { from: after, to: after, width: to - after, crowd: met };
      }
      throw error;
    }
    if (narrower === undefined) {
      const events = [...new Map(listed.map((event) => [event.id, event])).values()].sort(byTime);
      memory.hint = { from: after, to: end, width: widthBy(events, end), crowd };
      return { events, after, before: end, time };
    }
    ({ end, crowd } = narrower);
  }
}

interface Narrower {
  end: number;
  crowd: BacklogHint["crowd"];
}

/** Where the next slice ends by what is known. */
function firstEnd(after: number, before: number, hint: BacklogHint | undefined): number {
  const { width, crowd } = hint ?? { width: undefined, crowd: undefined };
  let end = before;
  if (width !== undefined) end = after + width;
  else if (crowd !== undefined && crowd.from > after) end = beforeCrowd(after, crowd);
  return Math.min(before, Math.max(after + 1, Math.floor(end)));
}

/** A better end where the slice holds more than these, as they were listed; undefined where there is none. */
function narrow(
  listed: readonly FeedEvent[],
  after: number,
  end: number,
  crowd: BacklogHint["crowd"],
): Narrower | undefined {
  const times = listed.map(({ time }) => time).sort((a, b) => a - b);
  const [oldest, newest] = [times[0], times.at(-1)];
  if (oldest === undefined || newest === undefined) return undefined;
  const order = listOrder(listed);
  let better: Narrower;
  if (order === "newest-first") {
    const dense = ((newest - oldest) * EVENTS_PER_SLICE) / times.length;
    // What is as dense as the newest part would end there; where that was tried, the rest lies near what was met.
    const met = { from: oldest, step: crowd === undefined ? dense : crowd.step * GALLOP };
    better = {
      end: crowd === undefined ? after + dense : Math.max(after + dense, beforeCrowd(after, met)),
      crowd: met,
    };
  } else {
    // The oldest of the slice, of which the last ones may not be all there are of their time; or any, in no order.
    const share = order === "oldest-first" ? 2 / 3 : 1 / 2;
    better = { end: times[Math.floor(times.length * share)] ?? oldest, crowd: undefined };
  }
  const to = Math.max(after + 1, Math.floor(better.end));
  return to < end ? { ...better, end: to } : undefined;
}

/** A time before the crowd: a step, or half of the way to it. */
function beforeCrowd(after: number, { from, step }: NonNullable<BacklogHint["crowd"]>): number {
  return from - step > after ? from - step : (after + from) / 2;
}

/** How wide the next slice should be by the events of one that ended at `end`; undefined where they are too few to tell. */
function widthBy(events: readonly FeedEvent[], end: number): number | undefined {
  const oldest = events[0]?.time ?? end;
  if (events.length < EVENTS_PER_SLICE / GROWTH) return undefined;
  return Math.max(1, ((end - oldest) * EVENTS_PER_SLICE) / events.length);
}

/**
 * Reads the newest slice of `after` to `before`, which may be open. The width counts back from `anchor`: about the newest
 * time at which there is anything.
 */
export async function readBack(
  range: { types: Range["types"]; after: number; before: number | undefined; anchor: number },
  width: number,
  reading: Reading,
): Promise<Slice & { nextWidth: number }> {
  const { types, after, before, anchor } = range;
  let span = Math.max(1, Math.floor(Math.min(width, anchor - after)));
  for (;;) {
    const window = { types, after: Math.max(after, anchor - span), before };
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
      return { events: sorted, after: window.after, before, time, nextWidth: span * factor };
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
