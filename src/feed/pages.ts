import { type PageRead, walkCursors } from "./cursor-walk.ts";
import { Walked } from "./list-order.ts";
import { LARGEST_PAGE, PageReader, type Range, type Reading } from "./page.ts";
import { walkParts } from "./parts.ts";

export type { PageRead } from "./cursor-walk.ts";
export { isoTime, LARGEST_PAGE, type Range, type Reading } from "./page.ts";

/**
 * Reads a range of events page by page, in whatever order the API lists, and in narrow parts where it keeps to none. Where
 * neither can help, the walk fails with `unexpected_response`. Events can come twice.
 */
export async function* walkPages(range: Range, reading: Reading, limit = LARGEST_PAGE): AsyncGenerator<PageRead> {
  const reader = new PageReader(reading, limit);
  const walked = new Walked();
  const isWhole = yield* walkCursors(range, reader, walked, false);
  if (!isWhole) yield* walkParts(range, reader, walked);
}
