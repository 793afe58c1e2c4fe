import type { Answer, ListQuery } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import type { ListPage } from "../exa/schemas.ts";
import { WebsetsError } from "../shared/errors.ts";

export interface ListRequest<T> {
  /** Asks the API for a page. */
  ask(query: ListQuery): Promise<Answer<ListPage<T>>>;
  /** The API's own cursor of an earlier page. */
  cursor: string | undefined;
  /** At most this many entries. */
  limit: number;
  /** How many of some entries one result has room for; at least 1 of 1. */
  fits(entries: readonly T[]): number;
  /** Only those, looked for on at most `pages` pages of 100. */
  filter?: ((entry: T) => boolean) | undefined;
  pages?: number | undefined;
}

export interface ListFound<T> {
  entries: T[];
  /** How many entries could not be read: without a usable id, or a Webset without a status. */
  malformed: number;
  /** Right behind the last entry found, or read where fewer were; null at the end of the list. */
  nextCursor: string | null;
}

/** The largest page the API gives. */
const LARGEST_PAGE = 100;
/** What the API may say of a cursor that it does not take. */
const REFUSALS = new Set([400, 410, 422]);

/**
 * Reads a list of the API from a page on. The API's cursors lead behind pages, so a page of which not everything has room is asked for
 * again, as long as it has: its end is then where the next call goes on.
 */
export async function readList<T>(request: ListRequest<T>): Promise<ListFound<T>> {
  const { limit, fits, filter = () => true, pages = 1 } = request;
  const entries: T[] = [];
  let cursor = request.cursor;
  let size = request.filter === undefined ? limit : LARGEST_PAGE;
  let malformed = 0;
  for (let asked = 1; ; asked++) {
    const page = await askFor(request, size, cursor);
    if (page.data.length > size) {
      throw new WebsetsError("unexpected_response", { what: `a page of ${size} entries was asked for, and more came` });
    }
    const matches = page.data.filter(filter);
    const all = [...entries, ...matches];
    const room = Math.min(limit, fits(all.slice(0, limit)));
    if (all.length > room) {
      const fitting = room - entries.length;
      const behind = { entries, malformed, nextCursor: cursor ?? null };
      // What there is no room for, or no request left to tell where it begins, comes with the next call.
      if (fitting <= 0 || (asked >= pages && cursor !== request.cursor)) return behind;
      size = Math.min(size - 1, page.data.indexOf(matches[fitting - 1] as T) + 1);
      continue;
    }
    entries.push(...matches);
    malformed += page.malformed;
    const { nextCursor } = page;
    if (nextCursor === null || nextCursor === cursor || entries.length === limit || asked >= pages) {
      return { entries, malformed, nextCursor: nextCursor === cursor ? null : nextCursor };
    }
    cursor = nextCursor;
  }
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
