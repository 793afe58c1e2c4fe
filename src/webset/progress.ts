import type { Webset, WebsetSearch } from "../exa/schemas.ts";
import { plainText } from "../shared/text.ts";

/** How far a Webset is, in the few fields an agent needs. */
export type Progress = {
  websetId: string;
  externalId?: string;
  title?: string;
  status: string;
  searches: SearchProgress[];
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
  found: number;
  /** How many items the search shall find; null where the API did not tell. */
  target: number | null;
  analyzed: number;
  /** Percent, 0 to 100. */
  completion: number;
  /** The API's own estimate; null where it has none. */
  secondsLeft: number | null;
};

/** Queries may have 5,000 characters; so many tell which one it is. */
const QUERY_LENGTH = 60;
const TITLE_LENGTH = 60;

const FINISHED_SEARCH = new Set(["completed", "canceled"]);

/** Whether a search has ended. A status this program does not know counts as unfinished: waiting longer loses nothing. */
export function isFinished(search: { status: string }): boolean {
  return FINISHED_SEARCH.has(search.status);
}

/** The progress of a Webset as the API told it. */
export function progressOf(webset: Webset): Progress {
  const searches = webset.searches.map(searchProgress);
  const progress = {
    websetId: webset.id,
    ...(webset.externalId === null ? {} : { externalId: webset.externalId }),
    ...(webset.title === null ? {} : { title: plainText(webset.title, TITLE_LENGTH) }),
    status: webset.status,
    searches,
    enrichments: webset.enrichments.map((enrichment) => ({
      enrichmentId: enrichment.id,
      title: plainText(enrichment.title ?? enrichment.description, TITLE_LENGTH),
      status: enrichment.status,
    })),
    imports: webset.imports.map((one) => ({ importId: one.id, status: one.status })),
    monitors: webset.monitors.map((monitor) => ({
      monitorId: monitor.id,
      status: monitor.status,
      ...(monitor.nextRunAt === null ? {} : { nextRunAt: monitor.nextRunAt }),
    })),
    updatedAt: webset.updatedAt,
  };
  return { ...progress, summary: summaryOf(progress, currentSearch(webset.searches)) };
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

function searchProgress(search: WebsetSearch): SearchProgress {
  return {
    searchId: search.id,
    query: plainText(search.query, QUERY_LENGTH),
    status: search.status,
    found: search.progress.found,
    target: search.count,
    analyzed: search.progress.analyzed,
    completion: Math.round(search.progress.completion * 10) / 10,
    secondsLeft: search.progress.timeLeft,
  };
}

/** The search that an observer cares for: the first that is under way, or else the newest. */
function currentSearch(searches: readonly WebsetSearch[]): number | undefined {
  const running = searches.findIndex((search) => !isFinished(search));
  const current = running === -1 ? searches.lastIndexOf(newestSearch(searches) as WebsetSearch) : running;
  return current === -1 ? undefined : current;
}

/** The search created last; where the API tells no times, the last one listed. */
export function newestSearch(searches: readonly WebsetSearch[]): WebsetSearch | undefined {
  let newest: WebsetSearch | undefined;
  for (const search of searches) {
    if (newest === undefined || timeOf(search.createdAt) >= timeOf(newest.createdAt)) newest = search;
  }
  return newest;
}

function summaryOf(progress: Omit<Progress, "summary">, current: number | undefined): string {
  const parts = [progress.status];
  const search = current === undefined ? undefined : progress.searches[current];
  if (search !== undefined) parts.push(searchLine(search, progress.searches));
  const pending = progress.enrichments.filter((enrichment) => enrichment.status === "pending").length;
  if (pending > 0) parts.push(`${pending} of ${progress.enrichments.length} enrichments pending`);
  return parts.join("; ");
}

function searchLine(search: SearchProgress, all: readonly SearchProgress[]): string {
  const which = all.length === 1 ? "search" : `search ${all.indexOf(search) + 1} of ${all.length}`;
  const target = search.target === null ? "" : ` of ${search.target}`;
  const left = search.secondsLeft === null || isFinished(search) ? "" : `, about ${duration(search.secondsLeft)} left`;
  return `${which} ${search.status}: ${search.found}${target} found, ${Math.round(search.completion)} %${left}`;
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
