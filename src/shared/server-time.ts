import type { Clock } from "./clock.ts";

/** How far the two clocks of this machine may disagree about the time passed before it counts as having slept. */
const SLEPT_MS = 30_000;
/** An estimate older than this is not relied on: clocks drift, and another server may answer. */
const LASTING_MS = 600_000;

/**
 * What is known of the upstream's clock. Ours may be wrong by any amount, so times that mean something to the API are
 * always derived from the `Date` of its own answers. An estimate is never later than the truth.
 */
export class ServerTime {
  readonly #clock: Clock;
  #known: { serverTime: number; at: number; wall: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that the upstream's clock showed at least `serverTime` (milliseconds since 1970) at `at` (`clock.now()`). */
  note(serverTime: number | undefined, at: number): void {
    if (serverTime === undefined) return;
    this.#known = { serverTime, at, wall: this.#clock.wallTime() - (this.#clock.now() - at) };
  }

  /** The upstream's time at a moment of `clock.now()`, now without one, or undefined where no answer told it lately. */
  at(moment: number = this.#clock.now()): number | undefined {
    if (this.#known === undefined) return undefined;
    const { serverTime, at, wall } = this.#known;
    const passed = this.#clock.now() - at;
    // The monotonic clock stands still while a machine sleeps, the other does not.
    const slept = Math.abs(this.#clock.wallTime() - wall - passed) > SLEPT_MS;
    return slept || passed > LASTING_MS ? undefined : Math.floor(serverTime + (moment - at));
  }
}

/** When an answer was asked for and had arrived, in `clock.now()`, and its `Date`, in milliseconds since 1970. */
export interface Answered {
  serverTime: number | undefined;
  sentAt: number;
  receivedAt: number;
}

/** The upstream's time when this answer was asked for, from its `Date`; never later than it really was. */
export function timeWhenAsked({ serverTime, sentAt, receivedAt }: Answered): number | undefined {
  return serverTime === undefined ? undefined : Math.floor(serverTime - (receivedAt - sentAt));
}
