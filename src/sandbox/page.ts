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
    if (data.length === limit) return { data, hasMore: true, nextCursor: toCursor(last) };
    data.push(show(entry));
    last = entry;
  }
  return { data, hasMore: false, nextCursor: null };
}

/**
 * The cursor for a place; without one, for the beginning. Cursors for one place that differ in `variant` differ as texts.
 */
export function toCursor(place: Place | undefined, variant = 0): string {
  const { time = null, id = null } = place ?? {};
  return Buffer.from(JSON.stringify(variant === 0 ? [time, id] : [time, id, variant])).toString("base64url");
}

/** The place a cursor stands for, and which of its texts it is; a 400 for a text that is none of ours. */
export function fromCursor(cursor: string): { place: Place | undefined; variant: number } {
  try {
    const [time, id, variant = 0]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof variant === "number") {
      if (typeof time === "number" && typeof id === "string") return { place: { time, id }, variant };
      if (time === null && id === null) return { place: undefined, variant };
    }
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  throw new ApiError(400, "cursor is invalid");
}
