import type { Answer } from "../exa/client.ts";
import type { Webset } from "../exa/schemas.ts";
import type { Feed } from "../feed/feed.ts";
import { CLOCK_DISAGREEMENT_MS, type Position, positionAt, watermarkAt } from "../feed/position.ts";
import type { Expectation } from "../feed/subscription.ts";
import { type LinkedAbort, linkAbort, orAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isTransient, SECOND_LOOK_MS, WebsetsError } from "../shared/errors.ts";
import {
  allowedAt,
  begin,
  failureOf,
  type Knowledge,
  lastErrorOf,
  learn,
  nextLook,
  type Observation,
  pauseAfter,
  type Within,
} from "./knowledge.ts";
import { isStill, type Progress, progressOf } from "./progress.ts";
import type { WebsetStates } from "./states.ts";

/** The pause before the events are tried again after an answer that could be an accident came again, in milliseconds. */
const CLOSED_MS = 15_000;

/** `first`: of an observer; `owed`: something was told of which it has to show more; `slow`: whether it shows what nothing told; `last`: before its end. */
export type LookKind = "first" | "owed" | "slow" | "last";

export interface ObserverOptions {
  feed: Feed;
  clock: Clock;
  /** The Webset's id or externalId. */
  websetId: string;
  /** What changes it. */
  types: readonly string[];
  /** Ends everything. */
  signal: AbortSignal;
  look(websetId: string, kind: LookKind, signal: AbortSignal): Promise<Answer<Webset>>;
  /** From one look to the next while nothing calls for one, in milliseconds. */
  rhythm(known: Knowledge): number;
  /** What the events to come are expected to tell. */
  expects(webset: Webset): Expectation;
}

/** What an observer tells. */
export type ObserverNews =
  /** What is known now, and is more than before. */
  | { kind: "state"; known: Knowledge }
  /** The Webset was deleted: nothing follows. */
  | { kind: "gone" }
  /** Nothing is known yet, for this reason; it tries again. */
  | { kind: "retrying"; error: WebsetsError };

