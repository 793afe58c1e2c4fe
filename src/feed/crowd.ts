import { brokenList } from "./cursor-walk.ts";
import type { FeedEvent } from "./event.ts";
import { marginsOf, PageReader, type Reading } from "./page.ts";
import { CROWD_PAGE, type Crowd, type Position, questionOf } from "./position.ts";

/** A cursor is good for the question it was given for: these are all that are asked about one millisecond. */
const MARGINS = [0, 1].flatMap((before) => [0, 1].map((after) => ({ before, after })));

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
  const { types, ends } = reading.channel;
  const { since, crowd: kept } = position;
  const known = MARGINS.find((one) => kept?.cursor !== "" && kept?.question === questionOf(types, one));
  let page = known === undefined ? undefined : kept;
  let margins = known ?? marginsOf(ends);
  const reader = new PageReader(reading, CROWD_PAGE);
  const ask = () => reader.read({ types, after: since - margins.before, before: since + margins.after }, page?.cursor);
  let repeats = kept !== undefined && page === undefined;
  let read = await ask();
  if (read.isRefused) {
    if (isOwn) throw brokenList("refuses its own cursors where more events share a millisecond than a page holds");
    repeats = true;
    page = undefined;
    margins = marginsOf(ends);
    read = await ask();
  }
  if (page === undefined && questionOf(types, margins) !== questionOf(types, marginsOf(ends))) {
    // The crowd is of the millisecond beside this one.
    margins = marginsOf(ends);
    read = await ask();
  }
  const { events, hasMore, nextCursor, sentAt, unreadable } = read;
  if (hasMore && nextCursor !== null && nextCursor === page?.cursor) throw brokenList("repeats itself");
  const next =
    hasMore && nextCursor !== null ? { cursor: nextCursor, question: questionOf(types, margins) } : undefined;
  return { events: events.filter(({ time }) => time === since), page, next, sentAt, unreadable, repeats };
}
