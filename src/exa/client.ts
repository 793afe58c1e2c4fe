import { WebsetsError } from "../shared/errors.ts";
import { type Answer, type AskOptions, type CallOptions, createAsk, type Question } from "./ask.ts";
import { type EventPage, type ExaEvent, parseEvent, parseEventPage } from "./event.ts";
import { idWithin } from "./id-within.ts";
import {
  type ListPage,
  type Monitor,
  parseItem,
  parseItemPage,
  parseMonitor,
  parseSearch,
  parseTeam,
  parseWebset,
  parseWebsetPage,
  type Team,
  type Webset,
  type WebsetItem,
  type WebsetSearch,
} from "./schemas.ts";

export type { Answer, CallOptions, RetryNotice } from "./ask.ts";

export interface EventQuery {
  types?: readonly string[];
  /** ISO 8601, inclusive. */
  createdAfter?: string;
  /** ISO 8601, inclusive. */
  createdBefore?: string;
  /** 1 to 200; the API's default is 25. */
  limit?: number;
  cursor?: string;
}

/** Which page of a list: at most `limit` entries, 1 to 100, behind the `nextCursor` of the page before. */
export interface ListQuery {
  limit?: number;
  cursor?: string;
}

/**
 * The part of the Websets API that following events needs, read only. Every call rejects with a `WebsetsError`, or with an
 * AbortError when its own signal aborts. Paths and parameters are those of Exa's OpenAPI file.
 */
export interface ExaClient {
  listEvents(query: EventQuery, options?: CallOptions): Promise<Answer<EventPage>>;
  getEvent(eventId: string, options?: CallOptions): Promise<Answer<ExaEvent>>;
  /** Newest first; 25 a page by default. */
  listWebsets(query: ListQuery, options?: CallOptions): Promise<Answer<ListPage<Webset>>>;
  /** `websetId` may be the caller's `externalId`. */
  getWebset(websetId: string, options?: CallOptions): Promise<Answer<Webset>>;
  /** Oldest first, as far as is known; 20 a page by default. `websetId` may be the caller's `externalId`, here and for one item. */
  listItems(websetId: string, query: ListQuery, options?: CallOptions): Promise<Answer<ListPage<WebsetItem>>>;
  getItem(websetId: string, itemId: string, options?: CallOptions): Promise<Answer<WebsetItem>>;
  /** Takes the Webset's id, not its `externalId`. */
  getSearch(websetId: string, searchId: string, options?: CallOptions): Promise<Answer<WebsetSearch>>;
  getMonitor(monitorId: string, options?: CallOptions): Promise<Answer<Monitor>>;
  /** The account, with how much of it is worked on and how much waits. */
  getTeam(options?: CallOptions): Promise<Answer<Team>>;
  /** Why nothing is answered at present: undefined while the last request that was sent has been. */
  lastError(): WebsetsError | undefined;
}

export interface ExaClientOptions extends Omit<AskOptions, "apiKey"> {
  /** Where the API is; the Websets paths are put below it. */
  baseUrl: URL;
  /** Without one every call rejects with `missing_key`. */
  apiKey: string | undefined;
  /** Why there is none. */
  missingKey?: WebsetsError | undefined;
}

/** A part of a path: a name, or an id under the name of its parameter. */
type Segment = string | Readonly<Record<string, string>>;

type Asked<T> = Omit<Question<T>, "url"> & { query?: EventQuery };

const ABOUT_EVENT = { adviceIfMissing: "Check the id. Events are kept for 60 days, then deleted." };

