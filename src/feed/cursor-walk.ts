import { WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import type { Walked } from "./list-order.ts";
import type { Page, PageReader, Range } from "./page.ts";
import type { Placed } from "./position.ts";

/** This many pages in a row that repeat what is known and promise more are taken for a broken list. */
const MOST_REPEATING_PAGES = 10;
/**
 * The same for empty pages: an API that filters what it has already cut into pages may have some, but a wait has no time
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
  let fresh = 0;
  let repeating = 0;
  let empty = 0;
  let isBeyond = false;
  for (;;) {
    const { hasMore: promisesMore, nextCursor, isFull, isRefused, ...page } = await reader.read(rest, cursor);
    // A cursor that came with a last page need not lead anywhere.
    const hasMore: boolean = isRefused ? !isBeyond : promisesMore;
    const isNews = walked.take(page.events) > 0;
    if (isNews) fresh++;
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
    // A look with an overlap meets all again that was read.
    const overlap = missing.isLooking ? fresh : 0;
    if (repeating > MOST_REPEATING_PAGES + overlap || empty > MOST_EMPTY_PAGES)
      throw brokenList("goes on without an end");
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

/**
 * The API ends lists with `hasMore: true` and no cursor, as recorded of its imports; but where there is more, a cursor that got
 * lost looks the same. So a walk looks behind such a page, with an overlap, and takes the list for ended when that brings nothing new.
 */
class MissingCursor {
  readonly #reader: PageReader;
  readonly #walked: Walked;
  /** What was being read when the last news came. */
  #base: Range | undefined;
  /** The looks since then. */
  #tried = new Set<string>();
  /** The last millisecond fills a page, as far as one can see: no overlap shows what lies behind that. */
  #isCut = false;
  /** That millisecond may hold more, which nothing would show. No API cuts a page after one event, unless it is asked to. */
  #mayHide = false;

  constructor(reader: PageReader, walked: Walked) {
    this.#reader = reader;
    this.#walked = walked;
  }

  /** Whether looks are under way that have brought nothing so far. */
  get isLooking(): boolean {
    return this.#tried.size > 0;
  }

  /** Takes note of news; returns whether the look that brought it has passed over a millisecond which may hold more. */
  takeNews(): boolean {
    const hasPassedOver = this.isLooking && this.#mayHide;
    if (this.isLooking) this.#reader.losesCursors = true;
    this.#base = undefined;
    this.#tried.clear();
    this.#isCut = false;
    this.#mayHide = false;
    return hasPassedOver;
  }

  /** Where to look for what may follow a page without a cursor, which was read of `rest`; undefined where there is nowhere left. */
  look(rest: Range, events: readonly Placed[], isFull: boolean): Range | undefined {
    const { order, last } = this.#walked;
    if (last === undefined) return undefined;
    this.#base ??= rest;
    const ofLast = [...this.#walked.times()].filter((time) => time === last).length;
    const isCut = this.#reader.mayBeCut(events, isFull) && events.every(({ time }) => time === last);
    this.#isCut ||= isCut || ofLast >= this.#reader.fullest;
    this.#mayHide ||= isCut && (isFull || events.length > 1);
    // The API may keep finer times than milliseconds: the rest of the last one's lies before the next.
    const older = { ...this.#base, before: this.#isCut ? last - 1 : last + 1 };
    const newer = { ...this.#base, after: this.#isCut ? last + 1 : last };
    const looks = order === "newest-first" ? [older] : order === "oldest-first" ? [newer] : [older, newer];
    const look = looks.find((range) => {
      const { after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY } = range;
      return after <= before && keyOf(range) !== keyOf(rest) && !this.#tried.has(keyOf(range));
    });
    if (look !== undefined) this.#tried.add(keyOf(look));
    return look;
  }

  /** Whether a list has ended behind which no look has brought anything. */
  get isEnd(): boolean {
    return !(this.#mayHide && this.#reader.losesCursors);
  }
}

function keyOf({ after, before }: Range): string {
  return `${after} ${before}`;
}
