import { isKnownEventType } from "../exa/event-types.ts";
import { ApiError } from "./api-error.ts";
import { bareId, type IdKind, idsOf, timeOfId } from "./ids.ts";
import type { ListOrder, Place } from "./sorted-list.ts";

/** A page of a list, as every list of the API answers. */
export interface Page<T> {
  data: T[];
  hasMore: boolean;
  nextCursor: string | null;
}

/**
 * Takes `limit` entries off a walk. The cursor names the last entry taken, so that a list which grows between two pages
 * neither repeats nor skips what was there.
 */
export function takePage<T extends Place, R>(walk: Iterable<T>, limit: number, show: (entry: T) => R): Page<R> {
  const data: R[] = [];
  let last: Place | undefined;
  for (const entry of walk) {
    if (data.length === limit) return { data, hasMore: true, nextCursor: toCursor(last?.id) };
    data.push(show(entry));
    last = entry;
  }
  return { data, hasMore: false, nextCursor: null };
}

/** Between an id and the number of its text; no id has it. */
const VARIANT_MARK = "~";

/**
 * The cursor that leads behind an entry: its id without the prefix. Without an id, it leads to the beginning. Only faults
 * make a `variant`: cursors to one place that differ as texts.
 */
export function toCursor(id = "", variant = 0): string {
  const bare = bareId(id);
  return variant === 0 ? bare : `${bare}${VARIANT_MARK}${variant}`;
}

/** What a cursor is made of. */
export function fromCursor(cursor: string): { bare: string; variant: number } {
  const [, bare = "", variant = "0"] = /^(.*?)(?:~(\d{1,9}))?$/s.exec(cursor) ?? [];
  return { bare, variant: Number(variant) };
}

/** What a list has to do with cursors. */
export interface Cursors {
  /** What it lists. */
  kind: IdKind;
  /** Where the entry with an id stands. */
  find(id: string): Place | undefined;
}

/**
 * The place a cursor leads behind; undefined for the beginning. An entry that is gone meanwhile still has its place where
 * its id tells the time; a 400 for what names no entry of the list.
 */
function placeOf(cursor: string, { kind, find }: Cursors): Place | undefined {
  const { bare, variant } = fromCursor(cursor);
  if (bare === "" && variant > 0) return undefined;
  const ids = idsOf(kind, bare);
  for (const id of ids) {
    const place = find(id);
    if (place !== undefined) return { time: place.time, id: place.id };
  }
  const time = timeOfId(kind, bare);
  if (time !== undefined) return { time, id: ids[0] ?? bare };
  throw new ApiError(400, "cursor is invalid");
}

/** The query parameters of lists; each is a 400 that names the parameter when it is wrong. */

/** How the sandbox lists, whatever the caller says. */
export interface Listing {
  /** The order of a list, given the one it was recorded in where there is a recording. */
  order(recorded: ListOrder | undefined): ListOrder;
  /** Pages have no more entries than this, even where the caller's `limit` allows them. */
  readonly pageSizeCap: number;
}

export interface Paging {
  order: ListOrder;
  limit: number;
  after: Place | undefined;
}

export function paging(
  query: URLSearchParams,
  { usual, most, recorded }: { usual: number; most: number; recorded?: ListOrder },
  { order, pageSizeCap }: Listing,
  cursors: Cursors,
): Paging {
  const limit = query.get("limit") ?? String(usual);
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1 || Number(limit) > most) {
    throw new ApiError(400, `limit must be a whole number from 1 to ${most}`);
  }
  const cursor = query.get("cursor");
  return {
    order: order(recorded),
    limit: Math.min(Number(limit), pageSizeCap),
    after: cursor === null ? undefined : placeOf(cursor, cursors),
  };
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970. */
export function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new ApiError(400, `${name} must be an ISO 8601 date and time`);
  return ms;
}

export function eventTypes(query: URLSearchParams): string[] | undefined {
  const types = query.getAll("types");
  const unknown = types.find((type) => !isKnownEventType(type));
  if (unknown !== undefined) throw new ApiError(400, `types must be known event types, not ${JSON.stringify(unknown)}`);
  return types.length === 0 ? undefined : types;
}

/** What Websets are to have in their id, externalId or title. */
export function searchTerm(query: URLSearchParams): string | undefined {
  const term = query.get("search");
  if (term !== null && (term.length < 2 || term.length > 50))
    throw new ApiError(400, "search must have 2 to 50 characters");
  return term ?? undefined;
}

/** Every parameter that is not one of these is a 400. */
export function onlyKnown(query: URLSearchParams, known: readonly string[]): void {
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ApiError(400, `property ${unknown} should not exist`);
}

/** Whether `expand=items` is there. */
export function expandsItems(query: URLSearchParams): boolean {
  const values = query.getAll("expand");
  if (values.some((value) => value !== "items")) throw new ApiError(400, "expand must be items");
  return values.length > 0;
}