/** Creates a client that retries what passes by itself and never asks faster than its budget allows. */
export function createExaClient(setup: ExaClientOptions): ExaClient {
  const { apiKey, baseUrl } = setup;
  const ask = apiKey ? createAsk({ ...setup, apiKey }) : undefined;
  const path = baseUrl.pathname.replace(/\/+$/, "");
  const base = `${baseUrl.origin}${path}/websets/v0`;
  // Where every account has a list, its absence is an accident, or no API is below that path.
  const aboutList = {
    isList: true,
    adviceIfMissing:
      path === ""
        ? "Call again in a moment: every account has this list."
        : `Call again in a moment; if it stays, take the path ${path} out of EXA_BASE_URL.`,
  };

  async function get<T>(path: readonly Segment[], { query = {}, ...asked }: Asked<T>, options?: CallOptions) {
    if (ask === undefined) throw setup.missingKey ?? missingKey(undefined);
    const url = new URL([base, ...path.flatMap(encoded)].join("/"));
    url.search = parametersOf(query).toString();
    return ask({ ...asked, url }, options);
  }

  return {
    listEvents: (query, options) =>
      get(["events"], { name: "the list of events", parse: parseEventPage, ...aboutList, query }, options),
    getEvent: (eventId, options) =>
      get(["events", { eventId }], { name: `event "${eventId}"`, parse: parseEvent, ...ABOUT_EVENT }, options),
    listWebsets: (query, options) =>
      get(["websets"], { name: "the list of Websets", parse: parseWebsetPage, ...aboutList, query }, options),
    getWebset: (websetId, options) =>
      get(["websets", { websetId }], { name: `Webset "${websetId}"`, parse: parseWebset }, options),
    listItems(websetId, query, options) {
      const name = `the items of Webset "${websetId}"`;
      return get(["websets", { websetId }, "items"], { name, parse: parseItemPage, query }, options);
    },
    getItem(websetId, itemId, options) {
      const name = `item "${itemId}" of Webset "${websetId}"`;
      return get(["websets", { websetId }, "items", { itemId }], { name, parse: parseItem }, options);
    },
    getSearch(websetId, searchId, options) {
      const name = `search "${searchId}" of Webset "${websetId}"`;
      return get(["websets", { websetId }, "searches", { searchId }], { name, parse: parseSearch }, options);
    },
    getMonitor: (monitorId, options) =>
      get(["monitors", { monitorId }], { name: `monitor "${monitorId}"`, parse: parseMonitor }, options),
    getTeam: (options) => get(["teams", "me"], { name: "the account", parse: parseTeam }, options),
    lastError: () => ask?.lastError(),
  };
}

/** The API takes a list as a repeated key. */
function parametersOf({ types = [], ...single }: EventQuery): URLSearchParams {
  const parameters = new URLSearchParams(types.map((type): [string, string] => ["types", type]));
  for (const [name, value] of Object.entries(single)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters;
}

function encoded(segment: Segment): string | string[] {
  return typeof segment === "string" ? segment : Object.entries(segment).map(([name, id]) => pathSegment(name, id));
}

const LONGEST_ID = 300;

/**
 * Encodes an id for exactly one segment of a path. Throws `invalid_request`, naming the parameter, for what could leave that
 * segment or be no id: empty, `.` or `..`, slashes, control characters, half surrogate pairs, more than 300 characters.
 */
export function pathSegment(parameter: string, id: string): string {
  const problem = problemOf(id);
  if (problem === undefined) return encodeURIComponent(id);
  const meant = idWithin(parameter, id);
  throw new WebsetsError("invalid_request", {
    what: `${parameter} ${problem}`,
    ...(meant === undefined ? {} : { instead: `${parameter} ${JSON.stringify(meant)}` }),
    advice:
      parameter === "websetId" && meant === undefined && id.includes("/")
        ? "Pass the Webset's id where its externalId has one: list_websets tells both."
        : `Pass ${parameter} exactly as the API or an earlier result gave it.`,
  });
}

function problemOf(id: string): string | undefined {
  if (id.trim() === "") return "is empty";
  if (id.length > LONGEST_ID) return `is longer than ${LONGEST_ID} characters`;
  if (id === "." || id === "..") return `is "${id}", which is no id`;
  if (/[/\\]/.test(id)) return "contains a slash";
  if (/\p{Cs}/u.test(id)) return "contains half of a surrogate pair, which is no character";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(id)) return "contains a control character";
  return undefined;
}

/** The error of everything that needs a key where there is none, or what its host left in its place. */
export function missingKey(placeholder: string | undefined): WebsetsError {
  const what =
    placeholder === undefined
      ? "There is no Exa API key: EXA_API_KEY is not set"
      : `EXA_API_KEY holds ${JSON.stringify(placeholder.slice(0, 80))}, which is a placeholder and no key: whatever started this server did not put the key in its place`;
  return new WebsetsError("missing_key", { what });
}
