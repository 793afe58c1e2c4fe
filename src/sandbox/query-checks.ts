import { isKnownEventType } from "../exa/event-types.ts";
import { ApiError } from "./api-error.ts";
import { fromCursor } from "./page.ts";
import type { ListOrder, Place } from "./sorted-list.ts";

/** The query parameters of lists; each is a 400 that names the parameter when it is wrong. */

/** How the sandbox lists, whatever the caller says. */
export interface Listing {
  readonly order: ListOrder;
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
  { usual, most }: { usual: number; most: number },
  { order, pageSizeCap }: Listing,
): Paging {
  const limit = query.get("limit") ?? String(usual);
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1 || Number(limit) > most) {
    throw new ApiError(400, `limit must be a whole number from 1 to ${most}`);
  }
  const cursor = query.get("cursor");
  return {
    order,
    limit: Math.min(Number(limit), pageSizeCap),
    after: cursor === null ? undefined : fromCursor(cursor).place,
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

/** Whether `expand=items` is there. */
export function expandsItems(query: URLSearchParams): boolean {
  const values = query.getAll("expand");
  if (values.some((value) => value !== "items")) throw new ApiError(400, "expand must be items");
  return values.length > 0;
}
