import { type PageRead, walkCursors } from "./cursor-walk.ts";
import { Walked } from "./list-order.ts";
import { isWithin, LARGEST_PAGE, PageReader, type Range, type Reading, widened } from "./page.ts";
import { walkParts } from "./parts.ts";

export type { PageRead } from "./cursor-walk.ts";
export { isoTime, LARGEST_PAGE, type Range, type Reading } from "./page.ts";

/**
 * Reads a range of events page by page, in whatever order the API lists, and in narrow parts where it keeps to none. Where
 * neither can help, the walk fails with `unexpected_response`. Events can come twice. What was created at
 * the very end of the range may be missing: an API's ends may be exclusive, and it may keep finer times than milliseconds.
 */
export async function* walkPages(range: Range, reading: Reading, limit = LARGEST_PAGE): AsyncGenerator<PageRead> {
  for await (const page of walkWhole(widened(range, reading.channel), new PageReader(reading, limit))) {
    yield { ...page, events: page.events.filter(({ time }) => isWithin(range, time)) };
  }
}

/** A range of one millisecond, with as much of the next as it takes to get all of it. */
export function justAt(time: number, { channel }: Reading): Range {
  const isExact = channel.endsInclusive && !channel.hasFinerTimes;
  return { types: channel.types, after: time, before: isExact ? time : time + 1 };
}

async function* walkWhole(range: Range, reader: PageReader): AsyncGenerator<PageRead> {
  const walked = new Walked();
  const isWhole = yield* walkCursors(range, reader, walked, false);
  if (!isWhole) yield* walkParts(range, reader, walked);
}
