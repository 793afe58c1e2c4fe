import type { FeedEvent } from "./event.ts";
import { byTime } from "./position.ts";

/** How much of the settled past is kept, so that a reader that pauses between two waits joins without a request. */
const KEPT_MS = 60_000;
/** Beyond so many events the past is kept only as far as it is needed to tell new events from old ones. */
const MOST_KEPT = 2_000;

/** What a tail remembers: every event visible at or after its floor, as of its last poll. */
export class TailMemory {
  readonly #events = new Map<string, FeedEvent>();
  #floor: number | undefined;
  #settled: number | undefined;

  /** Where the memory begins, in milliseconds since 1970; undefined before the first poll. */
  get floor(): number | undefined {
    return this.#floor;
  }

  /** Everything created from the floor up to this time is visible and known. It may lie before the floor. */
  get settledUpTo(): number | undefined {
    return this.#settled;
  }

  /** From where on the next poll has to read again; undefined before the first one. */
  get openFrom(): number | undefined {
    return this.#floor === undefined ? undefined : Math.max(this.#floor, this.#settled ?? this.#floor);
  }

  /** The events known at or after a time, oldest first. It must not lie before the floor. */
  since(time: number): FeedEvent[] {
    return [...this.#events.values()].filter((event) => event.time >= time).sort(byTime);
  }

  /**
   * Takes in everything that was visible at or after `from`, which must not lie after `openFrom`.
   * @returns what nobody was told of before: the new events of the part that was open, oldest first.
   */
  take(events: readonly FeedEvent[], from: number, settledUpTo: number | undefined): FeedEvent[] {
    const openFrom = this.openFrom ?? Number.POSITIVE_INFINITY;
    const news = events.filter((event) => event.time >= openFrom && !this.#events.has(event.id)).sort(byTime);
    for (const event of events) this.#events.set(event.id, event);
    this.#floor = Math.min(this.#floor ?? from, from);
    if (settledUpTo !== undefined) this.#settled = Math.max(this.#settled ?? settledUpTo, settledUpTo);
    return news;
  }

  /** Drops the settled past but for the last minute, and for less of it where it is crowded; never what comes after `needed`. */
  forget(needed: number): void {
    if (this.#floor === undefined || this.#settled === undefined) return;
    const kept = this.#events.size > MOST_KEPT ? this.#settled : this.#settled - KEPT_MS;
    this.#floor = Math.max(this.#floor, Math.min(kept, needed));
    for (const event of this.#events.values()) if (event.time < this.#floor) this.#events.delete(event.id);
  }
}
