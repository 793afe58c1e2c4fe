import type { Answer } from "../exa/client.ts";
import { parseTime } from "../exa/event.ts";
import { parseSearch, parseWebset, type Webset } from "../exa/schemas.ts";
import type { FeedEvent } from "../feed/event.ts";
import { type Position, positionAt, settledAt } from "../feed/position.ts";
import { abortError, isPassing, WebsetsError } from "../shared/errors.ts";
import { type CallTime, callTimeByDate, callTimeByStandIn } from "./call-time.ts";
import { decide, type Goal, goalOf, isIdle, isLaterThan, type Outcome, secondsLeft } from "./decide.ts";
import { positionBefore } from "./look.ts";
import { progressOf, withSearch } from "./progress.ts";
import type { WebsetWait } from "./wait.ts";

/** What can end a wait, and what tells how far a search is. One set for all waits, so that one tail serves them all. */
export const FOLLOWED_TYPES: readonly string[] = [
  "webset.deleted",
  "webset.idle",
  "webset.paused",
  "webset.search.canceled",
  "webset.search.completed",
  "webset.search.updated",
];

/** So much of the time a search says it has left is relied on: an estimate that shrinks faster costs no delay then. */
const TRUSTED_SHARE = 0.7;
/** The pause before a failed look is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** What no event called for since is looked at again after so long, in milliseconds: a little less than the usual poll. */
const LOOK_GAP_MS = 800;

/** One wait under way: the state as far as it is known, and what it means for the wait. */
export class Vigil {
  readonly #wait: WebsetWait & { startedAt: number };
  #first: Webset | undefined;
  #goal: Goal | undefined;
  #followFrom: Position | undefined;
  #calledAt: CallTime | undefined;
  /**
   * An event told of a change that only a look at the state shows, and the state may lag behind it: of looks, only one that
   * was asked for at this `clock.now()` or later is sure to show it. Undefined where none is owed.
   */
  #owedUntil: number | undefined;
  /** When the last look that succeeded was asked for, in `clock.now()`. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** What the last look met, if it failed, and the `clock.now()` before which the upstream does not want another one. */
  #refusal: { error: WebsetsError; until: number } | undefined;
  /** The Webset as it was idle at a moment since the call, whatever came after. */
  #idle: Webset | undefined;
  #deleted = false;
  /** The `clock.now()` before which no search of the goal is expected to end; undefined where the API does not say. */
  #endExpectedAt: number | undefined;
  /** Whether what the events told was looked at since, or nothing more is to be seen. */
  isFresh = false;
  state: Webset | undefined;
  position: Position | undefined;
  trouble: WebsetsError | undefined;

  constructor(wait: WebsetWait & { startedAt: number }) {
    this.#wait = wait;
  }

