import type { Monitor, Webset, WebsetImport, WebsetSearch } from "../exa/schemas.ts";
import { plainText } from "../shared/text.ts";

/** How far a Webset is, in the few fields an agent needs. Times are ISO 8601, lengths of time in seconds. */
export type Progress = {
  websetId: string;
  externalId?: string;
  title?: string;
  status: string;
  /** Where a person sees the Webset. */
  dashboardUrl?: string;
  /** Items, by all searches together; null where none of them tells. */
  found: number | null;
  /** The newest ones, in the API's order. */
  searches: SearchProgress[];
  /** How many there are besides, and what they found. */
  earlierSearches?: { count: number; found: number };
  enrichments: { enrichmentId: string; title: string; status: string }[];
  imports: ImportProgress[];
  monitors: MonitorProgress[];
  /** The account's queue, where that is what one waits for. */
  queue?: Queue;
  /** When the last of all these parts was updated; null where the API did not tell. */
  updatedAt: string | null;
  /** One line for people and for agents in a hurry. */
  summary: string;
};

export type SearchProgress = {
  searchId: string;
  query: string;
  status: string;
  /** Why it was canceled, in the API's word: `out_of_credits`, for example. Absent for a search that was canceled by itself. */
  canceledReason?: string;
  /** This and all numbers below: null where the API did not tell, or told what cannot be. */
  found: number | null;
  /** How many items the search is to find. */
  target: number | null;
  analyzed: number | null;
  /** Percent, 0 to 100. Null for a canceled search, of which the API always says 100. */
  completion: number | null;
  /** The API's own estimate. */
  secondsLeft: number | null;
  startedAt: string | null;
  /** By its last update, for the API has no other time of a completion. */
  endedAt?: string;
  /** From its start to its end, or to now. */
  seconds: number | null;
};

/** How many requests of the account are worked on, at most and now, and how many wait; null where the API does not tell. */
export type Queue = { active: number | null; maxConcurrent: number | null; queued: number | null };

export type ImportProgress = {
  importId: string;
  title?: string;
  status: string;
  count: number | null;
  failedReason?: string;
  failedMessage?: string;
};

export type MonitorProgress = {
  monitorId: string;
  status: string;
  nextRunAt?: string;
  lastRun?: {
    runId: string;
    status: string;
    startedAt: string | null;
    endedAt?: string;
    failedReason?: string;
    /** The search that began during the run, where it is the only one: the API says nothing of what a run does. */
    searchId?: string;
    found?: number;
  };
};

/** Queries may have 5,000 characters; this many tell which one it is. */
const QUERY_LENGTH = 60;
const TITLE_LENGTH = 60;
/** Statuses and reasons are short; what is not is no such thing. */
const WORD_LENGTH = 60;
/** Messages are sentences. */
const MESSAGE_LENGTH = 200;
/** An address on one line, of a length that addresses have. */
const ADDRESS = /^https?:\/\/[\x21-\x7e]{1,300}$/;
/** A search shows that it goes on some seconds after its creation, 3 to 9 of them as recorded: in milliseconds, with room. */
const STILL_MS = 15_000;
/** Searches are canceled for one of few reasons. */
const MOST_REASONS = 3;
/** A Webset that a monitor feeds has hundreds of searches: this many of the newest are told one by one. */
const MOST_SEARCHES = 5;
/** Of other lists, which hardly grow, this many. */
const MOST_OTHERS = 50;

/** The API's statuses of a search, and whether it has ended then. */
const SEARCH_STATUSES: ReadonlyMap<string, boolean> = new Map([
  ["created", false],
  ["pending", false],
  ["running", false],
  ["completed", true],
  ["canceled", true],
]);

/** Whether a search has ended. A status this program does not know counts as unfinished while the Webset is at work. */
export function isFinished(search: { status: string }): boolean {
  return SEARCH_STATUSES.get(search.status) === true;
}

/** Whether the API has a word for it that a search has still to end: in an idle Webset one with an unknown status will not. */
export function isUnderWay(search: { status: string }): boolean {
  return SEARCH_STATUSES.get(search.status) === false;
}

/**
 * The progress of a Webset as the API told it, with lists no longer than a result has room for.
 * @param now the upstream's time, in milliseconds since 1970; without it nobody is told how long an unfinished search has taken,
 *   so that the progress of a Webset in which nothing changes stays the same.
 * @param queue what is known of the account's queue: it is told where it explains why nothing moves.
 */
