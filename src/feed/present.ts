import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { ServerTime, timeWhenAsked } from "../shared/server-time.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import { newestVisible } from "./newest.ts";
import { isoTime, type Reading } from "./pages.ts";
import { advance, BEFORE_ALL, type Position, positionAt, RETENTION_MS } from "./position.ts";

/** How far a given time may lie ahead of the `Date` header: its one-second grain, and a second between two clocks. */
const AHEAD_MS = 2_000;
/** Only the answer's `Date` is wanted, so the type is one that is rare and small. */
const SMALL_TYPES = ["webset.deleted"];
/** Whoever begins needs the time: it is not asked for behind what others have still to read. */
const GROUP = "time";

/** The upstream's present, asked for where no answer told it lately. Who asks at the same time shares the requests. */
export class Present {
  readonly #clock: Clock;
  readonly #reading: (signal: AbortSignal) => Reading;
  readonly #serverTime: ServerTime;
  readonly #asks = new SharedCalls<{ shown: number | undefined; sentAt: number }>();
  readonly #looks = new SharedCalls<Position>();
  /** Whether the last answer that was asked for its `Date` had none. */
  #undated = false;

  constructor(clock: Clock, reading: (signal: AbortSignal) => Reading) {
    this.#clock = clock;
    this.#reading = reading;
    this.#serverTime = new ServerTime(clock);
  }

  /** Notes that an answer's `Date` showed at least `serverTime` (milliseconds since 1970) at `at` (`clock.now()`). */
  note(serverTime: number | undefined, at: number | undefined): void {
    if (serverTime !== undefined && at !== undefined) this.#serverTime.note(serverTime, at);
  }

  /** The upstream's time now by the `Date` of an answer, without asking; undefined where none told it lately. Never late. */
  known(): number | undefined {
    return this.#serverTime.at();
  }

  /**
   * A fresh position for a call of `askedAt` (`clock.now()`): the upstream's time then, or, where answers have no `Date`, the
   * newest visible event of all, for a position is one for all types.
   */
  async positionAsOf(askedAt: number, signal: AbortSignal): Promise<Position> {
    if (this.known() === undefined) await this.#ask(signal);
    const time = this.#serverTime.at(askedAt);
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

  /** Refuses positions in the upstream's future or beyond its retention; one that keeps no time is never refused. */
  async requireKnowable(position: Position, signal: AbortSignal): Promise<void> {
    if (position.since === BEFORE_ALL) return;
    const estimate = this.known();
    const past = estimate !== undefined && position.since <= estimate;
    const now = past ? estimate : await this.#ask(signal);
    if (now === undefined) return;
    if (position.since > now + AHEAD_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} lies in the future: the API's clock shows ${isoTime(now)}`,
        advice: "Leave after out to wait from now on, or pass a cursor or an earlier time.",
      });
    }
    if (position.since < now - RETENTION_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} is older than the 60 days for which the API keeps events`,
        advice: `Pass a time after ${isoTime(now - RETENTION_MS)}; what is older cannot be read any more.`,
      });
    }
  }

  /** The upstream's time now: the `Date` of an answer, and what passed since that was asked for. Never early but for its grain. */
  async #ask(signal: AbortSignal): Promise<number | undefined> {
    if (this.#undated && this.known() === undefined) return undefined;
    const { shown, sentAt } = await this.#asks.join("", signal, async (shared) => {
      const { exa } = this.#reading(shared);
      const answer = await exa.listEvents({ types: SMALL_TYPES, limit: 1 }, { signal: shared, group: GROUP });
      this.note(timeWhenAsked(answer), answer.sentAt);
      this.#undated = answer.serverTime === undefined;
      return { shown: answer.serverTime, sentAt: answer.sentAt };
    });
    return shown === undefined ? undefined : shown + (this.#clock.now() - sentAt);
  }
}
