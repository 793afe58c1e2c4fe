import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { LATE_MS } from "../feed/position.ts";
import { startTimeLimit } from "../shared/abort.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { WebsetStates } from "../webset/states.ts";
import { wrongKindOfId } from "./explain-ids.ts";

/** What each Webset has at most one of, and where its id and its externalId stand. */
const TRACES = ["webset.created", "webset.deleted"];
/** This many of them, newest first, are looked through. */
const MOST_PAGES = 5;
const PAGE = 200;
/** The newest few come with one request, however few the API gives at once. */
const FIRST_PAGE = 20;
/** For so long at most, in milliseconds: whoever asks has no more time. */
const TRACE_MS = 10_000;
/**
 * What was found, or not, counts for whoever asks again within this time, in milliseconds: a call looks twice. The newest events do not
 * count, for one that was on its way is visible then.
 */
const RECENT_MS = 15_000;

/** A Webset that a caller means. */
export interface FoundWebset {
  id: string;
  /** When it was deleted, as its event says. */
  deletedAt?: string;
}

interface Where {
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
}

/** How far the traces of a Webset were looked through. */
interface Trace {
  found: FoundWebset | undefined;
  /** Where to go on; undefined where all was looked through. */
  page: string | undefined;
  /** `clock.now()`, and when there was no trace first. */
  at: number;
  since: number;
}
/** By what was asked for, of one key each. */
const traces = new WeakMap<Feed, BoundedMap<string, Trace>>();
const MOST_TRACES = 100;

/**
 * The Webset behind an id or externalId, also one that is deleted: its events tell that it was there. Throws `not_found` where
 * neither the API nor an event tells of it; one that was created just now may be such, so it is worth asking twice.
 * @param asks whether the API is asked also where this process knows the id already: it may be deleted by now.
 * @param isGoingOn whether the caller has followed it before: then it may be deleted just now, of which an event tells a little later,
 * and what neither knows is `unavailable` for so long.
 * @param onUnknown told of the API's answer where it does not know it, before events are asked.
 */
export async function resolveWebset(
  text: string,
  { states, ...where }: Where,
  signal: AbortSignal,
  {
    asks = false,
    isGoingOn = false,
    onUnknown,
  }: { asks?: boolean; isGoingOn?: boolean; onUnknown?: (error: WebsetsError) => void } = {},
): Promise<FoundWebset> {
  try {
    return { id: asks ? (await states.look(text, signal)).value.id : await states.resolve(text, signal) };
  } catch (error) {
    if (!isUnknown(error)) throw error;
    const wrong = states.knows(text) ? undefined : wrongKindOfId("websetId", text);
    if (wrong !== undefined) throw wrong;
    onUnknown?.(explained(error));
    const askedAt = where.clock.now();
    const traced = await traceOf(text, { ...where, signal });
    if (traced !== undefined) return traced;
    const { since = askedAt } = traces.get(where.feed)?.get(text) ?? {};
    if (isGoingOn && askedAt - since < LATE_MS)
      throw new WebsetsError("unavailable", { what: error.message, cause: error });
    if (states.knows(text)) return { id: await states.resolve(text, signal) };
    throw explained(error);
  }
}

interface Tracing extends Pick<Where, "feed" | "clock"> {
  signal: AbortSignal;
  /** How long it may take, in milliseconds. */
  withinMs?: number | undefined;
}

/**
 * What events tell of a Webset that the API does not know by this id or externalId. What there is no time for is looked through when
 * it is asked for again.
 */
async function traceOf(text: string, { feed, clock, signal, withinMs }: Tracing): Promise<FoundWebset | undefined> {
  const known = traces.get(feed) ?? new BoundedMap<string, Trace>({ entries: MOST_TRACES });
  traces.set(feed, known);
  const last = known.get(text);
  // Who is deleted stays so.
  if (last?.found?.deletedAt !== undefined) return last.found;
  const isRecent = last !== undefined && clock.now() - last.at < RECENT_MS;
  const limit = startTimeLimit(clock, Math.min(TRACE_MS, withinMs ?? TRACE_MS), signal);
  let page: string | undefined;
  let hasSeenNewest = false;
  try {
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const size = page === undefined ? FIRST_PAGE : PAGE;
      const { events, nextPage } = await feed.list({
        filter: { types: TRACES },
        limit: size,
        page,
        signal: limit.signal,
      });
      const trace = events.find((event) => isOf(event, text));
      if (trace?.owner.kind === "webset") {
        const { websetId: id } = trace.owner;
        const found = trace.type === "webset.deleted" ? { id, deletedAt: trace.createdAt } : { id };
        known.set(text, { found, page: undefined, at: clock.now(), since: clock.now() });
        return found;
      }
      // What is older was looked through before.
      const isOlder = !hasSeenNewest && nextPage !== null;
      hasSeenNewest = true;
      if (isOlder && isRecent && last.page === undefined) return last.found;
      page = (isOlder ? last?.page : undefined) ?? nextPage ?? undefined;
      if (page === undefined) break;
    }
  } catch (error) {
    if (!limit.expired) throw error;
    page ??= last?.page;
  } finally {
    limit.end();
  }
  const since = last !== undefined && last.found === undefined ? last.since : clock.now();
  known.set(text, { found: undefined, page, at: clock.now(), since });
  return undefined;
}

function isOf({ owner, data }: FeedEvent, text: string): boolean {
  if (owner.kind !== "webset") return false;
  return owner.websetId === text || (data as { externalId?: unknown }).externalId === text;
}

/** Whether the API does not know what was asked for. */
export function isUnknown(error: unknown): error is WebsetsError {
  return error instanceof WebsetsError && error.kind === "not_found";
}

/** That a Webset is deleted, or undefined where it is not. */
export function deletionOf(asked: string, { deletedAt }: FoundWebset): string | undefined {
  return deletedAt && `Webset ${JSON.stringify(asked)} was deleted at ${deletedAt}`;
}

/** Whether the API does not know a Webset because it was deleted before anybody asked. */
export async function isDeleted(error: unknown, websetId: string, tracing: Tracing): Promise<boolean> {
  if (!isUnknown(error)) return false;
  return (await traceOf(websetId, tracing).catch(() => undefined))?.deletedAt !== undefined;
}

/** The error of a call about a Webset, or a better one where the API does not know it: what became of it, or what to do. */
export async function explainUnknownWebset(
  error: unknown,
  { websetId, searchId }: Readonly<Record<string, unknown>>,
  tracing: Tracing,
): Promise<unknown> {
  // What says what to do is explained already, or about something else.
  if (!isUnknown(error) || error.advice !== undefined || typeof websetId !== "string") return error;
  const traced = await traceOf(websetId, tracing).catch(() => undefined);
  const deletion = traced && deletionOf(websetId, traced);
  if (deletion === undefined) return searchId === undefined ? explained(error) : error;
  const id = JSON.stringify(websetId);
  return explained(error, deletion, `list_webset_events with websetId ${id} lists what happened before.`);
}

function explained(
  { message, status, requestId }: WebsetsError,
  what = message,
  advice = "Check the id: list_websets lists what there is.",
): WebsetsError {
  return new WebsetsError("not_found", {
    what,
    advice,
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { requestId }),
  });
}
