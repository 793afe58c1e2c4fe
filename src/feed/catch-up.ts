import { SharedCalls } from "../shared/shared-calls.ts";
import { brokenList } from "./cursor-walk.ts";
import type { FeedEvent } from "./event.ts";
import { PageReader, widened } from "./page.ts";
import { justAt, type Reading } from "./pages.ts";
import { type CrowdStep, crowdTypes, fingerprint, type Position, watermarkAt } from "./position.ts";
import { readForwards } from "./slices.ts";

/** However many are behind, they take turns with those who are not. */
const GROUP = "catch-up";
/** At most this many events of a crowd are read at once: a cursor has room for the ids of those of a page that were handed out. */
const CROWD_PAGE = 100;

/** What a reader that is far behind is told at once. */
export interface CaughtUp {
  events: FeedEvent[];
  /** Everything created before this time was told, in milliseconds since 1970. */
  settledUpTo: number;
  unreadable: number;
  /** For a part of one crowded millisecond. */
  crowd?: CrowdStep;
  /** Whether events may have been told before. */
  repeats: boolean;
  /** Whether this is everything that was visible from there on. */
  isCaughtUp: boolean;
}

export interface Backlog {
  /** Where the reader stands. */
  position: Position;
  /** Whether the crowd in that position was met by this very reader. */
  isOwnCrowd: boolean;
  /** A time the upstream has certainly reached, in milliseconds since 1970. */
  upstreamNow: number;
  /** Whether there is so much now that only what is settled is to be read. */
  isCrowded: boolean;
}

/** Reads the past in slices. Readers that go through the same past side by side share the requests. */
export class CatchUp {
  readonly #slices = new SharedCalls<CaughtUp>();

  /** The next slice of a backlog of the reading's types; rejects with what the client rejects with. */
  read(backlog: Backlog, reading: Reading): Promise<CaughtUp> {
    const { since, crowd } = backlog.position;
    const key = JSON.stringify([since, crowd?.cursor, backlog.isOwnCrowd, backlog.isCrowded, reading.channel.key]);
    return this.#slices.join(key, reading.signal, (signal) => slice(backlog, { ...reading, signal, group: GROUP }));
  }
}

async function slice({ position, isOwnCrowd, upstreamNow, isCrowded }: Backlog, reading: Reading): Promise<CaughtUp> {
  const { upstreamClock, channel } = reading;
  const { since } = position;
  if (position.crowd === undefined) {
    const now = upstreamClock.early() ?? upstreamNow;
    const before = Math.max(isCrowded ? watermarkAt(now) : now, since);
    const read = await readForwards(
      { types: channel.types, after: since, before, isOpen: !isCrowded },
      channel.backlog,
      reading,
    );
    if (read !== "crowd") {
      const settled = watermarkAt(upstreamClock.reached(read.sentAt) ?? upstreamNow);
      const { events, unreadable, isLast } = read;
      return { events, settledUpTo: Math.min(read.before, settled), unreadable, repeats: false, isCaughtUp: isLast };
    }
  }
  return readCrowd(position, isOwnCrowd, reading);
}

/**
 * Reads a page of the events of one millisecond, `position.since`, page by page by the API's own cursors, which the position
 * keeps: so a crowd of any size is got through, however little of it one wait can read. Throws what the client throws.
 * @param isOwn whether the API gave the cursor just now, so that it has no reason to refuse it.
 */
export async function readCrowd(
  { since, crowd: kept }: Pick<Position, "since" | "crowd">,
  isOwn: boolean,
  reading: Reading,
): Promise<CaughtUp & { crowd: CrowdStep }> {
  const { types } = reading.channel;
  // A cursor is good for the types it was given for.
  let page = kept?.types === crowdTypes(types) && kept.cursor !== "" ? kept : undefined;
  const range = widened(justAt(since, reading), reading.channel);
  const reader = new PageReader(reading, CROWD_PAGE);
  let read = await reader.read(range, page?.cursor);
  let repeats = kept !== undefined && page === undefined;
  if (read.isRefused) {
    if (isOwn) throw brokenList("refuses its own cursors where more events share a millisecond than a page holds");
    repeats = true;
    page = undefined;
    read = await reader.read(range, undefined);
  }
  const { hasMore, nextCursor, unreadable } = read;
  if (hasMore && nextCursor !== null && nextCursor === page?.cursor) throw brokenList("repeats itself");
  const events = read.events.filter(({ time }) => time === since);
  const end = events.at(-1);
  const last = end === undefined ? page?.last : fingerprint(end.id);
  const next = hasMore && nextCursor !== null ? { cursor: nextCursor, types: crowdTypes(types), last } : undefined;
  return {
    events,
    settledUpTo: next === undefined ? since + 1 : since,
    unreadable,
    crowd: { page, next },
    repeats,
    isCaughtUp: false,
  };
}
