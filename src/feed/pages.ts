import { type Channel, LARGEST_PAGE } from "./channel.ts";
import { brokenList, type PageRead, walkCursors } from "./cursor-walk.ts";
import { Walked } from "./list-order.ts";
import { isWithin, PageReader, type Range, type Reading, widened } from "./page.ts";

export type { PageRead } from "./cursor-walk.ts";
export type { Range, Reading } from "./page.ts";

/** This many pages with events of other times than were asked for are taken for an API that ignores times. */
const MOST_PAGES_WITH_STRAYS = 10;

/**
 * Reads a range of events page by page, in whatever order the API lists, and in narrow parts where it keeps to none. Where
 * neither can help, the walk fails with `unexpected_response`. Events can come twice. What was created at
 * the very end of the range may be missing: an API's ends may be exclusive, and it may keep finer times than milliseconds.
 */
export async function* walkPages(range: Range, reading: Reading, limit = LARGEST_PAGE): AsyncGenerator<PageRead> {
  for await (const page of walkRange(widened(range, reading.channel), new PageReader(reading, limit))) {
    yield { ...page, events: page.events.filter(({ time }) => isWithin(range, time)) };
  }
}

/** A range of one millisecond, with as much of the next as it takes to get all of it. */
export function justAt(time: number, { channel }: Reading): Range {
  return { types: channel.types, after: time, before: endsExactly(channel) ? time : time + 1 };
}

/** Whether a range ends with all of the millisecond it is given, and nothing of the next. */
export function endsExactly({ endsInclusive, hasFinerTimes }: Channel): boolean {
  return endsInclusive && !hasFinerTimes;
}

/**
 * Follows the cursors through a range, and where those do not get through it, reads it in parts that each fit one page: that
 * page holds all of its part, in whatever order. More events in one millisecond than a page holds can only be followed by their
 * cursors.
 */
async function* walkRange(range: Range, reader: PageReader): AsyncGenerator<PageRead> {
  /** What is known of the range, which tells where to part it. */
  const walked = new Walked();
  if (yield* walkCursors(range, reader, walked, false)) return;
  const parts = [range];
  let strays = 0;
  for (;;) {
    const part = parts.pop();
    if (part === undefined) return;
    const middle = middleOf(part, walked);
    if (middle !== undefined && timesIn(part, walked).length > reader.fullest) {
      parts.push(...halves(part, middle));
      continue;
    }
    for await (const page of walkCursors(part, reader, new Walked(), true)) {
      walked.take(page.events);
      yield { ...page, more: page.more || parts.length > 0 };
      // An API that ignores times would be asked for ever narrower parts in vain.
      if (page.more && page.strays) strays++;
      if (!page.more || page.events.length === 0) continue;
      if (strays > MOST_PAGES_WITH_STRAYS) throw brokenList("has no order, and ignores the times that are asked for");
      const border = middleOf(part, walked);
      if (border === undefined) continue;
      parts.push(...halves(part, border));
      break;
    }
  }
}

/** Both hold what was created in the very millisecond: the ends are inclusive, and the API may keep finer times. */
function halves(part: Range, border: number): [Range, Range] {
  return [
    { ...part, before: border },
    { ...part, after: border },
  ];
}

function timesIn(part: Range, walked: Walked): number[] {
  return [...walked.times()].filter((time) => isWithin(part, time));
}

/** A time inside the part with about half of its known events on either side; undefined where it cannot be parted. */
function middleOf(part: Range, walked: Walked): number | undefined {
  const { after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY } = part;
  const known = timesIn(part, walked).sort((a, b) => a - b);
  const median = known[known.length >> 1];
  return median === undefined || before - after < 2 ? undefined : Math.min(before - 1, Math.max(after + 1, median));
}