  /** How the wait ends by what is known; undefined while there is reason to wait. */
  get outcome(): Exclude<Outcome, "timed_out"> | undefined {
    if (this.#deleted) return "deleted";
    if (this.state === undefined || this.#goal === undefined) return undefined;
    return decide(this.#goal, this.state) ?? (this.#idle !== undefined ? "reached" : undefined);
  }

  /** Looks until it succeeds, with a position from before that look; resolves to the outcome where there is one already. */
  async begin(signal: AbortSignal): Promise<Outcome | undefined> {
    const { feed, states, clock, until, searchId, websetId, startedAt, timeoutMs } = this.#wait;
    const answer = await this.#persist(signal, async () => {
      const looked = await states.look(websetId, signal, startedAt);
      const webset = await this.#withSearchAskedFor(looked.value, signal);
      return { ...looked, value: webset };
    });
    this.#note(answer);
    this.#first = answer.value;
    this.#goal = goalOf(until, searchId, answer.value);
    // The state may lag behind the events as events lag behind the clock: what is older than both is settled.
    const before = feed.upstreamClock.at(answer.sentAt);
    if (before !== undefined) {
      this.#calledAt = callTimeByDate(feed.upstreamClock, startedAt);
      this.#followFrom = positionAt(settledAt(before));
      return this.outcome;
    }
    const isTimeUp = clock.now() - startedAt >= timeoutMs;
    if (isTimeUp || this.outcome !== undefined) return this.outcome;
    // Without the upstream's time the position comes from the feed, and the look that counts is the one after it.
    const now = await this.#persist(signal, () => feed.positionNow(signal));
    this.#calledAt = callTimeByStandIn(now.since, clock.now() - startedAt);
    this.#followFrom = positionAt(settledAt(now.since));
    await this.#persist(signal, () => this.look(signal, { askedAt: clock.now(), strict: true }));
    this.position = now;
    return this.outcome;
  }

  /** Follows the events until they tell of an outcome; rejects with an AbortError when `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const { feed, clock } = this.#wait;
    const from = this.#followFrom;
    // What an event has told of is expected at any moment.
    const expects = () => (this.#owedUntil === undefined ? this.#endExpectedAt : undefined);
    for await (const news of feed.read({ types: FOLLOWED_TYPES, websetId: this.state?.id, from, signal, expects })) {
      if (news.kind === "retrying") this.trouble = news.error;
      if (news.kind !== "read") continue;
      if (news.asked) this.trouble = undefined;
      for (const event of news.events) this.#take(event);
      // A look is owed until one has succeeded that is sure to show the change: each poll is an occasion.
      if (this.#isLookDue() && this.outcome === undefined) await this.look(signal, { askedAt: clock.now() });
      if (this.outcome !== undefined) return;
    }
    throw abortError();
  }

  /**
   * Looks at the state, as of `askedAt` (`clock.now()`) or later. Trouble that passes is noted, and thrown only if `strict`;
   * the Webset's absence, after it was there, is its deletion.
   */
  async look(signal: AbortSignal, { askedAt, strict = false }: { askedAt: number; strict?: boolean }): Promise<void> {
    const { states, clock } = this.#wait;
    const known = this.state as Webset;
    if (this.#refusal !== undefined && clock.now() < this.#refusal.until) {
      this.trouble = this.#refusal.error;
      return;
    }
    try {
      const answer = await states.look(known.id, signal, askedAt);
      this.#refusal = undefined;
      this.#lookedAt = answer.sentAt;
      if (this.#owedUntil !== undefined && answer.sentAt >= this.#owedUntil) this.#owedUntil = undefined;
      this.#note({ ...answer, value: this.#notBehind(answer.value) });
    } catch (error) {
      if (!strict && isPassing(error)) {
        this.trouble = error;
        this.#refusal = { error, until: clock.now() + (error.retryAfterMs ?? 0) };
        return;
      }
      if (!(error instanceof WebsetsError && error.kind === "not_found")) throw error;
      this.#deleted = true;
    }
    this.isFresh = true;
  }

  /** A search given by id counts even where the Webset does not list it. */
  async #withSearchAskedFor(webset: Webset, signal: AbortSignal): Promise<Webset> {
    const { searchId, exa } = this.#wait;
    if (searchId === undefined || webset.searches.some((search) => search.id === searchId)) return webset;
    const { value } = await exa.getSearch(webset.id, searchId, { signal, group: "state" });
    return withSearch(webset, value);
  }

  #take(event: FeedEvent): void {
    this.isFresh = event.type === "webset.deleted";
    if (event.type === "webset.deleted") {
      this.#deleted = true;
      return;
    }
    if (event.type.startsWith("webset.search.")) {
      const search = attempt(() => parseSearch(event.data));
      if (search === undefined) this.#oweLook(event);
      else this.#update(withSearch(this.state as Webset, search));
      return;
    }
    this.#oweLook(event);
    const snapshot = attempt(() => parseWebset(event.data));
    if (this.#goal?.kind !== "idle" || snapshot === undefined || !isIdle(snapshot)) return;
    if (!this.#isOfSinceCall(event, snapshot)) return;
    this.#idle ??= snapshot;
    this.#update(this.#notBehind(this.state as Webset));
  }

  /** The state lags behind an event as events lag behind the clock. What ends no wait is looked for but once. */
  #oweLook({ type, time }: FeedEvent): void {
    const { clock, feed } = this.#wait;
    const lagMs =
      type !== "webset.search.updated" ? time - settledAt(Math.max(time, feed.upstreamClock.at() ?? time)) : 0;
    this.#owedUntil = Math.max(this.#owedUntil ?? 0, clock.now() + Math.max(0, lagMs));
  }

  #isLookDue(): boolean {
    if (this.#owedUntil === undefined) return false;
    return !this.isFresh || this.#wait.clock.now() - this.#lookedAt >= LOOK_GAP_MS;
  }

  /** Whether an event tells of a time since the call. Where the clocks are too coarse to say so, its snapshot has to. */
  #isOfSinceCall({ time }: FeedEvent, snapshot: Webset): boolean {
    const { earliest, latest } = this.#calledAt as CallTime;
    return time >= latest || (time >= earliest && isLaterThan(snapshot, this.#first as Webset));
  }

  /** What was seen, with what events have told of later: a look can lag behind them. */
  #notBehind(seen: Webset): Webset {
    const idle = this.#idle;
    const latest = idle !== undefined && isLaterThan(idle, seen) ? idle : seen;
    return (this.state as Webset).searches.reduce(withSearch, latest);
  }

  /** Does something until it succeeds; throws what does not pass. */
  async #persist<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await attempt();
        this.trouble = undefined;
        return result;
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.trouble = error;
        await this.#wait.clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  #note(answer: Answer<Webset>): void {
    const before = this.#wait.feed.upstreamClock.at(answer.sentAt);
    if (before !== undefined) this.position = positionBefore(before);
    else this.position ??= positionAt(parseTime(answer.value.updatedAt ?? "") ?? 0);
    this.#update(answer.value);
  }

  #update(state: Webset): void {
    this.state = state;
    const left =
      this.#goal === undefined ? undefined : secondsLeft(this.#goal, state, this.#wait.feed.upstreamClock.at());
    this.#endExpectedAt = left === undefined ? undefined : this.#wait.clock.now() + left * TRUSTED_SHARE * 1_000;
    this.#wait.onProgress?.(progressOf(state), this.position);
  }
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
