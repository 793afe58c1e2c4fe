import type { EventQuery, ExaClient } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { type FeedEvent, keep } from "./event.ts";
import { Walked } from "./list-order.ts";

/** The largest page the API gives. */
export const LARGEST_PAGE = 200;
/** So many pages in a row that bring nothing new and promise more are taken for a broken list. */
const MOST_FRUITLESS_PAGES = 10;

/** What reading events needs: the client, and how far a call may go. */
export interface Reading {
  exa: Pick<ExaClient, "listEvents">;
  clock: Clock;
  signal: AbortSignal;
  /** How long one page may take, repetitions included, in milliseconds; without it the client decides. */
  limitMs?: number | undefined;
  /** How often each request is tried; without it the client decides. */
  attempts?: number | undefined;
  /** With whom these requests share their turns; by default with the listings. */
  group?: string | undefined;
  /** Told how many malformed events a page had. */
  onMalformed?: ((count: number) => void) | undefined;
  /** The page size that last proved small enough, kept between walks by whoever walks often. */
  size?: { largest: number };
}

export interface Range {
  types?: readonly string[] | undefined;
  /** Milliseconds since 1970, inclusive. */
  after?: number | undefined;
  /** Milliseconds since 1970, inclusive. */
  before?: number | undefined;
}

export interface PageRead {
  events: FeedEvent[];
  /** Whether the range holds more after this page. */
  more: boolean;
  /** The answer's `Date`, in milliseconds since 1970. */
  serverTime: number | undefined;
  /** When it was asked for and had arrived, in `clock.now()`. */
  sentAt: number;
  receivedAt: number;
}

/**
 * Reads a range of events page by page, in whatever order the API lists. A cursor that repeats, or one that is missing
 * where more is promised, is worked around by narrowing the range to what was not read yet; where that cannot help, the walk
 * fails with `unexpected_response`. A page too large to hold is asked for in halves. Events can come twice.
 */
export async function* walkPages(range: Range, reading: Reading, limit = LARGEST_PAGE): AsyncGenerator<PageRead> {
  let rest = range;
  let size = Math.min(limit, reading.size?.largest ?? limit);
  let cursor: string | undefined;
  let used = new Set<string>();
  let fruitless = 0;
  const walked = new Walked();
  for (;;) {
    const answer = await listOnce(queryOf(rest, size, cursor), reading).catch((error: unknown) => {
      if (error instanceof ResponseTooLargeError && size > 1) return undefined;
      throw error;
    });
    if (answer === undefined) {
      size = Math.floor(size / 2);
      if (reading.size !== undefined) reading.size.largest = size;
      continue;
    }
    const { value: page, serverTime, sentAt, receivedAt } = answer;
    if (page.malformed > 0) reading.onMalformed?.(page.malformed);
    const events = page.events.map(keep);
    growAgain(reading, size, events.length);
    yield { events, more: page.hasMore, serverTime, sentAt, receivedAt };
    if (!page.hasMore) return;
    fruitless = walked.take(events) === 0 ? fruitless + 1 : 0;
    if (fruitless > MOST_FRUITLESS_PAGES) throw brokenList("goes on without an end");
    if (page.nextCursor !== null && !used.has(page.nextCursor)) {
      cursor = page.nextCursor;
      used.add(cursor);
      continue;
    }
    const narrowed = narrow(rest, walked);
    if (narrowed === undefined) throw brokenList("repeats itself");
    rest = narrowed;
    cursor = undefined;
    used = new Set();
  }
}

async function listOnce(query: EventQuery, reading: Reading) {
  const { exa, clock, signal, limitMs, attempts, group = "listing" } = reading;
  return exa.listEvents(query, {
    signal,
    group,
    ...(limitMs === undefined ? {} : { deadline: clock.now() + limitMs }),
    ...(attempts === undefined ? {} : { attempts }),
  });
}

/** A page that stayed far below its limit would have been no larger with a larger one: the next walk may try that. */
function growAgain({ size }: Reading, asked: number, got: number): void {
  if (size !== undefined && size.largest === asked && got < asked / 2) {
    size.largest = Math.min(LARGEST_PAGE, size.largest * 2);
  }
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
function narrow(range: Range, { order, last }: Walked): Range | undefined {
  if (last === undefined) return undefined;
  if (order === "newest-first") return range.before === last ? undefined : { ...range, before: last };
  if (order === "oldest-first") return range.after === last ? undefined : { ...range, after: last };
  return undefined;
}

/** Times beyond what a date can hold do not occur in the API; they are bounded so that no text of a caller can throw. */
export function isoTime(time: number): string {
  return new Date(Math.max(0, Math.min(time, 253_402_300_799_999))).toISOString();
}

function brokenList(how: string): WebsetsError {
  return new WebsetsError("unexpected_response", { what: `The API's list of events ${how}` });
}
