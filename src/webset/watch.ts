import type { Feed } from "../feed/feed.ts";
import { positionAt, settledAt } from "../feed/position.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, isPassing, WebsetsError } from "../shared/errors.ts";
import { lookAtWebset } from "./look.ts";
import { isUnderWay, type Progress, progressOf } from "./progress.ts";
import type { WebsetStates } from "./states.ts";

/**
 * What changes the progress of a Webset. One set for all watches, so that one tail serves them all. Items are not among
 * them: each carries its page's text, and a look at the Webset tells the same of its progress in a few kilobytes.
 */
export const WATCHED_TYPES: readonly string[] = [
  "import.completed",
  "import.created",
  "monitor.created",
  "monitor.deleted",
  "monitor.run.completed",
  "monitor.run.created",
  "monitor.updated",
  "webset.deleted",
  "webset.idle",
  "webset.paused",
  "webset.search.canceled",
  "webset.search.completed",
  "webset.search.created",
  "webset.search.updated",
];

/** A change is told at most this often, in milliseconds. */
const TELLING_GAP_MS = 1_000;
/** While something is going on, each poll brings a look, but not more often than this: a little less than the telling gap. */
const LOOK_GAP_MS = 800;
/** What changes a Webset at rest without an event (a new enrichment, going on after a pause) is found this late at most. */
const RESTING_LOOK_MS = 5_000;
/** The state may lag behind an event; for so long after one the Webset does not count as resting. */
const STIRRED_MS = 10_000;
/** The pause before a failed first look is tried again, in milliseconds. */
const RETRY_MS = 1_000;

export interface ProgressWatch {
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
  /** The Webset's id or externalId. */
  websetId: string;
  /** Ends the watch, which then rejects with an AbortError. */
  signal: AbortSignal;
  /** The progress as JSON that whoever watches has seen; asked when the first look has succeeded. */
  known?: () => string | undefined;
  /** Told once, when the first look has succeeded or met trouble that passes. */
  onBegun?: () => void;
  /** Told of every change, at most once a second; null when the Webset was deleted. */
  onChange: (progress: Progress | null) => void;
}

/**
 * Watches the progress of a Webset: looks at it, then follows events from a position before that look, and tells when the
 * progress is not what it was. Trouble that passes is outlasted. Resolves when the Webset was deleted; rejects when the signal
 * aborts, with `not_found` where there was no such Webset, and with what cannot pass by itself.
 */
export async function watchProgress(watch: ProgressWatch): Promise<void> {
  const { progress, position } = await firstLook(watch);
  const watching = new Watching(watch, progress);
  const { signal } = watching;
  // The state may lag behind the events as events lag behind the clock: what is older than both is settled.
  const from = positionAt(settledAt(position.since));
  try {
    for await (const news of watch.feed.read({ types: WATCHED_TYPES, websetId: progress.websetId, from, signal })) {
      if (news.kind === "read") watching.take(news.events.length > 0);
    }
  } catch (error) {
    if (watching.gone) return;
    throw signal.aborted ? signal.reason : error;
  } finally {
    watching.stop(abortError());
  }
}

/** Looks until it succeeds; the position is from before the look. */
async function firstLook({ states, feed, clock, websetId, signal, onBegun }: ProgressWatch) {
  let begun = false;
  const begin = () => {
    if (!begun) onBegun?.();
    begun = true;
  };
  for (;;) {
    try {
      const looked = await lookAtWebset(websetId, { states, feed, signal });
      begin();
      return looked;
    } catch (error) {
      if (!isPassing(error)) throw error;
      begin();
      await clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
    }
  }
}

/** One watch under way: what it has told last, and whether there is reason to look again. */
class Watching {
  readonly #watch: ProgressWatch;
  readonly #stop = new AbortController();
  /** Aborts when the watch is to end, for whatever reason. */
  readonly signal: AbortSignal;
  #progress: Progress;
  #told: string;
  #lookedAt: number;
  #stirredAt = Number.NEGATIVE_INFINITY;
  /** The `clock.now()` before which the upstream does not want another look. */
  #notBefore = Number.NEGATIVE_INFINITY;
  /** There is reason to look. */
  #due: boolean;
  #looking = false;
  /** The Webset was deleted. */
  gone = false;

  constructor(watch: ProgressWatch, first: Progress) {
    this.#watch = watch;
    this.signal = AbortSignal.any([watch.signal, this.#stop.signal]);
    this.#progress = first;
    this.#lookedAt = watch.clock.now();
    const text = JSON.stringify(first);
    this.#told = watch.known?.() ?? text;
    // Whoever has read the progress before is told what happened in between.
    this.#due = this.#told !== text;
  }

  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** The events were asked for, and there were some of this Webset or none. */
  take(stirred: boolean): void {
    const now = this.#watch.clock.now();
    if (stirred) this.#stirredAt = now;
    const resting = isResting(this.#progress) && now - this.#stirredAt > STIRRED_MS;
    if (stirred || now - this.#lookedAt >= (resting ? RESTING_LOOK_MS : LOOK_GAP_MS)) this.#due = true;
    if (this.#due && !this.#looking && now >= this.#notBefore) void this.#lookAgain();
  }

  /** Looks as long as there is reason to: events that come meanwhile are answered by one further look. */
  async #lookAgain(): Promise<void> {
    this.#looking = true;
    try {
      do {
        this.#due = false;
        if (await this.#look()) await this.#watch.clock.sleep(TELLING_GAP_MS, this.signal);
      } while (this.#due);
    } catch (error) {
      // What passes is tried again with the next poll that succeeds: the last look is too long ago by then.
      if (isPassing(error)) this.#notBefore = this.#watch.clock.now() + (error.retryAfterMs ?? 0);
      else if (!isAbort(error)) this.stop(error);
    } finally {
      this.#looking = false;
    }
  }

  /** Whether the look told of a change. */
  async #look(): Promise<boolean> {
    const { states, clock, onChange } = this.#watch;
    this.#lookedAt = clock.now();
    try {
      const answer = await states.look(this.#progress.websetId, this.signal, this.#lookedAt);
      this.#progress = progressOf(answer.value);
    } catch (error) {
      if (!(error instanceof WebsetsError && error.kind === "not_found")) throw error;
      this.gone = true;
      onChange(null);
      this.stop(error);
      return false;
    }
    const text = JSON.stringify(this.#progress);
    if (text === this.#told) return false;
    this.#told = text;
    onChange(this.#progress);
    return true;
  }
}

/** Whether nothing is going on that would change the progress by itself. */
function isResting({ status, searches }: Progress): boolean {
  return status === "paused" || (status === "idle" && !searches.some(isUnderWay));
}
