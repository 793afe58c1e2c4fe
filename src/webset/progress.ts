import type { Webset, WebsetSearch } from "../exa/schemas.ts";
import { plainText } from "../shared/text.ts";

/** How far a Webset is, in the few fields an agent needs. */
export type Progress = {
  websetId: string;
  externalId?: string;
  title?: string;
  status: string;
  /** The newest ones, in the API's order. */
  searches: SearchProgress[];
  /** How many there are besides, and what they found. */
  earlierSearches?: { count: number; found: number };
  enrichments: { enrichmentId: string; title: string; status: string }[];
  imports: { importId: string; status: string }[];
  monitors: { monitorId: string; status: string; nextRunAt?: string }[];
  /** ISO 8601; null where the API did not tell. */
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
  /** How many items the search shall find. */
  target: number | null;
  analyzed: number | null;
  /** Percent, 0 to 100. Null for a canceled search, of which the API always says 100. */
  completion: number | null;
  /** The API's own estimate. */
  secondsLeft: number | null;
};

/** Queries may have 5,000 characters; so many tell which one it is. */
const QUERY_LENGTH = 60;
const TITLE_LENGTH = 60;
/** Statuses and reasons are short; what is not is no such thing. */
const WORD_LENGTH = 60;
/** Searches are canceled for one of few reasons. */
const MOST_REASONS = 3;
/** A Webset that a monitor feeds has hundreds of searches: so many newest ones are told one by one. */
const MOST_SEARCHES = 5;
/** Of other lists, which hardly grow, so many. */
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

/** The progress of a Webset as the API told it, with lists no longer than a result has room for. */
export function progressOf(webset: Webset): Progress {
  const { enrichments, imports, monitors, ...whole } = wholeProgressOf(webset);
  const newest = newestSearches(webset.searches);
  const searches = whole.searches.filter((_, index) => newest.has(index));
  const earlier = whole.searches.filter((_, index) => !newest.has(index));
  const count = earlier.length;
  const found = earlier.reduce((sum, search) => sum + (search.found ?? 0), 0);
  return {
    ...whole,
    searches,
    ...(count === 0 ? {} : { earlierSearches: { count, found } }),
    enrichments: enrichments.slice(0, MOST_OTHERS),
    imports: imports.slice(0, MOST_OTHERS),
    monitors: monitors.slice(0, MOST_OTHERS),
    updatedAt: webset.updatedAt === null ? null : word(webset.updatedAt),
    summary: summaryOf({ ...whole, enrichments, imports, monitors }, currentSearch(webset.searches)),
  };
}

type Whole = Omit<Progress, "summary" | "updatedAt" | "earlierSearches">;

function wholeProgressOf(webset: Webset): Whole {
  return {
    websetId: webset.id,
    ...(webset.externalId === null ? {} : { externalId: webset.externalId }),
    ...(webset.title === null ? {} : { title: plainText(webset.title, TITLE_LENGTH) }),
    status: word(webset.status),
    searches: webset.searches.map(searchProgress),
    enrichments: webset.enrichments.map((enrichment) => ({
      enrichmentId: enrichment.id,
      title: plainText(enrichment.title ?? enrichment.description, TITLE_LENGTH),
      status: word(enrichment.status),
    })),
    imports: webset.imports.map((one) => ({ importId: one.id, status: word(one.status) })),
    monitors: webset.monitors.map((monitor) => ({
      monitorId: monitor.id,
      status: word(monitor.status),
      ...(monitor.nextRunAt === null ? {} : { nextRunAt: word(monitor.nextRunAt) }),
    })),
  };
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

/** A search as the API told it, without what it says of all that are canceled: that they are complete. */
export function searchProgress(search: WebsetSearch): SearchProgress {
  const { found, analyzed, completion, timeLeft } = search.progress;
  const isCanceled = search.status === "canceled";
  return {
    searchId: search.id,
    query: plainText(search.query, QUERY_LENGTH),
    status: word(search.status),
    ...(search.canceledReason === null ? {} : { canceledReason: word(search.canceledReason) }),
    found,
    target: search.count,
    analyzed,
    completion: completion === null || isCanceled ? null : Math.round(completion * 10) / 10,
    secondsLeft: isCanceled ? null : timeLeft,
  };
}

function word(text: string): string {
  return plainText(text, WORD_LENGTH) || "unknown";
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
  const parts = [progress.status];
  const search = current === undefined ? undefined : progress.searches[current];
  if (search !== undefined) parts.push(searchLine(search, progress.searches));
  const others = progress.searches.filter((one) => one !== search && one.canceledReason !== undefined);
  if (others.length > 0) {
    const reasons = [...new Set(others.map((one) => one.canceledReason))].slice(0, MOST_REASONS).join(", ");
    parts.push(`${others.length} other ${others.length === 1 ? "search" : "searches"} canceled (${reasons})`);
  }
  const pending = progress.enrichments.filter((enrichment) => enrichment.status === "pending").length;
  if (pending > 0) parts.push(`${pending} of ${progress.enrichments.length} enrichments pending`);
  const { enrichments, imports, monitors } = progress;
  for (const [name, { length }] of Object.entries({ enrichments, imports, monitors })) {
    if (length > MOST_OTHERS) parts.push(`the first ${MOST_OTHERS} of ${length} ${name} are listed`);
  }
  return parts.join("; ");
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
  const { status, canceledReason, found, target, completion, secondsLeft } = search;
  const isFinishing = status === "running" && found !== null && target !== null && found >= target;
  const facts = [
    found === null ? undefined : `${found}${target === null ? "" : ` of ${target}`} found`,
    isFinishing ? "finishing" : completion === null ? undefined : `${Math.floor(completion)} %`,
    isFinishing || secondsLeft === null || isFinished(search) ? undefined : `about ${duration(secondsLeft)} left`,
  ].filter((fact) => fact !== undefined);
  const reason = canceledReason === undefined ? "" : ` (${canceledReason})`;
  return `${status}${reason}${facts.length === 0 ? "" : `: ${facts.join(", ")}`}`;
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
