import type { ExaClient } from "../exa/client.ts";
import type { Webset } from "../exa/schemas.ts";
import { GRACE_MS, limitWait, nothingAnswered, OVERSLEPT_MS } from "../feed/collect.ts";
import type { Feed } from "../feed/feed.ts";
import { LATE_MS, type Position } from "../feed/position.ts";
import { startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, WebsetsError } from "../shared/errors.ts";
import { decide, forecastOf, type Goal, goalOf, type Outcome, type Until } from "./decide.ts";
import { failureOf, type Knowledge, lastErrorOf, withTold } from "./knowledge.ts";
import { Observer } from "./observe.ts";
import { isStill, isUnderWay, type Progress, progressOf, withSearch } from "./progress.ts";
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

/** A wait looks at the state this often besides the events, in milliseconds: one may be late, or never come. */
const SLOW_LOOK_MS = 15_000;
/** While events tell how far a search is, that look may come this much later, in milliseconds. */
const LONGEST_TRUST_MS = 30_000;
/** A wait's last look may take this long, in milliseconds: then it returns, well within a second of its time. */
const LAST_LOOK_MS = 800;
/** The same for a wait whose process was stopped past its time, as on a machine that slept. */
const FRESH_LOOK_MS = 5_000;
/** For the last look, an answer that somebody else asked for so shortly before will do, in milliseconds. */
const RECENT_MS = 1_000;

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
  /** How much longer the first look may take, in milliseconds; without it no host notices. */
  firstReadingMs?: number | undefined;
  signal: AbortSignal;
  /** When it aborts the time is up. */
  closing?: AbortSignal | undefined;
  /** Told whenever progress became known or changed. */
  onProgress?: (progress: Progress, position: Position) => void;
  /** Told of transient errors while the wait goes on, and with undefined when a request succeeds again. */
  onTransientError?: ((error: WebsetsError | undefined) => void) | undefined;
  /** Told once, when the first look has shown that there is something to wait for. */
  onWaiting?: () => void;
}

export interface WebsetWaited {
  outcome: Outcome;
  /** As of the last look, with what events have told of since; null where no look at the Webset succeeded. */
  progress: Progress | null;
  /** A point not later than the state in `progress`: following events from here misses nothing that came after it. */
  position: Position | undefined;
  waitedMs: number;
  /** The error that lasted when the time ran out. */
  lastError?: WebsetsError;
}

/**
 * Waits until a Webset's search is completed, it has found that many items or it is idle; what has already happened counts. Throws
 * `not_found` where there is no such Webset or search, what cannot pass by itself, and `unavailable` if no look succeeded in the
 * whole time.
 */
