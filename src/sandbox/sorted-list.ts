/** Where something stands in a list: by time, and by id among those of one millisecond. */
export interface Place {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly id: string;
}

export const LIST_ORDERS = ["newest-first", "oldest-first"] as const;
export type ListOrder = (typeof LIST_ORDERS)[number];

export interface Range {
  order: ListOrder;
  /** Begin right behind this place, in the direction of `order`. */
  after?: Place | undefined;
  /** Milliseconds since 1970, both inclusive. */
  from?: number | undefined;
  until?: number | undefined;
}

/** This many entries are put in place one by one; more of them are cheaper to sort in at once. */
const FEW = 32;

/**
 * Things ordered by place. Finding a place takes binary search, so that ranges of long lists are cheap. What is inserted
 * out of order is put in place when the list is next read: histories of any order are recorded in no time.
 */
export class SortedList<T extends Place> {
  #entries: T[] = [];
  #late: T[] = [];

  get length(): number {
    return this.#entries.length + this.#late.length;
  }

  insert(entry: T): void {
    const last = this.#entries.at(-1);
    if (last === undefined || compare(last, entry) < 0) this.#entries.push(entry);
    else this.#late.push(entry);
  }

  remove(place: Place): void {
    this.#order();
    const index = this.#countBelow(place, false);
    if (this.#entries[index]?.id === place.id) this.#entries.splice(index, 1);
  }

  /** Takes out everything before a time, and gives it back. */
  removeBefore(time: number): T[] {
    this.#order();
    const count = this.#countBelow({ time, id: "" }, false);
    return count === 0 ? [] : this.#entries.splice(0, count);
  }

  *walk({ order, after, from = -Infinity, until = Infinity }: Range): Generator<T> {
    this.#order();
    if (order === "newest-first") {
      const start = after === undefined ? this.#entries.length : this.#countBelow(after, false);
      const end = this.#countBelow({ time: until, id: LAST_ID }, true);
      for (let index = Math.min(start, end) - 1; index >= 0; index--) {
        const entry = this.#entries[index];
        if (entry === undefined || entry.time < from) return;
        yield entry;
      }
    } else {
      const start = after === undefined ? 0 : this.#countBelow(after, true);
      const begin = this.#countBelow({ time: from, id: "" }, false);
      for (let index = Math.max(start, begin); index < this.#entries.length; index++) {
        const entry = this.#entries[index];
        if (entry === undefined || entry.time > until) return;
        yield entry;
      }
    }
  }

  #order(): void {
    if (this.#late.length > FEW) {
      // Two runs that are sorted already take the engine's sort no more than one pass.
      this.#entries = this.#entries.concat(this.#late.sort(compare)).sort(compare);
    } else {
      for (const entry of this.#late) this.#entries.splice(this.#countBelow(entry, true), 0, entry);
    }
    this.#late = [];
  }

  /** How many entries stand before a place, or before and at it. */
  #countBelow(place: Place, includingEqual: boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      const difference = entry === undefined ? 1 : compare(entry, place);
      if (difference < 0 || (includingEqual && difference === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Several walks of one order as one. */
export function* mergeWalks<T extends Place>(walks: Generator<T>[], order: ListOrder): Generator<T> {
  const sign = order === "newest-first" ? -1 : 1;
  const heads = walks.flatMap((walk) => {
    const { value, done } = walk.next();
    return done === true ? [] : [{ walk, value }];
  });
  for (;;) {
    let first = heads[0];
    if (first === undefined) return;
    for (const head of heads) if (sign * compare(head.value, first.value) < 0) first = head;
    yield first.value;
    const { value, done } = first.walk.next();
    if (done === true) heads.splice(heads.indexOf(first), 1);
    else first.value = value;
  }
}

/** Sorts after every id. */
const LAST_ID = "\uffff";

function compare(left: Place, right: Place): number {
  if (left.time !== right.time) return left.time < right.time ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}