export function progressOf(webset: Webset, now?: number, queue?: Queue): Progress {
  const { externalId, title, dashboardUrl } = webset;
  const searches = webset.searches.map((search) => searchProgress(search, now));
  const newest = newestSearches(webset.searches);
  const earlier = webset.searches.filter((_, index) => !newest.has(index));
  const whole = {
    websetId: webset.id,
    ...(externalId === null ? {} : { externalId }),
    ...(title === null ? {} : { title: plainText(title, TITLE_LENGTH) }),
    status: word(webset.status),
    ...(dashboardUrl === null || !ADDRESS.test(dashboardUrl) ? {} : { dashboardUrl }),
    found: foundBy(webset.searches),
    searches,
    ...(earlier.length === 0 ? {} : { earlierSearches: { count: earlier.length, found: foundBy(earlier) ?? 0 } }),
    enrichments: webset.enrichments.map((enrichment) => ({
      enrichmentId: enrichment.id,
      title: plainText(enrichment.title ?? enrichment.description, TITLE_LENGTH),
      status: word(enrichment.status),
    })),
    imports: webset.imports.map(importProgress),
    monitors: webset.monitors.map((monitor) => monitorProgress(monitor, webset.searches)),
    ...(queue?.queued && now !== undefined && isStill(webset, now) ? { queue } : {}),
    updatedAt: latestUpdate(webset),
  };
  return {
    ...whole,
    searches: searches.filter((_, index) => newest.has(index)),
    enrichments: whole.enrichments.slice(0, MOST_OTHERS),
    imports: whole.imports.slice(0, MOST_OTHERS),
    monitors: whole.monitors.slice(0, MOST_OTHERS),
    summary: summaryOf(whole, currentSearch(webset.searches)),
  };
}

type Whole = Omit<Progress, "summary">;

function importProgress({ id, title, status, count, failedReason, failedMessage }: WebsetImport): ImportProgress {
  return {
    importId: id,
    ...(title === null ? {} : { title: plainText(title, TITLE_LENGTH) }),
    status: word(status),
    count,
    ...(failedReason === null ? {} : { failedReason: word(failedReason) }),
    ...(failedMessage === null ? {} : { failedMessage: plainText(failedMessage, MESSAGE_LENGTH) }),
  };
}

function monitorProgress(monitor: Monitor, searches: readonly WebsetSearch[]): MonitorProgress {
  const { id, status, nextRunAt, lastRun: run } = monitor;
  const told = { monitorId: id, status: word(status), ...(nextRunAt === null ? {} : { nextRunAt: word(nextRunAt) }) };
  if (run === null) return told;
  const endedAt = run.completedAt ?? run.failedAt ?? run.canceledAt;
  const search = searchDuring(searches, run.createdAt, endedAt);
  return {
    ...told,
    lastRun: {
      runId: run.id,
      status: word(run.status),
      startedAt: wordOrNull(run.createdAt),
      ...(endedAt === null ? {} : { endedAt: word(endedAt) }),
      ...(run.failedReason === null ? {} : { failedReason: plainText(run.failedReason, MESSAGE_LENGTH) }),
      ...(search === undefined ? {} : { searchId: search.id }),
      ...(search === undefined || search.progress.found === null ? {} : { found: search.progress.found }),
    },
  };
}

/** The search that began within a time, where it is the only one; a time that has not ended has no end. */
export function searchDuring(
  searches: readonly WebsetSearch[],
  begunAt: string | null,
  endedAt: string | null,
): WebsetSearch | undefined {
  const [begun, ended] = [timeOf(begunAt), endedAt === null ? Number.POSITIVE_INFINITY : timeOf(endedAt)];
  const during = searches.filter(
    ({ createdAt }) => begun > 0 && begun <= timeOf(createdAt) && timeOf(createdAt) <= ended,
  );
  return during.length === 1 ? during[0] : undefined;
}

/**
 * Whether there is something to do in a Webset, and nothing shows of it though it was asked for some time ago. That a search moves
 * is told by its numbers alone: as recorded, its `updatedAt` stands still meanwhile.
 */
export function isStill({ status, createdAt, searches }: Webset, now: number): boolean {
  if (status === "idle" || status === "paused") return false;
  const isOld = (time: string | null) => timeOf(time) > 0 && now - timeOf(time) >= STILL_MS;
  const unfinished = searches.filter((search) => !isFinished(search));
  if (unfinished.length === 0) return status === "pending" && isOld(createdAt);
  return unfinished.every(({ progress, createdAt }) => !progress.found && !progress.analyzed && isOld(createdAt));
}

/** When the last of a Webset's parts was updated: the Webset itself does not move with each of them. */
function latestUpdate({ updatedAt, searches, enrichments, imports, monitors }: Webset): string | null {
  const runs = monitors.flatMap(({ lastRun }) => (lastRun === null ? [] : [lastRun]));
  let latest = updatedAt;
  for (const part of [searches, enrichments, imports, monitors, runs].flat()) {
    if (timeOf(part.updatedAt) > timeOf(latest)) latest = part.updatedAt;
  }
  return wordOrNull(latest);
}

