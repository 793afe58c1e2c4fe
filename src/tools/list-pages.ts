import type { Answer, ListQuery } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import type { ListPage } from "../exa/schemas.ts";
import type { Clock } from "../shared/clock.ts";
import { isTransient, WebsetsError } from "../shared/errors.ts";
import { sha256 } from "../shared/hash.ts";

export interface ListRequest<T> {
  /** Asks the API for a page. */
  ask(query: ListQuery): Promise<Answer<ListPage<T>>>;
  /** The API's own cursor of an earlier page, and the way there. */
  cursor: string | undefined;
  trail?: Trail | undefined;
  /** At most this many entries. */
  limit: number;
  /** How many of some entries one result has room for; at least 1 of 1. */
  fits(entries: readonly T[]): number;
  /** Only those, looked for on at most `pages` pages of 100. */
  filter?: ((entry: T) => boolean) | undefined;
  pages?: number | undefined;
  clock: Clock;
}

/**
 * The way through a list, as far as it takes to notice a circle (Brent's algorithm): a hash of a cursor that was met, how many pages it is kept
 * for, how many of those have passed, and how many in a row had no entry.
 */
export type Trail = [mark: string, kept: number, passed: number, empty: number];

export interface ListFound<T> {
  entries: T[];
  /** How many entries could not be read: without a usable id, or a Webset without a status. */
  malformed: number;
  /** Right behind the last entry found, or read where fewer were; null at the end of the list. */
  nextCursor: string | null;
  /** For whoever goes on there. */
  trail: Trail;
}

/** The largest page the API gives. */
const LARGEST_PAGE = 100;
/** After so long, in milliseconds, no further page is begun: what was found comes at once, and the rest with the next call. */
const LONGEST_MS = 10_000;
/** This many pages in a row without an entry that promise more are taken for a list without an end. */
const MOST_EMPTY_PAGES = 20;
/** What the API may say of a cursor that it does not take. */
const REFUSALS = new Set([400, 410, 422]);

/**
 * Reads a list of the API from a page on. The API's cursors lead behind pages, so a page of which not everything has room is asked for
 * again, as long as it has: its end is then where the next call goes on. So it is where a further page cannot be had or would take too long.
 * Throws `unexpected_response` where the cursor leads in a circle.
 */
export async function readList<T>(request: ListRequest<T>): Promise<ListFound<T>> {
  const { limit, fits, filter = () => true, pages = 1, clock } = request;
  const startedAt = clock.now();
  const entries: T[] = [];
  let trail = request.trail ?? START;
  if (request.cursor !== undefined) refuseCircle(request.cursor, trail);
  let cursor = request.cursor;
  let size = request.filter === undefined ? limit : LARGEST_PAGE;
  let malformed = 0;
  for (let asked = 1; ; asked++) {
    const behind = () => ({ entries, malformed, nextCursor: cursor ?? null, trail });
    const isFurther = cursor !== request.cursor;
    if (isFurther && clock.now() - startedAt >= LONGEST_MS) return behind();
    const page = await askFor(request, size, cursor).catch((error: unknown) => {
      if (isFurther && isTransient(error)) return undefined;
      throw error;
    });
    if (page === undefined) return behind();
    if (page.data.length > size) {
      throw new WebsetsError("unexpected_response", { what: `a page of ${size} entries was asked for, and more came` });
    }
    const matches = page.data.filter(filter);
    const all = [...entries, ...matches];
    const room = Math.min(limit, fits(all.slice(0, limit)));
    if (all.length > room) {
      const fitting = room - entries.length;
      // What there is no room for, or no request left to tell where it begins, comes with the next call.
      if (fitting <= 0 || (asked >= pages && isFurther)) return behind();
      size = Math.min(size - 1, page.data.indexOf(matches[fitting - 1] as T) + 1);
      continue;
    }
    entries.push(...matches);
    malformed += page.malformed;
    const { nextCursor } = page;
    const isEmpty = page.data.length + page.malformed === 0;
    // The last page of some lists names itself as the next.
    if (nextCursor === null || nextCursor === cursor) {
      return { entries, malformed, nextCursor: null, trail };
    }
    trail = onwards(trail, cursor, nextCursor, isEmpty);
    cursor = nextCursor;
    if (entries.length === limit || asked >= pages || isCircle(cursor, trail)) return behind();
  }
}

const START: Trail = ["", 1, 0, 0];

/** The way with one more step, from a cursor to the next. */
function onwards([mark, kept, passed, empty]: Trail, from: string | undefined, to: string, isEmpty: boolean): Trail {
  const empties = isEmpty ? empty + 1 : 0;
  if (hashOf(to) === mark) return [hashOf(to), kept, passed, empties];
  return passed + 1 < kept
    ? [mark, kept, passed + 1, empties]
    : [from === undefined ? "" : hashOf(from), kept * 2, 0, empties];
}

function isCircle(cursor: string, [mark, , , empty]: Trail): boolean {
  return hashOf(cursor) === mark || empty >= MOST_EMPTY_PAGES;
}

function refuseCircle(cursor: string, trail: Trail): void {
  if (!isCircle(cursor, trail)) return;
  const [, , , empty] = trail;
  throw new WebsetsError("unexpected_response", {
    what: `The API's list ${empty >= MOST_EMPTY_PAGES ? "goes on with empty pages" : "leads back to a page that was read"}: what else there is cannot be reached`,
    advice: "What the pages before told is all that can be had.",
  });
}

/** Short, for a page token has room for 1,000 characters. */
export function hashOf(text: string): string {
  return sha256(text).toString("base64url").slice(0, 6);
}

/** One page, or the half of it where it is more than is ever held. */
async function askFor<T>({ ask, ...request }: ListRequest<T>, size: number, cursor: string | undefined) {
  for (let limit = size; ; limit = Math.floor(limit / 2)) {
    try {
      return (await ask({ limit, ...(cursor === undefined ? {} : { cursor }) })).value;
    } catch (error) {
      if (error instanceof ResponseTooLargeError && limit > 1) continue;
      if (cursor === request.cursor && cursor !== undefined && isRefusal(error)) throw refusedPage(error);
      throw error;
    }
  }
}

function isRefusal(error: unknown): error is WebsetsError {
  return error instanceof WebsetsError && error.kind === "invalid_request" && REFUSALS.has(error.status ?? 0);
}

function refusedPage(cause: WebsetsError): WebsetsError {
  return new WebsetsError("invalid_request", {
    what: `The API does not take this page any more: ${cause.message}`,
    advice: "Leave page out to begin anew.",
    cause,
  });
}
