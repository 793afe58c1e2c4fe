import { WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import type { Walked } from "./list-order.ts";
import { MissingCursor } from "./missing-cursor.ts";
import type { Page, PageReader, Range } from "./page.ts";

/** So many pages in a row that repeat what is known and promise more are taken for a broken list. */
const MOST_REPEATING_PAGES = 10;
/**
 * So many empty ones in a row are too: an API that filters what it has already cut into pages may have some, but a wait has no time
 * for more, and would be told nothing.
 */
const MOST_EMPTY_PAGES = 20;

/** A page on a walk. */
export interface PageRead extends Pick<Page, "sentAt" | "unreadable" | "strays"> {
  events: FeedEvent[];
  /** Whether the walk goes on after this page. */
  more: boolean;
}

/**
 * Follows cursors through a range. One that repeats or is refused is worked around by narrowing the range to what was not read
 * yet; so is one that is missing where more is promised, and where that brings nothing new, the list has ended.
 * @param isLastResort whether there is no other way: pages are then trusted in any order, and where the walk cannot go on, it
 *   fails with `unexpected_response`.
 * @returns whether the range was read whole.
 */
export async function* walkCursors(
  range: Range,
  reader: PageReader,
  walked: Walked,
  isLastResort: boolean,
): AsyncGenerator<PageRead, boolean> {
  const missing = new MissingCursor(reader, walked);
  /** A page without a cursor, of which the next look tells whether more follows. */
  let held: PageRead | undefined;
  let rest = range;
  let cursor: string | undefined;
  let used = new Set<string>();
  let repeating = 0;
  let empty = 0;
  let isBeyond = false;
  for (;;) {
    const { hasMore: promisesMore, nextCursor, isFull, isRefused, ...page } = await reader.read(rest, cursor);
    // A cursor that came with a last page need not lead anywhere.
    const hasMore: boolean = isRefused ? !isBeyond : promisesMore;
    const isNews = walked.take(page.events) > 0;
    const next = nextCursor === null || used.has(nextCursor) ? undefined : nextCursor;
    if (isBeyond) reader.noteBeyond(page.events.length > 0);
    isBeyond = !hasMore;
    const lacksCursor = promisesMore && nextCursor === null && !isRefused;
    const isLast = !hasMore && (next === undefined || page.events.length === 0 || (reader.trustsEnds && !isFull));
    if (isNews && missing.takeNews()) {
      if (held !== undefined) yield held;
      yield { ...page, more: true };
      break;
    }
    if (held !== undefined && (isNews || !(lacksCursor || isLast))) {
      yield held;
      held = undefined;
    }
    if (lacksCursor || (isLast && missing.isLooking)) {
      // In the last resort a page that was not cut is the whole of its part, and one that was is parted again.
      const isPart = isLastResort && !reader.mayBeCut(page.events, isFull);
      const look = isPart ? undefined : missing.look(rest, page.events, isFull);
      const isWhole = look === undefined && missing.isEnd && (isLastResort || walked.isSteady);
      const told = held ?? page;
      held = look !== undefined && !isLastResort ? { ...told, more: true } : undefined;
      if (held === undefined) yield { ...told, more: !isWhole };
      if (isWhole) return true;
      if (look === undefined) break;
      rest = look;
      cursor = undefined;
      used = new Set();
      continue;
    }
    if (isLast) {
      const isWhole = isLastResort || walked.isSteady;
      yield { ...page, more: !isWhole };
      return isWhole;
    }
    yield { ...page, more: true };
    repeating = isNews ? 0 : repeating + (page.events.length > 0 ? 1 : 0);
    empty = isNews ? 0 : empty + (page.events.length > 0 ? 0 : 1);
    if (repeating > MOST_REPEATING_PAGES || empty > MOST_EMPTY_PAGES) throw brokenList("goes on without an end");
    if (next !== undefined) {
      cursor = next;
      used.add(next);
      continue;
    }
    const narrowed = narrow(rest, walked);
    if (narrowed === undefined) break;
    rest = narrowed;
    cursor = undefined;
    used = new Set();
  }
  if (isLastResort) throw brokenList("repeats itself");
  return false;
}

/** The part of the range that was not read yet, by the order of what was; undefined where that gets nowhere. */
function narrow(range: Range, { order, last }: Walked): Range | undefined {
  if (last === undefined) return undefined;
  if (order === "oldest-first") return range.after === last ? undefined : { ...range, after: last };
  // The API may keep finer times than milliseconds: the rest of the last one's lies before the next.
  if (order === "newest-first") return range.before === last + 1 ? undefined : { ...range, before: last + 1 };
  return undefined;
}

export function brokenList(how: string): WebsetsError {
  return new WebsetsError("unexpected_response", { what: `The API's list of events ${how}` });
}
