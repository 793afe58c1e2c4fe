import type { BacklogHint, BacklogMemory } from "./channel.ts";
import type { FeedEvent } from "./event.ts";
import { listOrder } from "./list-order.ts";
import { justAt, type PageRead, type Range, type Reading, walkPages } from "./pages.ts";
import { byTime } from "./position.ts";

/** How many events a slice is meant to hold, and how many are too much: those of two full pages, which hold most at a time. */
const EVENTS_PER_SLICE = 360;
const TOO_MANY = 400;
/** The share of a slice that was too much which is not. */
const SHARE = 2 / 3;
/** Of an API that gives smaller pages than asked for, this many pages are enough for a slice. */
const MOST_PAGES = 4;
/** Growth of the slice where the past is quiet. */
const GROWTH = 8;
/** How much further from a crowd the next slice ends where the last one met it, at least: the steps grow faster and faster. */
const GALLOP = 4;
/** How much narrower the next slice is where nobody could wait for the first page of this one. */
const CUT_SHORT = 4;
/** A slice that had less time than this for its first page, in milliseconds, was not too wide: a wait ended just then. */
const FAIR_MS = 4_000;

export interface Slice {
  /** Everything the API has in the slice, oldest first, each once. */
  events: FeedEvent[];
  /** Both ends, inclusive, in milliseconds since 1970; `before` is undefined where the slice was left open. */
  after: number;
  before: number | undefined;
  /** When the slice was asked for, in `clock.now()`. */
  sentAt: number;
  /** How many entries of the API had no usable id, type or createdAt. */
  unreadable: number;
}

/**
 * Reads everything from `after` to a time of its own choice, `before` at the latest. It tries the whole at first; where that
 * holds too much, the pages show where to end instead: as far as their density reaches, and where that turns out to be empty,
 * near the crowd they showed. So neither a long emptiness nor a crowd behind it takes many requests, whichever way the API lists.
 * The next slice begins at the end of this one, for what was created at the very end may be missing.
 * @param isOpen in the range: whether `before` is now, so that the last slice holds everything visible from `after` on.
 * @returns "crowd" where the very millisecond of `after` holds too much.
 */