export async function waitForWebset(wait: WebsetWait): Promise<WebsetWaited> {
  const { clock, feed, timeoutMs, signal, closing, firstReadingMs = GRACE_MS } = wait;
  const startedAt = clock.now();
  const startedWall = clock.wallTime();
  let lateMs = 0;
  const limit = limitWait(wait, (late) => {
    lateMs = late;
    if (observer.known !== undefined) return 0;
    return Math.max(firstReadingMs, late > OVERSLEPT_MS ? FRESH_LOOK_MS : 0);
  });
  let goal: Goal | undefined;
  let forecast: ReturnType<typeof forecastOf> | undefined;
  const { queue } = wait.states;
  const progressNow = (webset: Webset) => progressOf(webset, feed.upstreamClock.told, queue.told);
  /** Nothing is held up by it: what it finds out is told with what is told next. */
  const explainStillness = (webset: Webset) => {
    if (isStill(webset, feed.upstreamClock.told)) queue.ask(limit.signal).catch(() => {});
  };
  const observer = new Observer({
    feed,
    clock,
    websetId: wait.websetId,
    types: FOLLOWED_TYPES,
    signal: limit.signal,
    async look(websetId, kind, within) {
      if (kind === "slow") {
        const seen = await wait.states.lookInTurn(websetId, within);
        explainStillness(seen.value);
        return seen;
      }
      const askedAt = kind === "first" ? startedAt : clock.now() - (kind === "last" ? RECENT_MS : 0);
      const answer = await wait.states.look(websetId, within, askedAt);
      if (kind !== "last") explainStillness(answer.value);
      return { ...answer, value: await withSearchAskedFor(answer.value, wait, observer.known, within) };
    },
    // What an event has told since is as good as a look, but not for ever.
    rhythm: ({ toldAt, triedAt }) => SLOW_LOOK_MS + Math.min(Math.max(0, toldAt - triedAt), LONGEST_TRUST_MS),
    expects: (webset) => ({
      isRunning: webset.status !== "idle" && webset.status !== "paused",
      nothingBefore: observer.known?.owed === undefined ? forecast?.(webset, clock.now()) : undefined,
    }),
  });
  let outcome: Outcome = "still_running";
  let unseen: WebsetsError | undefined;
  /** Whether a look was asked for that shows what events do not tell; if it lags, others follow in their time. */
  let hasLooked = false;
  const endWith = async (goal: Goal, leftMs: number) => {
    const endsBy = clock.now() + Math.max(0, leftMs);
    await lastLook(observer, wait, leftMs);
    // What was asked for before the process was stopped is of then.
    if (clock.now() - endsBy > OVERSLEPT_MS) await lastLook(observer, wait, FRESH_LOOK_MS);
    const known = observer.known as Knowledge;
    outcome = outcomeOf(goal, known);
    const failure = failureOf(known);
    if (outcome === "still_running" && failure !== undefined) throw failure;
  };
  try {
    for await (const news of observer.news()) {
      if (news.kind === "retrying") {
        unseen = news.error;
        wait.onTransientError?.(unseen);
      }
      if (news.kind === "gone") outcome = "deleted";
      if (news.kind === "state") {
        const { known } = news;
        wait.onTransientError?.(lastErrorOf(known));
        wait.onProgress?.(progressNow(known.webset), known.position);
        const isFirst = goal === undefined;
        goal ??= goalOf(wait.until, wait.searchId, known.webset);
        forecast ??= forecastOf(goal);
        outcome = outcomeOf(goal, known);
        if (isFirst && outcome === "still_running") wait.onWaiting?.();
        // A first look that used up the time leaves none to follow anything.
        const isUp = closing?.aborted || clock.now() - startedAt >= timeoutMs;
        const hadLooked = hasLooked;
        hasLooked = lacksALook(goal, known);
        if (hasLooked && !hadLooked) {
          await observer.look("owed", limit.signal);
          outcome = outcomeOf(goal, observer.known as Knowledge);
        }
        if (outcome !== "still_running") break;
        if (!isFirst || !isUp) continue;
        // What was on its way when the process was stopped is of then; a first look may take its own time.
        const overMs = clock.now() - startedAt - timeoutMs;
        if (lateMs > OVERSLEPT_MS || overMs > Math.max(OVERSLEPT_MS, firstReadingMs))
          await endWith(goal, FRESH_LOOK_MS);
        break;
      }
    }
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
    // Whoever has no time to look for it once more believes what was said, but not what was asked for before the process was stopped.
    const isAbsent = unseen?.kind === "not_found" && lateMs <= OVERSLEPT_MS;
    if (goal === undefined) throw isAbsent ? unseen : nothingAnswered(startedWall, unseen ?? feed.lastError);
    // After a time in which the process was stopped, what it knows says little.
    const endsAt = closing?.aborted ? clock.now() : startedAt + timeoutMs + Math.max(0, lateMs);
    const left = lateMs > OVERSLEPT_MS ? FRESH_LOOK_MS : endsAt + LAST_LOOK_MS - clock.now();
    await endWith(goal, left);
  } finally {
    limit.abort();
  }
  const { known } = observer;
  // A request that nobody answers has not failed yet.
  const silence = clock.now() - Math.max(startedAt, feed.answeredAt) > LATE_MS ? feed.lastError : undefined;
  const lastError = known && (lastErrorOf(known) ?? silence);
  return {
    outcome,
    progress: known === undefined ? null : progressNow(known.webset),
    position: known?.position,
    waitedMs: clock.now() - startedAt,
    ...(lastError === undefined || outcome !== "still_running" ? {} : { lastError }),
  };
}

function outcomeOf(goal: Goal, known: Knowledge): Outcome {
  const { webset, idle, isGone } = known;
  if (isGone) return "deleted";
  if (lacksALook(goal, known)) return "still_running";
  return decide(goal, webset) ?? (goal.kind === "idle" && idle !== undefined ? "reached" : "still_running");
}

/** Whether events tell that all searches have ended: no event has to tell of one that began meanwhile, and may find more. */
function lacksALook(goal: Goal, { webset, seen, isGone }: Knowledge): boolean {
  if (goal.kind !== "items" || isGone) return false;
  const isEnd = (state: Webset) => ["stopped", "canceled"].includes(decide(goal, state) ?? "");
  return isEnd(webset) && !isEnd(seen);
}

/** A look at the end of a wait, so that its progress is of now. It is bounded: the events have told what matters. */
async function lastLook(observer: Observer, { clock, signal }: WebsetWait, ms: number): Promise<void> {
  const limit = startTimeLimit(clock, ms, signal);
  try {
    if (ms > 0) await observer.look("last", limit.signal);
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
  } finally {
    limit.end();
  }
}

/** A search given by id counts even where the Webset does not list it. */
async function withSearchAskedFor(
  webset: Webset,
  { searchId, exa }: WebsetWait,
  known: Knowledge | undefined,
  signal: AbortSignal,
): Promise<Webset> {
  if (searchId === undefined || webset.searches.some((search) => search.id === searchId)) return webset;
  try {
    const { value } = await exa.getSearch(webset.id, searchId, { signal, group: "state" });
    // Then its state may be of before that search, and say that the Webset is idle.
    return isUnderWay(value) ? withTold(webset, value) : withSearch(webset, value);
  } catch (error) {
    // Once it was there, only the Webset itself can be gone.
    if (known === undefined || !(error instanceof WebsetsError) || error.kind !== "not_found") throw error;
    return webset;
  }
}
