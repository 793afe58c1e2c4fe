import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { WebsetStates } from "../webset/states.ts";
import { wrongKindOfId } from "./explain-ids.ts";

/** What each Webset has at most one of, and where its id and its externalId stand. */
const TRACES = ["webset.created", "webset.deleted"];
/** This many of them, newest first, are looked through. */
const MOST_PAGES = 5;
const PAGE = 200;

/** A Webset that a caller means. */
export interface FoundWebset {
  id: string;
  /** When it was deleted, as its event says. */
  deletedAt?: string;
}

interface Where {
  states: WebsetStates;
  feed: Feed;
}

/**
 * The Webset behind an id or externalId, also one that is deleted: its events tell that it was there. Throws `not_found` where
 * neither the API nor an event tells of it; one that was created just now may be such, so it is worth asking twice.
 * @param asks whether the API is asked also where this process knows the id already: it may be deleted by now.
 */
export async function resolveWebset(
  text: string,
  { states, feed }: Where,
  signal: AbortSignal,
  asks = false,
): Promise<FoundWebset> {
  try {
    return { id: asks ? (await states.look(text, signal)).value.id : await states.resolve(text, signal) };
  } catch (error) {
    if (!isUnknown(error)) throw error;
    const wrong = states.knows(text) ? undefined : wrongKindOfId("websetId", text);
    if (wrong !== undefined) throw wrong;
    const traced = await traceOf(text, feed, signal);
    if (traced !== undefined) return traced;
    if (states.knows(text)) return { id: await states.resolve(text, signal) };
    throw explained(error);
  }
}

/** What events tell of a Webset that the API does not know by this id or externalId. */
async function traceOf(text: string, feed: Feed, signal: AbortSignal): Promise<FoundWebset | undefined> {
  let page: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { events, nextPage } = await feed.list({ filter: { types: TRACES }, limit: PAGE, page, signal });
    const trace = events.find((event) => isOf(event, text));
    if (trace?.owner.kind === "webset") {
      const { websetId: id } = trace.owner;
      return trace.type === "webset.deleted" ? { id, deletedAt: trace.createdAt } : { id };
    }
    if (nextPage === null) return undefined;
    page = nextPage;
  }
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
export async function isDeleted(
  error: unknown,
  websetId: string,
  { feed, signal }: { feed: Feed; signal: AbortSignal },
): Promise<boolean> {
  if (!isUnknown(error)) return false;
  return (await traceOf(websetId, feed, signal).catch(() => undefined))?.deletedAt !== undefined;
}

/** The error of a call about a Webset, or a better one where the API does not know it: what became of it, or what to do. */
export async function explainUnknownWebset(
  error: unknown,
  { websetId, searchId }: Readonly<Record<string, unknown>>,
  { feed, signal }: { feed: Feed; signal: AbortSignal },
): Promise<unknown> {
  // What says what to do is explained already, or about something else.
  if (!isUnknown(error) || error.advice !== undefined || typeof websetId !== "string") return error;
  const traced = await traceOf(websetId, feed, signal).catch(() => undefined);
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
