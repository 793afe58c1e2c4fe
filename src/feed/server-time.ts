import type { Clock } from "../shared/clock.ts";

/** How far the two clocks of this machine may disagree about the time passed before it counts as having slept. */
const SLEPT_MS = 30_000;
/** An estimate older than this is not relied on: clocks drift, and another server may answer. */
const LASTING_MS = 600_000;

/**
 * What is known of the upstream's clock. Ours may be wrong by any amount, so times that mean something to the API are
 * always derived from its own answers. An estimate is never later than the truth.
 */
export class ServerTime {
  readonly #clock: Clock;
  #known: { serverTime: number; at: number; wall: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that the upstream's clock showed `serverTime` (milliseconds since 1970) at `at` (`clock.now()`). */
  note(serverTime: number | undefined, at: number): void {
    if (serverTime === undefined) return;
    this.#known = { serverTime, at, wall: this.#clock.wallTime() - (this.#clock.now() - at) };
  }

  /** The upstream's time now, or undefined where no answer told it lately. */
  now(): number | undefined {
    if (this.#known === undefined) return undefined;
    const passed = this.#clock.now() - this.#known.at;
    // The monotonic clock stands still while a machine sleeps, the other does not.
    const slept = Math.abs(this.#clock.wallTime() - this.#known.wall - passed) > SLEPT_MS;
    return slept || passed > LASTING_MS ? undefined : Math.floor(this.#known.serverTime + passed);
  }
}

/** The upstream's time when this answer was asked for, from its `Date`; never later than it really was. */
export function timeWhenAsked(answer: {
  serverTime: number | undefined;
  sentAt: number;
  receivedAt: number;
}): number | undefined {
  if (answer.serverTime === undefined) return undefined;
  return Math.floor(answer.serverTime - (answer.receivedAt - answer.sentAt));
}