export async function readForwards(
  { types, after, before, isOpen = false }: { types: Range["types"]; after: number; before: number; isOpen?: boolean },
  memory: BacklogMemory,
  reading: Reading,
): Promise<(Slice & { before: number; isLast: boolean }) | "crowd"> {
  const known = memory.of(after);
  // Where it is known how wide a slice may be, what lies far ahead says nothing about how to narrow one.
  let crowd = known?.width === undefined ? known?.crowd : undefined;
  let end = firstEnd(after, before, known);
  // An API that lists what lies outside of the times asked for lists no less where they are narrower.
  let goesByTimes = true;
  for (;;) {
    const met: Met = new Met(reading.clock.now());
    // The last slice is left open: our time may be behind the API's, and what came meanwhile belongs to what is visible.
    const isLast = isOpen && end >= before && end > after;
    const range = end > after ? { types, after, before: isLast ? undefined : end } : justAt(after, reading);
    let narrower: Narrower | undefined;
    try {
      for await (const page of walkPages(range, reading)) {
        const events = page.events.filter(({ time }) => time >= after && (isLast || time <= end));
        met.take({ ...page, events });
        goesByTimes &&= !page.strays || events.length > 0;
        const isEnough =
          met.listed.length >= TOO_MANY ||
          (goesByTimes && met.pages >= MOST_PAGES) ||
          (crowd !== undefined && wouldHold(met.listed, after) > 2 * TOO_MANY);
        if (!page.more || !isEnough) continue;
        narrower = narrow(met.listed, after, end, crowd);
        if (narrower !== undefined) break;
        if (end <= after) return "crowd";
      }
    } catch (error) {
      if (reading.signal.aborted) {
        const better = narrow(met.listed, after, end, crowd);
        const cut = end < before ? end - after : undefined;
        const width = better === undefined ? (widthAfterCut(end - after, met, reading) ?? cut) : better.end - after;
        memory.keep({ from: after, to: after, width, crowd: better?.crowd ?? crowd ?? known?.crowd });
      }
      throw error;
    }
    if (narrower === undefined) {
      const { events } = met;
      // A slice cut short by the end of an earlier reading has left the crowd ahead of it where it was.
      memory.keep({ from: after, to: end + 1, width: widthBy(events, end), crowd: crowd ?? known?.crowd });
      // Of one millisecond alone there is no end to overlap with.
      return { ...met.told, events, after, before: Math.max(end, after + 1), isLast };
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
  // What is no wider than a slice in the crowd would be read as a whole.
  else if (crowd !== undefined && crowd.from > after)
    end = crowd.from - after <= crowd.width ? crowd.from : beforeCrowd(after, crowd);
  return Math.min(before, Math.max(after, Math.floor(end)));
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
  if (oldest === undefined || newest === undefined || end <= after) return undefined;
  const order = listOrder(listed);
  let better: Narrower;
  if (order === "newest-first") {
    const dense = ((newest - oldest) * Math.min(EVENTS_PER_SLICE, times.length * SHARE)) / times.length;
    // What is as dense as the newest part would end there; where that was tried, the rest lies near what was met.
    const step = crowd === undefined ? dense : crowd.step * Math.max(GALLOP, crowd.step / dense);
    const met = { from: oldest, step, width: dense };
    better = {
      end: crowd === undefined ? after + dense : Math.max(after + dense, beforeCrowd(after, met)),
      crowd: met,
    };
  } else {
    // The oldest of the slice, of which the last ones may not be all there are of their time; or any, in no order.
    const share = order === "oldest-first" ? SHARE : 1 / 2;
    better = { end: times[Math.floor(times.length * share)] ?? oldest, crowd: undefined };
  }
  return { ...better, end: Math.max(after, Math.min(end - 1, Math.floor(better.end))) };
}

/** How many events there would be from `after` on, if they were everywhere as dense as in these pages of a list that begins with the newest. */
function wouldHold(listed: readonly FeedEvent[], after: number): number {
  const [newest, oldest] = [listed[0], listed.at(-1)];
  if (newest === undefined || oldest === undefined || listOrder(listed) !== "newest-first") return 0;
  return (listed.length * (newest.time - after)) / Math.max(1, newest.time - oldest.time);
}

/** A time before the crowd: a step, or half of the way to it. */
function beforeCrowd(after: number, { from, step, width }: NonNullable<BacklogHint["crowd"]>): number {
  return from - step > after + width ? from - step : (after + from) / 2;
}

/** How wide the next slice should be after one whose first page nobody waited for; undefined where it had too little time. */
function widthAfterCut(width: number, { told }: Met, { clock }: Reading): number | undefined {
  return clock.now() - told.sentAt < FAIR_MS ? undefined : width / CUT_SHORT;
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
    const met: Met = new Met(reading.clock.now());
    let better: number | undefined;
    for await (const page of walkPages(window, reading)) {
      met.take(page);
      better = page.more ? narrowerWidth(met.listed, span) : undefined;
      if (better !== undefined) break;
    }
    if (better === undefined) {
      const { events } = met;
      const factor = events.length < EVENTS_PER_SLICE / GROWTH ? GROWTH : events.length > TOO_MANY ? 0.5 : 1;
      return { ...met.told, events, after: window.after, before, nextWidth: span * factor };
    }
    span = better;
  }
}

/** What a walk has met so far. */
class Met {
  /** As they were listed. */
  readonly listed: FeedEvent[] = [];
  pages = 0;
  readonly told: Pick<Slice, "sentAt" | "unreadable">;

  constructor(startedAt: number) {
    this.told = { sentAt: startedAt, unreadable: 0 };
  }

  take({ events, unreadable, sentAt }: PageRead): void {
    if (this.pages++ === 0) this.told.sentAt = sentAt;
    this.told.unreadable += unreadable;
    this.listed.push(...events);
  }

  /** Oldest first, each once. */
  get events(): FeedEvent[] {
    return [...new Map(this.listed.map((event) => [event.id, event])).values()].sort(byTime);
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
