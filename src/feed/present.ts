import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import { newestVisible } from "./newest.ts";
import { isoTime, type Reading } from "./pages.ts";
import { advance, BEFORE_ALL, type Position, positionAt, RETENTION_MS } from "./position.ts";

/** How far a given time may lie ahead of the `Date` header: its one-second grain, and a second between two clocks. */
const AHEAD_MS = 2_000;
/** Only the answer's `Date` is wanted, so the type is one that is rare and small. */
const SMALL_TYPES = ["webset.deleted"];
/** Whoever begins needs the time: it is not asked for behind what others have still to read. */
const GROUP = "time";
/** So many answers at most are asked for until two agree about the time. */
const MOST_ASKED = 3;

/** The upstream's present, asked for where no answer told it lately. Who asks at the same time shares the requests. */
export class Present {
  readonly #clock: Clock;
  readonly #upstreamClock: UpstreamClock;
  /** For reading events of all types. */
  readonly #reading: (signal: AbortSignal) => Reading;
  readonly #asks = new SharedCalls<void>();
  readonly #looks = new SharedCalls<Position>();
  /** Whether the last answer that was asked for its `Date` had none. */
  #undated = false;

  constructor(clock: Clock, upstreamClock: UpstreamClock, reading: (signal: AbortSignal) => Reading) {
    this.#clock = clock;
    this.#upstreamClock = upstreamClock;
    this.#reading = reading;
  }

  /**
   * A fresh position for a call of `askedAt` (`clock.now()`): the upstream's time then, or, where answers have no `Date`, the
   * newest visible event but one of all types, for a position is one for all, and a single one may be stamped wrongly.
   */
  async positionAsOf(askedAt: number, signal: AbortSignal): Promise<Position> {
    await this.#ask(signal);
    const time = this.#upstreamClock.at(askedAt);
    if (time !== undefined) return positionAt(time);
    return this.#looks.join("", signal, async (shared) => {
      const newest = await newestVisible({ ...this.#reading(shared), group: GROUP });
      return advance(positionAt(newest[0]?.time ?? BEFORE_ALL), { handedOut: newest, settledUpTo: undefined });
    });
  }

  /** The upstream's time now, or without a `Date` that of its newest event; never later than it is. */
  async time(signal: AbortSignal): Promise<number> {
    return (await this.positionAsOf(this.#clock.now(), signal)).since;
  }

  /**
   * The position, or now where it lies ahead of that though an earlier reading ended there, by a clock that was wrong then. What
   * a caller writes is refused in the upstream's future and beyond its retention; a position that keeps no time never is.
   */
  async knowable(position: Position, resumes: boolean, signal: AbortSignal): Promise<Position> {
    if (position.since === BEFORE_ALL) return position;
    const known = this.#upstreamClock.at();
    if (known === undefined || position.since > known + AHEAD_MS || position.since < known - RETENTION_MS) {
      await this.#ask(signal);
    }
    const range = this.#upstreamClock.range();
    if (range === undefined) return position;
    if (position.since > range.latest + AHEAD_MS) {
      if (resumes) return { since: range.earliest, seen: position.seen };
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} lies in the future: the API's clock shows ${isoTime(range.earliest)}`,
        advice: "Leave after out to wait from now on, or pass a cursor or an earlier time.",
      });
    }
    if (position.since < range.earliest - RETENTION_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} is older than the 60 days for which the API keeps events`,
        advice: `Pass a time after ${isoTime(range.earliest - RETENTION_MS)}; what is older cannot be read any more.`,
      });
    }
    return position;
  }

  /** Asks until two answers agree about the time, or our own clock agrees with one. */
  async #ask(signal: AbortSignal): Promise<void> {
    if (this.#upstreamClock.isSure || (this.#undated && this.#upstreamClock.at() === undefined)) return;
    await this.#asks.join("", signal, async (shared) => {
      const { exa, onPage } = this.#reading(shared);
      for (let asked = 0; asked < MOST_ASKED && !this.#upstreamClock.isSure; asked++) {
        const answer = await exa.listEvents({ types: SMALL_TYPES, limit: 1 }, { signal: shared, group: GROUP });
        onPage?.(0);
        this.#undated = answer.serverTime === undefined;
        if (this.#undated) return;
      }
    });
  }
}
