import { ApiError } from "./api-error.ts";
import { bareId, type IdKind, idsOf, timeOfId } from "./ids.ts";
import type { Place } from "./sorted-list.ts";

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
export function placeOf(cursor: string, { kind, find }: Cursors): Place | undefined {
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