/**
 * The Webset with what a search event told since: the later of both stands, by `updatedAt`. A search that has ended stays
 * ended, and one the Webset does not list is added.
 */
export function withSearch(webset: Webset, search: WebsetSearch): Webset {
  const known = webset.searches.find((one) => one.id === search.id);
  if (known === undefined) return { ...webset, searches: [...webset.searches, search] };
  if (isFinished(known) || (!isFinished(search) && timeOf(search.updatedAt) < timeOf(known.updatedAt))) return webset;
  return { ...webset, searches: webset.searches.map((one) => (one.id === search.id ? { ...one, ...search } : one)) };
}

/** A search as the API told it, without what it says of all that are canceled: that they are complete. `now` as above. */
export function searchProgress(search: WebsetSearch, now?: number): SearchProgress {
  const { found, analyzed, completion, timeLeft } = search.progress;
  const isCanceled = search.status === "canceled";
  const endedAt = isFinished(search) ? ((isCanceled ? search.canceledAt : null) ?? search.updatedAt) : null;
  const [from, to] = [timeOf(search.createdAt), isFinished(search) ? timeOf(endedAt) : (now ?? 0)];
  return {
    searchId: search.id,
    query: plainText(search.query, QUERY_LENGTH),
    status: word(search.status),
    ...(search.canceledReason === null ? {} : { canceledReason: word(search.canceledReason) }),
    found,
    target: search.count,
    analyzed,
    completion: completion === null || isCanceled ? null : Math.round(completion * 10) / 10,
    // What one that is not under way any more says of it is of before it ended.
    secondsLeft: isUnderWay(search) || timeLeft === null ? timeLeft : search.status === "completed" ? 0 : null,
    startedAt: wordOrNull(search.createdAt),
    ...(endedAt === null ? {} : { endedAt: word(endedAt) }),
    seconds: secondsBetween(from, to),
  };
}

function word(text: string): string {
  return plainText(text, WORD_LENGTH) || "unknown";
}

function wordOrNull(text: string | null): string | null {
  return text === null ? null : word(text);
}

/** The search that an observer cares for: the first that is under way, or else the newest. */
function currentSearch(searches: readonly WebsetSearch[]): number | undefined {
  const running = searches.findIndex((search) => !isFinished(search));
  const current = running === -1 ? searches.lastIndexOf(newestSearch(searches) as WebsetSearch) : running;
  return current === -1 ? undefined : current;
}

/** Where the searches stand that were created last; of those created at one time the last ones listed. */
function newestSearches(searches: readonly WebsetSearch[]): ReadonlySet<number> {
  const oldestFirst = searches.map(({ createdAt }, index) => ({ time: timeOf(createdAt), index }));
  oldestFirst.sort((a, b) => a.time - b.time || a.index - b.index);
  return new Set(oldestFirst.slice(-MOST_SEARCHES).map(({ index }) => index));
}

/** How many items these searches have found together; null where none of them tells. */
export function foundBy(searches: readonly WebsetSearch[]): number | null {
  const told = searches.flatMap(({ progress: { found } }) => (found === null ? [] : [found]));
  return told.length === 0 && searches.length > 0 ? null : told.reduce((sum, found) => sum + found, 0);
}

/** The search created last; where the API tells no times, the last one listed. */
export function newestSearch(searches: readonly WebsetSearch[]): WebsetSearch | undefined {
  let newest: WebsetSearch | undefined;
  for (const search of searches) {
    if (newest === undefined || timeOf(search.createdAt) >= timeOf(newest.createdAt)) newest = search;
  }
  return newest;
}

function summaryOf(progress: Whole, current: number | undefined): string {
  const { searches, found, enrichments, imports, monitors, queue } = progress;
  const parts = [progress.status];
  if (queue !== undefined) {
    const { active, maxConcurrent, queued } = queue;
    const busy =
      active === null ? "" : `, behind ${active}${maxConcurrent === null ? "" : ` of ${maxConcurrent}`} running`;
    parts.push(`it waits in the account's queue: ${queued} queued${busy}`);
  }
  if (searches.length > 1 && found !== null) parts.push(`${found} found by ${searches.length} searches`);
  const search = current === undefined ? undefined : searches[current];
  if (search !== undefined) parts.push(searchLine(search, searches));
  const others = searches.filter((one) => one !== search && one.canceledReason !== undefined);
  if (others.length > 0) {
    parts.push(`${others.length} other ${others.length === 1 ? "search" : "searches"} canceled${reasonsOf(others)}`);
  }
  const pending = enrichments.filter((enrichment) => enrichment.status === "pending").length;
  if (pending > 0) parts.push(`${pending} of ${enrichments.length} enrichments pending`);
  for (const status of ["pending", "processing", "failed", "canceled"]) {
    const some = imports.filter((one) => one.status === status);
    if (some.length > 0) parts.push(`${some.length} of ${imports.length} imports ${status}${reasonsOf(some)}`);
  }
  if (monitors.length > 0) parts.push(monitorLine(monitors));
  for (const [name, { length }] of Object.entries({ enrichments, imports, monitors })) {
    if (length > MOST_OTHERS) parts.push(`the first ${MOST_OTHERS} of ${length} ${name} are listed`);
  }
  return parts.join("; ");
}

