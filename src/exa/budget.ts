import type { Clock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";

/** About 5 requests a second have been seen to throttle; Exa documents no limit for Websets. */
const REQUESTS_PER_SECOND = 5;
const BURST = 10;

/** Lets requests through no faster than the API bears. */
export interface RequestBudget {
  /**
   * Resolves when the next request may be sent; rejects with an AbortError as soon as `signal` aborts, which is how a deadline
   * reaches it. Who waits is served in order within a group, and groups take turns.
   */
  acquire(turn?: { group?: string | undefined; signal?: AbortSignal | undefined }): Promise<void>;
}

interface Waiter {
  go(): void;
}

/** A token bucket of 10 that fills by 5 a second, for all requests of one process. */
export function createRequestBudget(
  clock: Clock,
  limits: { requestsPerSecond?: number; burst?: number } = {},
): RequestBudget {
  const interval = 1000 / (limits.requestsPerSecond ?? REQUESTS_PER_SECOND);
  const allowance = ((limits.burst ?? BURST) - 1) * interval;
  /** The bucket as one number: when it will be full again. */
  let fullAt = Number.NEGATIVE_INFINITY;
  /** A Map keeps the order of insertion: the first group is the one whose turn it is. */
  const queue = new Map<string, Set<Waiter>>();
  let pump: AbortController | undefined;

  const untilNext = () => fullAt - allowance - clock.now();
  const spend = () => {
    fullAt = Math.max(fullAt, clock.now()) + interval;
  };

  function serveNext(): void {
    for (const [group, waiters] of queue) {
      for (const waiter of waiters) {
        queue.delete(group);
        waiters.delete(waiter);
        if (waiters.size > 0) queue.set(group, waiters);
        spend();
        waiter.go();
        return;
      }
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (queue.size > 0 && !signal.aborted) {
      const ms = untilNext();
      // Whole milliseconds: a remainder too small to move the clock would never pass.
      if (ms > 0) await clock.sleep(Math.ceil(ms), signal);
      else serveNext();
    }
    if (!signal.aborted) pump = undefined;
  }

  function startPump(): void {
    if (pump !== undefined) return;
    pump = new AbortController();
    run(pump.signal).catch(() => {});
  }

  function leave(group: string, waiter: Waiter): void {
    const waiters = queue.get(group);
    waiters?.delete(waiter);
    if (waiters?.size === 0) queue.delete(group);
    if (queue.size > 0) return;
    pump?.abort();
    pump = undefined;
  }

  return {
    acquire({ group = "", signal } = {}) {
      if (signal?.aborted) return Promise.reject(abortError());
      if (queue.size === 0 && untilNext() <= 0) {
        spend();
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const abort = () => {
          leave(group, waiter);
          reject(abortError());
        };
        const waiter: Waiter = {
          go() {
            signal?.removeEventListener("abort", abort);
            resolve();
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        const waiters = queue.get(group);
        if (waiters === undefined) queue.set(group, new Set([waiter]));
        else waiters.add(waiter);
        startPump();
      });
    },
  };
}
