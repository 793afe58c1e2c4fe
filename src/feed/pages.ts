import type { EventQuery, ExaClient } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import { WebsetsError } from "../shared/errors.ts";
import { type FeedEvent, keep } from "./event.ts";
import { byTime } from "./position.ts";
import { timeWhenAsked } from "./server-time.ts";

/** The largest page the API gives. */
export const LARGEST_PAGE = 200;
/** So many empty pages in a row that promise more are taken for a broken list. */
const MOST_EMPTY_PAGES = 10;

/** What reading events needs: the client, and how far a call may go. */
export interface Reading {
  exa: Pick<ExaClient, "listEvents">;
  signal: AbortSignal;
  /** The `clock.now()` after which no request is worth its answer. */
  deadline?: number | undefined;
  /** How often each request is tried; without it the client decides. */
  attempts?: number | undefined;
  /** Told how many malformed events a page had. */
  onMalformed?: ((count: number) => void) | undefined;
}

export interface Range {
  types?: readonly string[] | undefined;
  /** Milliseconds since 1970, inclusive. */
  after?: number | undefined;
  /** Milliseconds since 1970, inclusive. */
  before?: number | undefined;
}

export type ListOrder = "newest-first" | "oldest-first" | "mixed";

export interface PageRead {
  events: FeedEvent[];
  /** Whether the range holds more after this page. */
  more: boolean;
  /** The upstream's time when this page was asked for, in milliseconds: never later than it really was. */
  serverTime: number | undefined;
}

/**
 * Reads a range of events page by page, in whatever order the API lists. A cursor that repeats, or one that is missing
 * where more is promised, is worked around by narrowing the range to what was not read yet; where that cannot help, the walk
 * fails with `unexpected_response`. Events on page borders can come twice.
 */
export async function* walkPages(range: Range, reading: Reading, limit = LARGEST_PAGE): AsyncGenerator<PageRead> {
  let { after, before } = range;
  let size = limit;
  let cursor: string | undefined;
  let used = new Set<string>();
  let walked: FeedEvent[] = [];
  let empty = 0;
  for (;;) {
    const query = queryOf({ ...range, after, before }, size, cursor);
    const answer = await listOnce(query, reading).catch((error: unknown) => {
      if (error instanceof ResponseTooLargeError && size > 1) return undefined;
      throw error;
    });
    if (answer === undefined) {
      size = Math.floor(size / 2);
      continue;
    }
    const { value: page } = answer;
    if (page.malformed > 0) reading.onMalformed?.(page.malformed);
    const events = page.events.map(keep);
    yield {
      events,
      more: page.hasMore,
      serverTime: timeWhenAsked(answer),
    };
    if (!page.hasMore) return;
    empty = events.length === 0 ? empty + 1 : 0;
    if (empty > MOST_EMPTY_PAGES) throw brokenList("goes on without an end");
    walked = walked.length === 0 ? events : [walked[0] as FeedEvent, ...events];
    if (page.nextCursor !== null && !used.has(page.nextCursor)) {
      cursor = page.nextCursor;
      used.add(cursor);
      continue;
    }
    const narrowed = narrow({ after, before }, walked);
    if (narrowed === undefined) throw brokenList("repeats itself");
    ({ after, before } = narrowed);
    cursor = undefined;
    used = new Set();
    walked = [];
  }
}

/** All events of a range, oldest first, each once, and the upstream's time when the first page was asked for. */
export async function readRange(
  range: Range,
  reading: Reading,
): Promise<{ events: FeedEvent[]; serverTime: number | undefined }> {
  const events = new Map<string, FeedEvent>();
  let serverTime: number | undefined;
  let first = true;
  for await (const page of walkPages(range, reading)) {
    if (first) serverTime = page.serverTime;
    first = false;
    for (const event of page.events) events.set(event.id, event);
  }
  return { events: [...events.values()].sort(byTime), serverTime };
}

/** In which order these events, as they were listed, stand; undefined where they do not tell. */
export function listOrder(events: readonly { time: number }[]): ListOrder | undefined {
  let falls = false;
  let rises = false;
  for (let index = 1; index < events.length; index++) {
    const step = (events[index]?.time ?? 0) - (events[index - 1]?.time ?? 0);
    if (step < 0) falls = true;
    if (step > 0) rises = true;
  }
  if (falls && rises) return "mixed";
  if (!falls && !rises) return undefined;
  return falls ? "newest-first" : "oldest-first";
}

async function listOnce(query: EventQuery, { exa, signal, deadline, attempts }: Reading) {
  return exa.listEvents(query, {
    signal,
    group: "feed",
    ...(deadline === undefined ? {} : { deadline }),
    ...(attempts === undefined ? {} : { attempts }),
  });
}

function queryOf(range: Range, limit: number, cursor: string | undefined): EventQuery {
  return {
    limit,
    ...(range.types === undefined ? {} : { types: range.types }),
    ...(range.after === undefined ? {} : { createdAfter: isoTime(range.after) }),
    ...(range.before === undefined ? {} : { createdBefore: isoTime(range.before) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** The part of the range that was not read yet, by the order of what was; undefined where that gets nowhere. */
function narrow(range: Range, walked: readonly FeedEvent[]): Range | undefined {
  const order = listOrder(walked);
  const last = walked.at(-1)?.time;
  if (order === undefined || order === "mixed" || last === undefined) return undefined;
  if (order === "newest-first") return range.before === last ? undefined : { ...range, before: last };
  return range.after === last ? undefined : { ...range, after: last };
}

/** Times beyond what a date can hold do not occur in the API; they are bounded so that no text of a caller can throw. */
export function isoTime(time: number): string {
  return new Date(Math.max(0, Math.min(time, 253_402_300_799_999))).toISOString();
}

function brokenList(how: string): WebsetsError {
  return new WebsetsError("unexpected_response", { what: `The API's list of events ${how}` });
}
