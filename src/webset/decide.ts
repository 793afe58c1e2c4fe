import type { Webset, WebsetSearch } from "../exa/schemas.ts";
import { foundBy, isFinished, isUnderWay, newestSearch, timeOf } from "./progress.ts";

/** What a wait is asked for: the end of a search, of all work, or a number of items found. */
export type Until = "search_completed" | "idle" | { items: number };
/**
 * `stopped`: nothing more comes of what was waited for, and not because of the other endings: the Webset is idle and the search neither
 * completed nor canceled, as far as its status is known, or the searches have ended with fewer items.
 */
export const OUTCOMES = ["reached", "still_running", "canceled", "paused", "deleted", "stopped"] as const;
export type Outcome = (typeof OUTCOMES)[number];
type Ended = Exclude<Outcome, "still_running">;

/** What a wait is for, fixed at its first look: later searches do not change it. */
export type Goal = { kind: "searches"; searchIds: readonly string[] } | { kind: "idle" } | ItemsGoal;
/** A number found in the whole Webset, or by that one search. */
type ItemsGoal = { kind: "items"; items: number; searchId: string | undefined };

/**
 * The goal of a wait that begins with this state. `search_completed` means the given search; without one, those unfinished
 * now; if none is, the newest; and if there is no search at all, what `idle` means.
 */
export function goalOf(until: Until, searchId: string | undefined, first: Webset): Goal {
  if (typeof until === "object") return { kind: "items", items: until.items, searchId };
  if (until === "idle") return { kind: "idle" };
  if (searchId !== undefined) return { kind: "searches", searchIds: [searchId] };
  const unfinished = first.searches.filter((search) => !isOver(search, first));
  if (unfinished.length > 0) return { kind: "searches", searchIds: unfinished.map((search) => search.id) };
  const newest = newestSearch(first.searches);
  return newest === undefined ? { kind: "idle" } : { kind: "searches", searchIds: [newest.id] };
}

/** Whether this state ends the wait, and how; undefined while there is reason to wait. Completed outranks all else. */
export function decide(goal: Goal, state: Webset): Ended | undefined {
  const ended = outcomeOf(goal, state);
  if (ended === "reached") return ended;
  // The searches of a deleted Webset are canceled first; whoever asks for it a moment later finds nothing.
  if (state.searches.some((search) => search.canceledReason === "webset_deleted")) return "deleted";
  return ended ?? (state.status === "paused" ? "paused" : undefined);
}

function outcomeOf(goal: Goal, state: Webset): Ended | undefined {
  if (goal.kind === "idle") return idleOutcome(state);
  return goal.kind === "items" ? itemsOutcome(goal, state) : searchesOutcome(goal.searchIds, state);
}

/** No more items come once each search that may find some has ended: enrichments, which go on longer, find none. */
function itemsOutcome({ items, searchId }: ItemsGoal, state: Webset): Ended | undefined {
  const searches = searchId === undefined ? state.searches : state.searches.filter(({ id }) => id === searchId);
  if ((foundBy(searches) ?? 0) >= items) return "reached";
  const newest = newestSearch(searches);
  // A search that is not listed may yet be.
  if (newest === undefined && searchId !== undefined) return undefined;
  const haveEnded = newest !== undefined && searches.every(isFinished);
  if (haveEnded && newest.status === "canceled") return "canceled";
  return haveEnded || hasStopped(state, searches) ? "stopped" : undefined;
}

function idleOutcome(state: Webset): Ended | undefined {
  if (isIdle(state)) return "reached";
  return hasStopped(state, state.searches) ? "stopped" : undefined;
}

/** The Webset says idle and no search in the same answer is unfinished. */
export function isIdle(state: Webset): boolean {
  return state.status === "idle" && state.searches.every((search) => isOver(search, state));
}

/** Whether a search has ended. One with a status nobody knows has, if a later one has completed. */
function isOver(search: WebsetSearch, { searches }: Webset): boolean {
  if (isFinished(search) || isUnderWay(search)) return isFinished(search);
  const completed = newestSearch(searches.filter(({ status }) => status === "completed"));
  return (
    completed !== undefined && newestSearch(searches.filter((one) => one === search || one === completed)) === completed
  );
}

function searchesOutcome(searchIds: readonly string[], state: Webset): Ended | undefined {
  const searches = searchIds.map((id) => state.searches.find((search) => search.id === id));
  if (searches.some((search) => search?.status === "canceled")) return "canceled";
  if (searches.every((search) => search?.status === "completed")) return "reached";
  return hasStopped(state, searches) ? "stopped" : undefined;
}

/** Nothing will come of the searches any more, though nobody knows how they ended. One that is under way may yet show its end. */
function hasStopped(state: Webset, searches: readonly (WebsetSearch | undefined)[]): boolean {
  return state.status === "idle" && searches.every((search) => search !== undefined && !isUnderWay(search));
}

/** A search that lacks items to its count ends this much later at the soonest, in milliseconds: 7 to 13 s have been recorded. */
const FINISHING_MS = 5_000;
/** The share of the time a search says it has left that is relied on. */
const TRUSTED_SHARE = 0.7;

/**
 * When a search of the goal can end, as a function of the state and `clock.now()`: the `clock.now()` before which none is likely
 * to; undefined where that is unknown. What a search has found tells it: recorded estimates were wrong by a factor of four.
 */
export function forecastOf(goal: Goal): (state: Webset, now: number) => number | undefined {
  // The next item may be the one.
  if (goal.kind === "items") return () => undefined;
  const lackedAt = new Map<string, number>();
  return (state, now) => {
    const ends = state.searches.flatMap(({ id, status, count, progress: { found, timeLeft } }) => {
      if (isFinished({ status }) || (goal.kind === "searches" && !goal.searchIds.includes(id))) return [];
      if (found !== null && count !== null && found < count) lackedAt.set(id, now);
      const leftMs = timeLeft === null || lackedAt.get(id) !== now ? FINISHING_MS : timeLeft * TRUSTED_SHARE * 1_000;
      const since = lackedAt.get(id);
      return [since === undefined ? Number.NEGATIVE_INFINITY : since + Math.min(FINISHING_MS, leftMs)];
    });
    return ends.length === 0 ? undefined : Math.min(...ends);
  };
}

/**
 * Whether a snapshot of the Webset was certainly taken after another one: it was updated later, or it knows every search of
 * the other and has ended at least one that was under way. Events carry such snapshots, and one from before the first look
 * must not end a wait.
 */
export function isLaterThan(snapshot: Webset, earlier: Webset): boolean {
  if (snapshot.updatedAt !== null && earlier.updatedAt !== null) {
    const later = timeOf(snapshot.updatedAt) - timeOf(earlier.updatedAt);
    if (later !== 0) return later > 0;
  }
  const ended = new Map(snapshot.searches.map((search) => [search.id, isFinished(search)]));
  if (!earlier.searches.every((search) => ended.has(search.id))) return false;
  return earlier.searches.some((search) => !isFinished(search) && ended.get(search.id) === true);
}
