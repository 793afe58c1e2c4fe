import type { Answered } from "../shared/server-time.ts";

/**
 * The upstream's time when a walk over several pages began, from what its answers told: never later than it really was.
 * What is settled counts from then, for a page that was read long before the last one does not know what came in between.
 */
export class WalkTime {
  #sentAt: number | undefined;
  /** How far the upstream's clock is ahead of ours, at least: by `Date`, and by the newest event met. */
  #byDate = Number.NEGATIVE_INFINITY;
  #byEvents = Number.NEGATIVE_INFINITY;

  /** Takes in a page: its answer's times, and the events in it, whose `createdAt` are times the upstream's clock has passed. */
  note(page: Answered & { events: readonly { time: number }[] }): void {
    this.#sentAt ??= page.sentAt;
    if (page.serverTime !== undefined) this.#byDate = Math.max(this.#byDate, page.serverTime - page.receivedAt);
    for (const { time } of page.events) this.#byEvents = Math.max(this.#byEvents, time - page.receivedAt);
  }

  /** `clock.now()` when the first page was asked for. */
  get sentAt(): number | undefined {
    return this.#sentAt;
  }

  /** By the answers' `Date`; undefined where none had one. */
  get serverTime(): number | undefined {
    return this.#from(this.#byDate);
  }

  /** By `Date`, or else by the newest event; undefined where there was neither. */
  get present(): number | undefined {
    return this.serverTime ?? this.#from(this.#byEvents);
  }

  #from(ahead: number): number | undefined {
    return this.#sentAt === undefined || ahead === Number.NEGATIVE_INFINITY
      ? undefined
      : Math.floor(this.#sentAt + ahead);
  }
}