/**
 * Observes a Webset by both of what tells of it, its state and its events, and lives on whichever can be read. It looks first
 * and then follows the events from a position taken before that look, so nothing falls between; and it looks again when an event
 * calls for it, when the events cannot be read, and now and then besides them.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #calledAt: number;
  #within: Within | undefined;
  /** When the first look was asked for. */
  #firstAt = 0;
  #known: Knowledge | undefined;
  #failure: { error: unknown } | undefined;
  #wake = () => {};
  /** The pause or slow look that something more urgent ends. */
  #pause: { until: number; link: LinkedAbort } | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#calledAt = options.clock.now();
  }

  /** What is known so far; undefined before the first look succeeded. */
  get known(): Knowledge | undefined {
    return this.#known;
  }

  /**
   * Tells what is known whenever it is more, until the Webset is gone. Throws `not_found` where there was none, what cannot pass
   * by itself, and an AbortError when the signal aborts. It asks nothing of the API but while it is read on.
   */
  async *news(): AsyncGenerator<ObserverNews, void> {
    let told = yield* this.#begin();
    yield { kind: "state", known: told };
    const { signal } = this.#options;
    const sources = linkAbort(signal);
    for (const source of [this.#follow(sources.signal), this.#lookOn(sources.signal)]) {
      source.catch((error: unknown) => {
        this.#failure = { error };
        this.#wake();
      });
    }
    try {
      for (;;) {
        const known = this.#known ?? told;
        const failure = failureOf(known);
        if (known.isGone) return yield { kind: "gone" };
        if (isMore(told, known)) {
          told = known;
          yield { kind: "state", known };
        } else if (failure !== undefined) throw failure;
        else if (this.#failure !== undefined) throw this.#failure.error;
        else {
          // Whoever reads on was not satisfied by what is known.
          this.#hasten(known);
          await orAbort(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
        }
      }
    } finally {
      sources.abort();
    }
  }

  /** Looks once more, where a look makes sense now: an error becomes part of what is known. */
  async look(kind: LookKind, signal: AbortSignal): Promise<void> {
    const { clock, look } = this.#options;
    const known = this.#known as Knowledge;
    const at = clock.now();
    if (at < allowedAt(known)) return;
    try {
      const answer = await look(known.webset.id, kind, signal);
      const { value: webset, sentAt } = answer;
      this.#take({ kind: "looked", at: sentAt, webset, position: this.#positionBefore(sentAt) });
    } catch (error) {
      if (!(error instanceof WebsetsError)) throw error;
      this.#take({ kind: "unseen", at, error });
    }
  }

  /** Looks until it succeeds. A Webset that is not there may just have been created: it is looked for twice. */
  async *#begin(): AsyncGenerator<ObserverNews, Knowledge> {
    const { clock, look, websetId, signal } = this.#options;
    let isDoubted = false;
    for (let failures = 0; ; failures++) {
      try {
        const { value, sentAt } = await look(websetId, "first", signal);
        this.#firstAt = sentAt;
        this.#known = begin(value, sentAt, this.#positionBefore(sentAt));
        return this.#known;
      } catch (error) {
        const isAbsent: boolean = error instanceof WebsetsError && error.kind === "not_found";
        if (!(error instanceof WebsetsError) || (isAbsent ? isDoubted : !isTransient(error))) throw error;
        isDoubted ||= isAbsent;
        yield { kind: "retrying", error };
        await clock.sleep(isAbsent ? SECOND_LOOK_MS : pauseAfter(error, failures), signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { feed, clock, types, expects } = this.#options;
    const known = () => this.#known as Knowledge;
    const websetId = known().webset.id;
    let from: Position | undefined;
    for (;;) {
      try {
        from ??= await this.#whereToBegin(signal);
        const request = { types, websetId, from, resumes: true, signal, expects: () => expects(known().webset) };
        for await (const news of feed.read(request)) {
          const at = clock.now();
          if (news.kind === "retrying") this.#take({ kind: "unread", at, error: news.error });
          if (news.kind !== "read") continue;
          const { asked, settledUpTo } = news;
          if (settledUpTo !== undefined) from = positionAt(settledUpTo);
          const events = [...news.late, ...news.events];
          const [now, called] = [feed.upstreamClock.at(), this.#called()];
          this.#take({ kind: "read", at, events, asked, settledUpTo, now, called });
        }
      } catch (error) {
        if (!(error instanceof WebsetsError)) throw error;
        this.#take({ kind: "unread", at: clock.now(), error });
        const pauseMs = known().events.isClosed ? CLOSED_MS : SECOND_LOOK_MS;
        await clock.sleep(Math.max(pauseMs, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** The state may lag behind the events as events lag behind the clock: what is older than both is settled. */
  async #whereToBegin(signal: AbortSignal): Promise<Position> {
    const { feed, clock } = this.#options;
    const standIn = feed.upstreamClock.isSure ? undefined : await feed.positionNow(signal);
    const time = feed.upstreamClock.early(this.#firstAt);
    if (time === undefined && standIn === undefined) return this.#whereToBegin(signal);
    if (time === undefined) this.#take({ kind: "stood in", at: clock.now(), position: standIn as Position });
    return positionAt(watermarkAt(time ?? (standIn as Position).since));
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    const { clock, rhythm } = this.#options;
    for (;;) {
      const known = this.#known as Knowledge;
      const { at, isOwed } = nextLook(known, rhythm(known));
      const link = linkAbort(signal);
      try {
        if (at > clock.now()) {
          this.#pause = { until: at, link };
          await clock.sleep(at - clock.now(), link.signal);
        } else {
          if (!isOwed) this.#pause = { until: Number.POSITIVE_INFINITY, link };
          await this.look(isOwed ? "owed" : "slow", link.signal);
        }
      } catch (error) {
        if (signal.aborted || !link.signal.aborted) throw error;
      } finally {
        this.#pause = undefined;
        link.end();
      }
    }
  }

  #take(met: Observation): void {
    this.#known = learn(this.#known as Knowledge, met);
    this.#wake();
  }

  /** Ends a pause, or a slow look, where something calls for a look before. */
  #hasten(known: Knowledge): void {
    if (this.#pause === undefined) return;
    const { at, isOwed } = nextLook(known, this.#options.rhythm(known));
    const { until, link } = this.#pause;
    if (until === Number.POSITIVE_INFINITY ? isOwed : at < until) link.abort();
  }

  /** When the observer was called, by the clock that stamps events. */
  #called(): Within | undefined {
    const { upstreamClock } = this.#options.feed;
    const range = upstreamClock.range(this.#calledAt);
    if (this.#within === undefined && range !== undefined) {
      const { earliest, latest } = range;
      const within = { earliest: earliest - CLOCK_DISAGREEMENT_MS, latest: latest + CLOCK_DISAGREEMENT_MS };
      if (!upstreamClock.isSure) return within;
      // On a machine that sleeps, what is known later of this moment is wrong by as much as it slept.
      this.#within = within;
    }
    if (this.#within !== undefined) return this.#within;
    // What stands in for the upstream's time is not later than it was; nothing is sure to be of after the call.
    const standIn = this.#known?.standIn;
    if (standIn === undefined) return undefined;
    const since = standIn.position.since - (standIn.at - this.#calledAt);
    return { earliest: since - CLOCK_DISAGREEMENT_MS, latest: Number.POSITIVE_INFINITY };
  }

  #positionBefore(moment: number): Position | undefined {
    return positionAsOf(this.#options.feed, moment);
  }
}

/**
 * The progress of a Webset now, and a position from before that look: following events from there misses nothing that came
 * after it. `websetId` may be the caller's externalId. Throws what the client throws, `not_found` among it.
 */
export async function lookAtWebset(
  websetId: string,
  { states, feed, signal }: { states: WebsetStates; feed: Feed; signal: AbortSignal },
): Promise<{ progress: Progress; position: Position }> {
  let answer = await states.look(websetId, signal);
  let position = positionAsOf(feed, answer.sentAt);
  if (position === undefined) {
    position = await feed.positionNow(signal);
    answer = await states.look(websetId, signal);
  }
  if (isStill(answer.value, feed.upstreamClock.told)) await states.queue.ask(signal);
  return { progress: progressOf(answer.value, feed.upstreamClock.told, states.queue.told), position };
}

function positionAsOf({ upstreamClock }: Feed, moment: number): Position | undefined {
  const time = upstreamClock.early(moment);
  return time === undefined ? undefined : positionBefore(time);
}

/** A position before a look at this time of the upstream: what comes after it may be stamped by a clock that is behind. */
function positionBefore(time: number): Position {
  return positionAt(time - CLOCK_DISAGREEMENT_MS);
}

function isMore(one: Knowledge, other: Knowledge): boolean {
  if (one.webset !== other.webset || one.seen !== other.seen || one.idle !== other.idle) return true;
  return lastErrorOf(one) !== lastErrorOf(other);
}
