import type { HttpAnswer } from "../../src/exa/http.ts";
import type { FeedWorld, Spoil } from "./feed-world.ts";
import { type WirePage, withPage } from "./pages.ts";

/** An event as the upstream has it. */
export interface UpstreamEvent {
  id: string;
  createdAt: string;
  type: string;
  data: unknown;
  /** `createdAt` in microseconds since 1970. */
  micros: number;
  /** When it became visible, in milliseconds since 1970. */
  visibleAt: number;
}

export interface OtherList {
  /** The order of the list, told anew for each request; `cursor` is undefined on the first page. */
  order: (events: UpstreamEvent[], cursor: string | undefined) => UpstreamEvent[];
  /** Whether cursors count entries or name the last one. Default: they count. */
  cursors?: "offset" | "last";
  pageSizeCap?: number;
  /** What an event's time has below the millisecond, in microseconds. Default 0. */
  finer?: (id: string) => number;
  /** Which end of a range it leaves out. Default: none. */
  leavesOut?: "createdAfter" | "createdBefore" | undefined;
}

/** Lets a world's events be listed in ways the sandbox does not know. */
export function listedAs({ world }: FeedWorld, list: OtherList): Spoil {
  const { order, cursors = "offset", pageSizeCap = 200, finer = () => 0, leavesOut } = list;
  return async ({ url: { pathname, searchParams } }, next) => {
    if (!pathname.endsWith("/events")) return next();
    const cursor = searchParams.get("cursor") ?? undefined;
    // A cursor that it did not give would be refused by the upstream.
    searchParams.delete("cursor");
    const answer = await next().finally(() => {
      // The same request may be tried again.
      if (cursor !== undefined) searchParams.set("cursor", cursor);
    });
    if (!isPage(answer)) return answer;
    // What it shows is no older than the time that the answer tells.
    const all = [...world.events.walk({ order: "oldest-first" })].map(({ event, time, visibleAt }): UpstreamEvent => {
      const { id, type, data } = event;
      const [micros, rest] = [time * 1_000 + finer(id), String(finer(id)).padStart(3, "0")];
      return { id, type, data, createdAt: event.createdAt.replace("Z", `${rest}Z`), micros, visibleAt };
    });
    const bound = (name: string, none: number) => {
      const text = searchParams.get(name);
      const inner = name !== leavesOut ? 0 : name === "createdAfter" ? 1 : -1;
      return text === null ? none : Date.parse(text) * 1_000 + inner;
    };
    const types = searchParams.getAll("types");
    const [after, before] = [bound("createdAfter", -Infinity), bound("createdBefore", Infinity)];
    const asked = all
      .filter(({ type }) => types.length === 0 || types.includes(type))
      .filter(({ micros }) => micros >= after && micros <= before);
    const sorted = order(asked, cursor);
    const from = cursor === undefined ? 0 : cursors === "offset" ? Number(cursor) : indexOf(sorted, cursor) + 1;
    const end = from + Math.min(pageSizeCap, Number(searchParams.get("limit") ?? 25));
    const data = sorted.slice(from, end).map(({ id, type, createdAt, data }) => ({ id, type, createdAt, data }));
    const hasMore = end < sorted.length;
    const last = cursors === "offset" ? String(end) : (data.at(-1)?.id ?? null);
    return withPage(answer, () => ({ data, hasMore, nextCursor: hasMore ? last : null }));
  };
}

/** What trouble has spoilt is passed on as it is. */
function isPage({ status, body }: HttpAnswer): boolean {
  if (status !== 200) return false;
  try {
    const page: unknown = JSON.parse(body);
    return typeof page === "object" && page !== null && Array.isArray((page as Partial<WirePage>).data);
  } catch {
    return false;
  }
}

function indexOf(events: readonly UpstreamEvent[], cursor: string): number {
  return events.findIndex(({ id }) => id === cursor);
}

/** The order of most APIs that say nothing about it. */
export function newestFirst(events: readonly UpstreamEvent[]): UpstreamEvent[] {
  return [...events].sort((a, b) => b.micros - a.micros || (a.id < b.id ? 1 : -1));
}

export function oldestFirst(events: readonly UpstreamEvent[]): UpstreamEvent[] {
  return newestFirst(events).reverse();
}

/** As they came in: what became visible late stands before what was created after it. */
export function lastSeenFirst(events: readonly UpstreamEvent[]): UpstreamEvent[] {
  return [...events].sort((a, b) => b.visibleAt - a.visibleAt || (a.id < b.id ? 1 : -1));
}

export function shuffled(events: readonly UpstreamEvent[], roll: () => number): UpstreamEvent[] {
  return events
    .map((event) => ({ event, key: roll() }))
    .sort((a, b) => a.key - b.key)
    .map(({ event }) => event);
}
