import type { Clock } from "../shared/clock.ts";

/** What one tenant may have at a time, and how fast it may ask. Agents need a few of each; whoever loops by mistake finds an end here. */
export interface TenantLimits {
  /** Requests that are being answered: waits above all. */
  calls: number;
  /** Open streams of updates, and Websets watched for them. */
  subscriptions: number;
  /** Waits in the background. */
  tasks: number;
  requestsPerSecond: number;
  /** This many may come at once. */
  burst: number;
}

export const TENANT_LIMITS: TenantLimits = {
  calls: 100,
  subscriptions: 100,
  tasks: 100,
  requestsPerSecond: 50,
  burst: 200,
};

/** A token bucket that sends away who comes too fast. */
export class RequestRate {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #burst: number;
  /** The bucket as one number: when it will be full again. */
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { requestsPerSecond, burst }: Pick<TenantLimits, "requestsPerSecond" | "burst">) {
    this.#clock = clock;
    this.#intervalMs = 1_000 / requestsPerSecond;
    this.#burst = burst;
  }

  /** Takes this many requests in; otherwise tells in how many whole seconds they may come again. */
  take(requests: number): number | undefined {
    const now = this.#clock.now();
    const fullAt = Math.max(this.#fullAt, now) + requests * this.#intervalMs;
    // In whole milliseconds: what is too early by a rounding of the clock's fractions is not.
    const tooEarlyMs = Math.round(fullAt - now - this.#burst * this.#intervalMs);
    if (tooEarlyMs > 0) return Math.max(1, Math.ceil(tooEarlyMs / 1_000));
    this.#fullAt = fullAt;
    return undefined;
  }
}
