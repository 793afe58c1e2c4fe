import { onAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";

/** About 5 requests a second have been seen to throttle; Exa documents 20 for all who share a team. */
const REQUESTS_PER_SECOND = 5;
const BURST = 10;
/** How many others may pass while a request in the background waits: it is served a fifth of the time at least. */
const MOST_IN_A_ROW = 4;

export interface Turn {
  /** Whoever waits is served in order within a group, and groups take turns. */
  group?: string | undefined;
  /**
   * For looks that nobody waits for. All others go before them, but for one in five, and a burst finds half of its size left. They
   * are groups of their own.
   */
  background?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Lets requests through no faster than the API bears. */
export interface RequestBudget {
  /**
   * Resolves when the next request may be sent; rejects with an AbortError as soon as `signal` aborts, which is how a deadline
   * reaches it.
   */
  acquire(turn?: Turn): Promise<void>;
}

/** A token bucket of 10 that fills by 5 a second, for all requests of one tenant. */
export function createRequestBudget(
  clock: Clock,
  limits: { requestsPerSecond?: number; burst?: number } = {},
): RequestBudget {
  const interval = 1000 / (limits.requestsPerSecond ?? REQUESTS_PER_SECOND);
  const burst = limits.burst ?? BURST;
  /** The bucket as one number: when it will be full again. */
  let fullAt = Number.NEGATIVE_INFINITY;
  const queue = new Turns();
  const background = new Turns();
  /** How many have passed the background since it began to wait or was served. */
  let passed = 0;
  let pause = new AbortController();

  /** Serves whoever may go by now, and sleeps until the next one may. */
  function serve(): void {
    pause.abort();
    while (!(queue.isEmpty && background.isEmpty)) {
      const isBackground = !background.isEmpty && (queue.isEmpty || passed >= MOST_IN_A_ROW);
      const size = isBackground && queue.isEmpty ? Math.max(1, Math.floor(burst / 2)) : burst;
      const ms = fullAt - (size - 1) * interval - clock.now();
      if (ms > 0) {
        pause = new AbortController();
        // Whole milliseconds: a remainder too small to move the clock would never pass.
        clock.sleep(Math.ceil(ms), pause.signal).then(serve, () => {});
        return;
      }
      const go = (isBackground ? background : queue).next();
      fullAt = Math.max(fullAt, clock.now()) + interval;
      passed = isBackground || background.isEmpty ? 0 : passed + 1;
      go?.();
    }
  }

  return {
    acquire({ group = "", background: isBackground = false, signal } = {}) {
      if (signal?.aborted) return Promise.reject(abortError());
      return new Promise((resolve, reject) => {
        const leave = (isBackground ? background : queue).join(group, () => {
          off();
          resolve();
        });
        const off = onAbort(signal, () => {
          leave();
          reject(abortError());
          serve();
        });
        serve();
      });
    },
  };
}

/** Waiters in groups that take turns. */
class Turns {
  /** A Map keeps the order of insertion: the first group is the one whose turn it is. */
  readonly #groups = new Map<string, Set<() => void>>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** Waits at the end of a group; the function it returns leaves it. */
  join(group: string, go: () => void): () => void {
    const waiters = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, waiters.add(go));
    return () => {
      waiters.delete(go);
      if (waiters.size === 0) this.#groups.delete(group);
    };
  }

  /** Takes out whose turn it is, and puts its group at the end. */
  next(): (() => void) | undefined {
    const [group = "", waiters = new Set<() => void>()] = this.#groups.entries().next().value ?? [];
    const [go] = waiters;
    if (go !== undefined) waiters.delete(go);
    this.#groups.delete(group);
    if (waiters.size > 0) this.#groups.set(group, waiters);
    return go;
  }
}
