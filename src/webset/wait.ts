import type { Answer, ExaClient } from "../exa/client.ts";
import { parseTime } from "../exa/event.ts";
import { parseSearch, parseWebset, type Webset } from "../exa/schemas.ts";
import { nothingAnswered, startTimeLimit } from "../feed/collect.ts";
import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { type Position, positionAt, settledAt } from "../feed/position.ts";
import { timeWhenAsked } from "../feed/server-time.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, isPassing, WebsetsError } from "../shared/errors.ts";
import { decide, type Goal, goalOf, isIdle, isLaterThan, type Outcome, type Until } from "./decide.ts";
import { type Progress, progressOf, withSearch } from "./progress.ts";
import type { WebsetStates } from "./states.ts";

/** What can end a wait, and what tells how far a search is. One set for all waits, so that one tail serves them all. */
export const FOLLOWED_TYPES: readonly string[] = [
  "webset.deleted",
  "webset.idle",
  "webset.paused",
  "webset.search.canceled",
  "webset.search.completed",
  "webset.search.updated",
];

/** A wait's last look may take this long beyond its time, in milliseconds. */
const LAST_LOOK_MS = 600;
/** The pause before a failed look is tried again, in milliseconds. */
const RETRY_MS = 1_000;

export interface WebsetWait {
  exa: Pick<ExaClient, "getSearch">;
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
  /** The Webset's id or externalId. */
  websetId: string;
  until: Until;
  searchId?: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
  /** Told whenever progress became known or changed. */
  onProgress?: (progress: Progress) => void;
}

export interface WebsetWaited {
  outcome: Outcome;
  /** As of the end of the wait; null where no look at the Webset succeeded. */
  progress: Progress | null;
  /** A point not later than the state in `progress`: following events from here misses nothing that came after it. */
  position: Position | undefined;
  waitedMs: number;
  /** The trouble that lasted when the time ran out. */
  trouble?: WebsetsError;
}

/**
 * Waits until a Webset's search is completed, or until it is idle. It looks at the state first and then follows the events
 * from a position taken before that look, so nothing falls between. Throws `not_found` where there is no such Webset or search,
 * what cannot pass by itself, and `unavailable` if no look succeeded in the whole time.
 */
export async function waitForWebset(wait: WebsetWait): Promise<WebsetWaited> {
  const { clock, timeoutMs, signal } = wait;
  const startedAt = clock.now();
  const startedWall = clock.wallTime();
  const watch = new Watch(wait);
  const limit = startTimeLimit(clock, timeoutMs, signal, () => watch.looked);
  let outcome: Outcome = "timed_out";
  try {
    outcome = await watch.run(limit.signal);
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
    if (!watch.looked) throw nothingAnswered(startedWall, watch.trouble);
    outcome = (await watch.lastLook()) ?? "timed_out";
  } finally {
    limit.clear();
  }
  return {
    outcome,
    progress: watch.progress,
    position: watch.position,
    waitedMs: clock.now() - startedAt,
    ...(watch.trouble === undefined || outcome !== "timed_out" ? {} : { trouble: watch.trouble }),
  };
}

/** One wait under way: the state as far as it is known, and where the wait stands in the feed. */
class Watch {
  readonly #wait: WebsetWait;
  #first: Webset | undefined;
  #state: Webset | undefined;
  #goal: Goal | undefined;
  position: Position | undefined;
  trouble: WebsetsError | undefined;

  constructor(wait: WebsetWait) {
    this.#wait = wait;
  }

  get looked(): boolean {
    return this.#state !== undefined;
  }

  get progress(): Progress | null {
    return this.#state === undefined ? null : progressOf(this.#state);
  }

  async run(signal: AbortSignal): Promise<Outcome> {
    const { feed, timeoutMs } = this.#wait;
    let from = await this.#firstLook(signal);
    if (from === undefined) {
      // Without the upstream's time the position comes from the feed, and the look that counts is the one after it.
      from = await feed.positionNow(signal);
      await this.#look(signal);
      this.position = from;
    }
    return this.#decide() ?? (timeoutMs === 0 ? "timed_out" : this.#follow(from, signal));
  }

