import { createHash } from "node:crypto";
import type { Answer, ListQuery } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import type { ListPage } from "../exa/schemas.ts";
import { checksum } from "../feed/cursor.ts";
import { WebsetsError } from "../shared/errors.ts";

export interface ListRequest<T> {
  /** Asks the API for a page. */
  ask(query: ListQuery): Promise<Answer<ListPage<T>>>;
  /** The API's own cursor of an earlier page. */
  cursor: string | undefined;
  /** At most so many entries. */
  limit: number;
  /** How many of some entries one result has room for; at least 1 of 1. */
  fits(entries: readonly T[]): number;
  /** Only those, looked for on at most `pages` pages of 100. */
  filter?: ((entry: T) => boolean) | undefined;
  pages?: number | undefined;
}

export interface ListFound<T> {
  entries: T[];
  /** How many entries had no usable id. */
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

/*
 * Where a list of Websets or items goes on, as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text is "p", as of all page tokens
 *   3 bytes   checksum over the rest
 *   4 bytes   whose items: the beginning of a hash of the Webset's id; of nothing for Websets
 *   n bytes   the API's own cursor in UTF-8
 */
const KINDS = { list_websets: 0xa6, list_webset_items: 0xa7 };
const PREFIX_BYTES = 4;
const OWNER_BYTES = 4;
/** A token has no more than 1,000 characters: no model copies more. */
const LONGEST_CURSOR_BYTES = 750 - PREFIX_BYTES - OWNER_BYTES;

export type Lister = keyof typeof KINDS;

/** The place behind a page as opaque text; null where the API's own cursor is too long to be passed on. */
export function encodeListToken(lister: Lister, owner: string, cursor: string): string | null {
  const text = Buffer.from(cursor);
  if (text.length > LONGEST_CURSOR_BYTES || text.toString() !== cursor) return null;
  const token = Buffer.concat([Buffer.alloc(PREFIX_BYTES), ownerHash(owner), text]);
  token.writeUInt8(KINDS[lister], 0);
  checksum(token.subarray(PREFIX_BYTES)).copy(token, 1);
  return token.toString("base64url");
}

/** The API's own cursor in a token; refuses with `invalid_request` what `encodeListToken` did not write for this list. */
export function decodeListToken(lister: Lister, owner: string, text: string): string {
  const token = Buffer.from(text, "base64url");
  const isWhole =
    token.length > PREFIX_BYTES + OWNER_BYTES &&
    token.toString("base64url") === text &&
    checksum(token.subarray(PREFIX_BYTES)).equals(token.subarray(1, PREFIX_BYTES));
  if (!isWhole || token[0] !== KINDS[lister]) throw refusal(lister, text, isWhole ? token[0] : undefined);
  const rest = token.subarray(PREFIX_BYTES);
  if (!rest.subarray(0, OWNER_BYTES).equals(ownerHash(owner))) {
    throw new WebsetsError("invalid_request", {
      what: "The parameter page was given the nextPage of another Webset",
      advice: "Pass it with the websetId it was given for, or leave page out to begin with the first items.",
    });
  }
  return rest.subarray(OWNER_BYTES).toString();
}

function ownerHash(owner: string): Buffer {
  return createHash("sha256").update(owner).digest().subarray(0, OWNER_BYTES);
}

function refusal(lister: Lister, text: string, kind: number | undefined): WebsetsError {
  const other = Object.entries(KINDS).find(([, value]) => value === kind)?.[0];
  const what = text.startsWith("c")
    ? "The parameter page was given what looks like a cursor"
    : other === undefined
      ? `The parameter page holds no page token of ${lister}, or one that was not copied whole`
      : `The parameter page was given a page token of ${other}`;
  return new WebsetsError("invalid_request", {
    what,
    advice: `Pass nextPage exactly as an earlier ${lister} gave it, or leave page out to begin anew.`,
  });
}