/** Why searches were canceled, or imports failed, in brackets; nothing where nobody tells. */
function reasonsOf(some: readonly { canceledReason?: string; failedReason?: string }[]): string {
  const reasons = new Set(some.flatMap(({ canceledReason, failedReason }) => canceledReason ?? failedReason ?? []));
  return reasons.size === 0 ? "" : ` (${[...reasons].slice(0, MOST_REASONS).join(", ")})`;
}

const RUN_UNDER_WAY: ReadonlySet<string> = new Set(["created", "pending", "running"]);

/** How the monitors' last run ended, what came of it, and when the next one is. */
function monitorLine(monitors: readonly MonitorProgress[]): string {
  const which = monitors.length === 1 ? `monitor ${monitors[0]?.status}` : `${monitors.length} monitors`;
  const runs = monitors.flatMap(({ lastRun }) => lastRun ?? []);
  const last = runs.toSorted((a, b) => timeOf(a.startedAt) - timeOf(b.startedAt)).at(-1);
  const next = monitors.flatMap(({ nextRunAt }) => nextRunAt ?? []).toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  const told = [which];
  if (last !== undefined) {
    const { startedAt, status, failedReason, found } = last;
    const reason = failedReason === undefined ? "" : ` (${plainText(failedReason, WORD_LENGTH)})`;
    told.push(
      `last run ${startedAt === null ? "" : `${startedAt} `}${RUN_UNDER_WAY.has(status) ? "in progress" : status}${reason}`,
    );
    if (found !== undefined) told.push(`${found} found`);
  }
  if (next !== undefined) told.push(`next run ${next}`);
  return told.join(", ");
}

function searchLine(search: SearchProgress, all: readonly SearchProgress[]): string {
  const which = all.length === 1 ? "search" : `search ${all.indexOf(search) + 1} of ${all.length}`;
  return `${which} ${howFar(search)}`;
}

/**
 * How far a search is, in a few words: `running: 12 of 50 found, 24 %, about 40 s left`. What the API does not tell is left out, and a
 * search that has found all but goes on is said to be finishing: it takes the API some seconds to end one then.
 */
export function howFar(search: Omit<SearchProgress, "searchId" | "query">): string {
  const { status, canceledReason, found, target, completion, secondsLeft, seconds } = search;
  const hasEnded = isFinished(search);
  const isFinishing = status === "running" && found !== null && target !== null && found >= target;
  const facts = [
    found === null ? undefined : `${found}${target === null ? "" : ` of ${target}`} found`,
    isFinishing ? "finishing" : hasEnded || completion === null ? undefined : `${Math.floor(completion)} %`,
    isFinishing || secondsLeft === null || hasEnded ? undefined : `about ${duration(secondsLeft)} left`,
  ].filter((fact) => fact !== undefined);
  const reason = canceledReason === undefined ? "" : ` (${canceledReason})`;
  const took = !hasEnded || seconds === null ? "" : ` after ${exactly(seconds)}`;
  return `${status}${reason}${took}${facts.length === 0 ? "" : `: ${facts.join(", ")}`}`;
}

/** How long something took, in the same words; undefined where the API does not tell when it began and ended. */
export function howLong(startedAt: string | null, endedAt: string | null): string | undefined {
  const seconds = secondsBetween(timeOf(startedAt), timeOf(endedAt));
  return seconds === null ? undefined : exactly(seconds);
}

/** From one time to another, in whole seconds, where both are known and so not 0. */
function secondsBetween(from: number, to: number): number | null {
  return from === 0 || to === 0 ? null : Math.max(0, Math.round((to - from) / 1_000));
}

function exactly(seconds: number): string {
  return seconds < 600 ? `${seconds} s` : duration(seconds);
}

/** A number of seconds as people say it. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** Milliseconds since 1970 for a time of the API; 0 where it told none. */
export function timeOf(text: string | null): number {
  const time = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}
