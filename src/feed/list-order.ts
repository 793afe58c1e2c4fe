import type { Placed } from "./position.ts";

/** In which order events were listed, as far as they show it. */
export type ListOrder = "newest-first" | "oldest-first" | "mixed";

/** In which order these events, as they were listed, stand; undefined where they do not tell. */
export function listOrder(events: readonly Placed[]): ListOrder | undefined {
  const walked = new Walked();
  walked.take(events);
  return walked.order;
}

/** What a walk over pages has met so far: which events, and in which order the new ones came. */
export class Walked {
  /** In the order of the walk. */
  readonly #times = new Map<string, number>();
  readonly #ids: string[] = [];
  /** Since the first that was not empty. */
  #pages = 0;
  #falls = false;
  #rises = false;
  #jumps = false;
  /** Time of the last new event. */
  last: number | undefined;

  /** Takes in a page and tells how many of its events were new: those met again would say nothing about the order. */
  take(events: readonly Placed[]): number {
    const known = this.#ids.length;
    if (events.length > 0 || this.#pages > 0) this.#pages++;
    if (this.#isJump(events)) this.#jumps = true;
    for (const { id, time } of events) {
      if (this.#times.has(id)) continue;
      this.#times.set(id, time);
      this.#ids.push(id);
      if (this.last !== undefined && time < this.last) this.#falls = true;
      if (this.last !== undefined && time > this.last) this.#rises = true;
      this.last = time;
    }
    return this.#ids.length - known;
  }

  get order(): ListOrder | undefined {
    if (this.#falls && this.#rises) return "mixed";
    if (!this.#falls && !this.#rises) return undefined;
    return this.#falls ? "newest-first" : "oldest-first";
  }

  /** Whether the pages were parts of one list, as far as they show it: what lies between two of them was then not left out. */
  get isSteady(): boolean {
    return this.#pages <= 1 || (this.order !== "mixed" && !this.#jumps);
  }

  /** The times of all events met, in milliseconds since 1970. */
  times(): Iterable<number> {
    return this.#times.values();
  }

  /**
   * Whether a page repeats events as a list that has not changed would not. That it begins with the last ones of the pages
   * before it is no sign of that: events that arrive at the head of a list push others from one page to the next.
   */
  #isJump(events: readonly Placed[]): boolean {
    const ids = [...new Set(events.map(({ id }) => id))];
    const again = ids.filter((id) => this.#times.has(id)).length;
    const end = this.#ids.length - again;
    return ids.slice(0, again).some((id, index) => id !== this.#ids[end + index]);
  }
}
