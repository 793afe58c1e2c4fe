import type { Clock } from "../shared/clock.ts";

/** So far apart in the time passed, in milliseconds, this machine has slept or its clock was set: what was known is void. */
const APART_MS = 30_000;

/** The API's clock as the last answer that had a `Date` showed it: a date in an answer without one is compared with it. */
export class ServerClock {
  readonly #clock: Clock;
  #shown: { time: number; at: number; wall: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes an answer's `Date`, in milliseconds since 1970, as it arrives. */
  note(time: number | undefined): void {
    if (time !== undefined) this.#shown = { time, at: this.#clock.now(), wall: this.#clock.wallTime() };
  }

  /** The API's time, in milliseconds since 1970; undefined where no answer told it. */
  now(): number | undefined {
    if (this.#shown === undefined) return undefined;
    const { time, at, wall } = this.#shown;
    const passed = this.#clock.now() - at;
    return Math.abs(this.#clock.wallTime() - wall - passed) > APART_MS ? undefined : time + passed;
  }
}
