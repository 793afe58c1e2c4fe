import { brokenList } from "./cursor-walk.ts";
import type { FeedEvent } from "./event.ts";
import { PageReader, type Reading, widened } from "./page.ts";
import { justAt } from "./pages.ts";
import { type Crowd, crowdTypes, type Position } from "./position.ts";

/** So many events of a crowd are read at once: a cursor has room for the ids of those of a page that were handed out. */
const PAGE = 100;

/** A page of a millisecond that holds more events than one wait can read. */
export interface CrowdPage {
  /** In the order of the API, which its cursors keep to. */
  events: FeedEvent[];
  /** Where this page begins: undefined at the first. */
  page: Crowd | undefined;
  /** Where the next page begins; undefined where this is the last. */
  next: Crowd | undefined;
  sentAt: number;
  unreadable: number;
  /** Whether the API did not take the cursor any more, so that it is read from its beginning again and events may repeat. */
  repeats: boolean;
}

/**
 * Reads a page of the events of one millisecond, `position.since`, page by page by the API's own cursors, which the position
 * keeps: so a crowd of any size is got through, however little of it one wait can read. Throws what the client throws.
 * @param isOwn whether the API gave the cursor just now, so that it has no reason to refuse it.
 */
export async function readCrowd(position: Position, isOwn: boolean, reading: Reading): Promise<CrowdPage> {
  const { types } = reading.channel;
  const { since, crowd: kept } = position;
  // A cursor is good for the types it was given for.
  let page = kept?.types === crowdTypes(types) && kept.cursor !== "" ? kept : undefined;
  const range = widened(justAt(since, reading), reading.channel);
  const reader = new PageReader(reading, PAGE);
  let read = await reader.read(range, page?.cursor);
  let repeats = kept !== undefined && page === undefined;
  if (read.isRefused) {
    if (isOwn) throw brokenList("refuses its own cursors where more events share a millisecond than a page holds");
    repeats = true;
    page = undefined;
    read = await reader.read(range, undefined);
  }
  const { events, hasMore, nextCursor, sentAt, unreadable } = read;
  if (hasMore && nextCursor !== null && nextCursor === page?.cursor) throw brokenList("repeats itself");
  const next = hasMore && nextCursor !== null ? { cursor: nextCursor, types: crowdTypes(types) } : undefined;
  return { events: events.filter(({ time }) => time === since), page, next, sentAt, unreadable, repeats };
}
