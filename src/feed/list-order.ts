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
  readonly #ids = new Set<string>();
  #falls = false;
  #rises = false;
  /** Time of the last new event. */
  last: number | undefined;

  /** Takes in a page and tells how many of its events were new: those met again would say nothing about the order. */
  take(events: readonly Placed[]): number {
    const known = this.#ids.size;
    for (const { id, time } of events) {
      if (this.#ids.has(id)) continue;
      this.#ids.add(id);
      if (this.last !== undefined && time < this.last) this.#falls = true;
      if (this.last !== undefined && time > this.last) this.#rises = true;
      this.last = time;
    }
    return this.#ids.size - known;
  }

  get order(): ListOrder | undefined {
    if (this.#falls && this.#rises) return "mixed";
    if (!this.#falls && !this.#rises) return undefined;
    return this.#falls ? "newest-first" : "oldest-first";
  }
}
