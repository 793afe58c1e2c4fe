import type { Clock } from "../../src/shared/clock.ts";
import { abortError } from "../../src/shared/errors.ts";

interface Sleeper {
  due: number;
  order: number;
  wake(): void;
}

/**
 * A clock that moves only when told to. `advance` wakes every sleeper that falls due, in order of time, and lets the work
 * each one starts settle before the clock moves on.
 */
export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #epoch: number;
  readonly #sleepers: Sleeper[] = [];

  constructor(epoch = Date.parse("2026-11-01T12:00:00.000Z")) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError());
        return;
      }
      const remove = () => {
        const index = this.#sleepers.indexOf(sleeper);
        if (index !== -1) this.#sleepers.splice(index, 1);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        remove();
        reject(abortError());
      };
      const sleeper: Sleeper = {
        due: this.#now + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          remove();
          resolve();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Moves the clock by `ms`, waking whoever falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#nextDue(); next !== undefined && next.due <= end; next = this.#nextDue()) {
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Moves the clock as far as needed until `promise` settles; gives up after `limitMs` of fake time. */
  async until<T>(promise: Promise<T>, limitMs = 24 * 3_600_000): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    const limit = this.#now + limitMs;
    await settle();
    while (!settled) {
      const next = this.#nextDue();
      if (next === undefined || next.due > limit) throw new Error("the awaited promise never settled");
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await settle();
    }
    return watched;
  }

  #nextDue(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (
        first === undefined ||
        sleeper.due < first.due ||
        (sleeper.due === first.due && sleeper.order < first.order)
      ) {
        first = sleeper;
      }
    }
    return first;
  }
}

/** Lets pending promise reactions run: setImmediate comes after all microtasks of this turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
