import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import { type Answer, type CallOptions, createAsk, type RetryNotice } from "./ask.ts";
import { createRequestBudget, type RequestBudget } from "./budget.ts";
import { type EventPage, type ExaEvent, parseEvent, parseEventPage } from "./event.ts";
import type { Transport } from "./http.ts";
import { pathSegment } from "./path.ts";
import {
  type ListPage,
  type Monitor,
  parseItem,
  parseItemPage,
  parseMonitor,
  parseSearch,
  parseWebset,
  parseWebsetPage,
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
}

export interface ExaClientOptions {
  /** Where the API is; the Websets paths are put below it. */
  baseUrl: URL;
  /** Without one every call rejects with `missing_key`. */
  apiKey: string | undefined;
  /** Why there is none. */
  missingKey?: WebsetsError | undefined;
  transport: Transport;
  clock: Clock;
  /** Learns from the answers what time it is there. */
  upstreamClock: UpstreamClock;
  /** Our own version, for the User-Agent. */
  version: string;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
  onRetry?: (notice: RetryNotice) => void;
  /** One per process; without it the client has its own. */
  budget?: RequestBudget;
}

const EVENT_ADVICE = "Check the id. Events are kept for 60 days, then deleted.";
/** The list exists for every account, so that its absence is an accident. */
const LIST_ADVICE = "Call again in a moment; nothing is lost.";

/** Creates a client that retries what passes by itself and never asks faster than its budget allows. */
export function createExaClient(setup: ExaClientOptions): ExaClient {
  const { apiKey, clock, upstreamClock, transport, onRetry, random = Math.random } = setup;
  if (apiKey === undefined || apiKey === "") return clientWithoutKey(setup.missingKey);
  const userAgent = `websets-events-mcp/${setup.version}`;
  const budget = setup.budget ?? createRequestBudget(clock);
  const ask = createAsk({ apiKey, userAgent, transport, clock, upstreamClock, budget, random, onRetry });

  const base = `${setup.baseUrl.origin}${setup.baseUrl.pathname.replace(/\/+$/, "")}/websets/v0`;
  const at = (path: string) => new URL(base + path);

  return {
    async listEvents(query, options) {
      const url = at("/events");
      url.search = parametersOf(query).toString();
      return ask({ name: "the list of events", adviceIfMissing: LIST_ADVICE, url, parse: parseEventPage }, options);
    },
    async getEvent(eventId, options) {
      const url = at(`/events/${pathSegment("eventId", eventId)}`);
      return ask({ name: `event "${eventId}"`, adviceIfMissing: EVENT_ADVICE, url, parse: parseEvent }, options);
    },
    async listWebsets(query, options) {
      const url = at("/websets");
      url.search = parametersOf(query).toString();
      return ask({ name: "the list of Websets", adviceIfMissing: LIST_ADVICE, url, parse: parseWebsetPage }, options);
    },
    async getWebset(websetId, options) {
      const url = at(`/websets/${pathSegment("websetId", websetId)}`);
      return ask({ name: `Webset "${websetId}"`, url, parse: parseWebset }, options);
    },
    async listItems(websetId, query, options) {
      const url = at(`/websets/${pathSegment("websetId", websetId)}/items`);
      url.search = parametersOf(query).toString();
      return ask({ name: `the items of Webset "${websetId}"`, url, parse: parseItemPage }, options);
    },
    async getItem(websetId, itemId, options) {
      const url = at(`/websets/${pathSegment("websetId", websetId)}/items/${pathSegment("itemId", itemId)}`);
      return ask({ name: `item "${itemId}" of Webset "${websetId}"`, url, parse: parseItem }, options);
    },
    async getSearch(websetId, searchId, options) {
      const webset = pathSegment("websetId", websetId);
      const url = at(`/websets/${webset}/searches/${pathSegment("searchId", searchId)}`);
      return ask({ name: `search "${searchId}" of Webset "${websetId}"`, url, parse: parseSearch }, options);
    },
    async getMonitor(monitorId, options) {
      const url = at(`/monitors/${pathSegment("monitorId", monitorId)}`);
      return ask({ name: `monitor "${monitorId}"`, url, parse: parseMonitor }, options);
    },
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

/** The error of everything that needs a key where there is none, or what its host left in its place. */
export function missingKey(placeholder: string | undefined): WebsetsError {
  const what =
    placeholder === undefined
      ? "This server has no Exa API key: EXA_API_KEY is not set"
      : `EXA_API_KEY holds ${JSON.stringify(placeholder.slice(0, 80))}, which is a placeholder and no key: whatever started this server did not put the key in its place`;
  return new WebsetsError("missing_key", { what });
}

function clientWithoutKey(why = missingKey(undefined)): ExaClient {
  const refuse = async (): Promise<never> => {
    throw why;
  };
  return {
    listEvents: refuse,
    getEvent: refuse,
    listWebsets: refuse,
    getWebset: refuse,
    listItems: refuse,
    getItem: refuse,
    getSearch: refuse,
    getMonitor: refuse,
  };
}
