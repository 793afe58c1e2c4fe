import { ApiError } from "./api-error.ts";
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
    if (data.length === limit) return { data, hasMore: true, nextCursor: last === undefined ? null : toCursor(last) };
    data.push(show(entry));
    last = entry;
  }
  return { data, hasMore: false, nextCursor: null };
}

export function toCursor({ time, id }: Place): string {
  return Buffer.from(JSON.stringify([time, id])).toString("base64url");
}

/** The place a cursor stands for; a 400 for a text that is none of ours. */
export function fromCursor(cursor: string): Place {
  try {
    const [time, id]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof time === "number" && typeof id === "string") return { time, id };
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  throw new ApiError(400, "cursor is invalid");
}