  /** A look when the time is over: bounded, and not needed, for the events have told most of it. */
  async lastLook(): Promise<Outcome | undefined> {
    const { clock, signal } = this.#wait;
    const limit = startTimeLimit(clock, LAST_LOOK_MS, signal, () => true);
    try {
      return await this.#look(limit.signal);
    } catch (error) {
      if (signal.aborted) throw abortError();
      if (!isAbort(error) && !(error instanceof WebsetsError)) throw error;
      return undefined;
    } finally {
      limit.clear();
    }
  }

  /** Looks until it succeeds; resolves to a position before that look, if the upstream tells its time. */
  async #firstLook(signal: AbortSignal): Promise<Position | undefined> {
    const { states, websetId, clock, until, searchId } = this.#wait;
    for (;;) {
      try {
        const answer = await states.look(websetId, signal);
        const first = await this.#withSearchAskedFor(answer.value, signal);
        this.#note(answer, first);
        this.#first = first;
        this.#goal = goalOf(until, searchId, first);
        this.trouble = undefined;
        // The state may lag behind the events as events lag behind the clock: what is older than both is settled.
        const before = timeWhenAsked(answer);
        return before === undefined ? undefined : positionAt(settledAt(before));
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.trouble = error;
        await clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** A search given by id counts even where the Webset does not list it. */
  async #withSearchAskedFor(webset: Webset, signal: AbortSignal): Promise<Webset> {
    const { searchId, exa } = this.#wait;
    if (searchId === undefined || webset.searches.some((search) => search.id === searchId)) return webset;
    const { value } = await exa.getSearch(webset.id, searchId, { signal, group: "state" });
    return withSearch(webset, value);
  }

  async #follow(from: Position, signal: AbortSignal): Promise<Outcome> {
    const { feed } = this.#wait;
    for await (const news of feed.read({ types: FOLLOWED_TYPES, websetId: this.#state?.id, from, signal })) {
      if (news.kind === "retrying") this.trouble = news.error;
      if (news.kind !== "read") continue;
      if (news.asked) this.trouble = undefined;
      for (const event of news.events) {
        const outcome = await this.#take(event, signal);
        if (outcome !== undefined) return outcome;
      }
    }
    throw abortError();
  }

  async #take(event: FeedEvent, signal: AbortSignal): Promise<Outcome | undefined> {
    if (event.type === "webset.deleted") return "deleted";
    if (event.type.startsWith("webset.search.")) {
      const search = attempt(() => parseSearch(event.data));
      if (search === undefined) return this.#look(signal);
      this.#state = withSearch(this.#state as Webset, search);
      this.#report();
      if (this.#decide() === undefined) return undefined;
      return (await this.lastLook()) ?? this.#decide();
    }
    const snapshot = attempt(() => parseWebset(event.data));
    const seen = await this.#look(signal).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      this.trouble = error;
      return undefined;
    });
    if (seen !== undefined) return seen;
    // Idle is a moment: it counts even if it was over before the look, provided it came after the wait began.
    const wasIdle = this.#goal?.kind === "idle" && snapshot !== undefined && isIdle(snapshot);
    return wasIdle && isLaterThan(snapshot, this.#first as Webset) ? "reached" : undefined;
  }

  async #look(signal: AbortSignal): Promise<Outcome | undefined> {
    const { states } = this.#wait;
    const known = this.#state as Webset;
    try {
      const answer = await states.look(known.id, signal);
      // A look can lag behind what events have told.
      this.#note(answer, known.searches.reduce(withSearch, answer.value));
      return this.#decide();
    } catch (error) {
      if (error instanceof WebsetsError && error.kind === "not_found") return "deleted";
      throw error;
    }
  }

  #note(answer: Answer<Webset>, state: Webset): void {
    const { feed } = this.#wait;
    const before = timeWhenAsked(answer);
    feed.noteServerTime(before, answer.sentAt);
    if (before !== undefined) this.position = positionAt(before);
    else this.position ??= positionAt(parseTime(answer.value.updatedAt ?? "") ?? 0);
    this.#state = state;
    this.#report();
  }

  #decide(): Outcome | undefined {
    return this.#goal === undefined || this.#state === undefined ? undefined : decide(this.#goal, this.#state);
  }

  #report(): void {
    if (this.#state !== undefined) this.#wait.onProgress?.(progressOf(this.#state));
  }
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
