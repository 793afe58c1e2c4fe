import type { Walked } from "./list-order.ts";
import type { PageReader, Range } from "./page.ts";
import type { Placed } from "./position.ts";

/**
 * The API ends lists with `hasMore: true` and no cursor, as recorded of its imports; but where there is more, a cursor that got
 * lost looks the same. So a walk looks behind such a page, with an overlap, and takes the list for ended when that brings nothing new.
 */
export class MissingCursor {
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
