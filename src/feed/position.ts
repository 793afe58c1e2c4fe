import { createHash } from "node:crypto";

/**
 * How long after its `createdAt` an event may become visible, in milliseconds. Exa documents nothing about it; this is the
 * bound the whole feed is built on.
 */
export const LATE_MS = 5_000;

/** How far the clock of the `Date` header and the clock of `createdAt` may stand apart, in milliseconds. */
export const CLOCK_DISAGREEMENT_MS = 1_000;

/** How long Exa keeps events, in milliseconds: 60 days, by its documentation. */
export const RETENTION_MS = 60 * 24 * 3_600_000;

/**
 * Where a position lies if nothing was visible and no clock told the time: before all events, in milliseconds since 1970. No
 * caller writes such a time.
 */
export const BEFORE_ALL = 1;

/** What a position needs to know of an event. */
export interface Placed {
  id: string;
  /** `createdAt` in milliseconds since 1970. */
  time: number;
}

/** From so many events of one time on, a position keeps an id in place of each one's fingerprint. */
const MANY_TIES = 10;
/** Ids longer than this, in bytes of UTF-8, are not kept in positions. */
export const LONGEST_TIE_BYTES = 255;

/**
 * A point in the feed, as a value: everything created before `since` has been dealt with, and of what was created at or
 * after it, the events in `seen`.
 */
export interface Position {
  /** Milliseconds since 1970, by the upstream's clock. */
  readonly since: number;
  /** Of the events created at `since`, those whose ids come before this one have been dealt with, too. */
  readonly tie?: string | undefined;
  /** Fingerprints of events dealt with, each with its time, or the latest time it can have where only a cursor told of it. */
  readonly seen: ReadonlyMap<number, number>;
}

/** A fresh position: nothing at or after this time has been dealt with. */
export function positionAt(since: number): Position {
  return { since, seen: new Map() };
}

/**
 * The part of an event's id that a position keeps: 36 bits, so that a cursor with 40 events stays within 256 characters.
 * That a new event shares it with one of 40 seen ones has a probability of about 1 in 10^9.
 */
export function fingerprint(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 5) % 2 ** 36;
}

/** All readers of a tail meet the same event objects again and again; each is hashed once. */
const prints = new WeakMap<Placed, number>();

function printOf(event: Placed): number {
  let print = prints.get(event);
  if (print === undefined) {
    print = fingerprint(event.id);
    prints.set(event, print);
  }
  return print;
}

/** Whether the event lies before the position or was dealt with already. */
export function isDealtWith(position: Position, event: Placed): boolean {
  return isBefore(position, event) || (position.seen.size > 0 && position.seen.has(printOf(event)));
}

/** Whether the position's time and tie alone tell that the event was dealt with. */
function isBefore({ since, tie }: Omit<Position, "seen">, { time, id }: Placed): boolean {
  return time < since || (time === since && tie !== undefined && id < tie);
}

/** What happened to a reader since its position. */
export interface Advance {
  /** Events handed out or otherwise dealt with. */
  handedOut: readonly Placed[];
  /** Events that were met again: for those in `seen`, exact times replace the bounds a cursor gave; others are not added. */
  metAgain?: readonly Placed[];
  /** The oldest match that was found but not handed out; `since` never passes it. */
  oldestPending?: Placed | undefined;
  /** Everything created before this time is visible and was found, in milliseconds; undefined while that is unknown. */
  settledUpTo: number | undefined;
}

/** The position after that. `since` never moves back. */
export function advance(position: Position, step: Advance): Position {
  const limit = Math.min(step.settledUpTo ?? position.since, step.oldestPending?.time ?? Number.POSITIVE_INFINITY);
  const since = Math.max(position.since, limit);
  const seen = new Map(position.seen);
  for (const event of step.metAgain ?? []) if (seen.has(printOf(event))) seen.set(printOf(event), event.time);
  for (const event of step.handedOut) seen.set(printOf(event), event.time);
  for (const [print, time] of seen) if (time < since) seen.delete(print);
  const tie = tieAt(since, position, step);
  if (tie === undefined) return { since, seen };
  for (const event of [...step.handedOut, ...(step.metAgain ?? [])]) {
    if (isBefore({ since, tie }, event)) seen.delete(printOf(event));
  }
  return { since, tie, seen };
}

/**
 * Thousands of events can share a time. Once all of them are visible, those that were handed out are those before the oldest
 * pending one, for they are handed out in order: its id says so in place of a fingerprint for each.
 */
function tieAt(since: number, position: Position, { handedOut, metAgain = [], oldestPending, settledUpTo }: Advance) {
  const known = position.since === since ? position.tie : undefined;
  if (oldestPending?.time !== since || settledUpTo === undefined || settledUpTo <= since) return known;
  const { id } = oldestPending;
  if (known !== undefined && id <= known) return known;
  const ties = [...handedOut, ...metAgain].filter((event) => event.time === since && event.id < id).length;
  return (known === undefined && ties < MANY_TIES) || !isPortable(id) ? known : id;
}

/** Whether an id can be written down as UTF-8, briefly, and read again as the same. */
function isPortable(id: string): boolean {
  const bytes = Buffer.from(id);
  return bytes.length <= LONGEST_TIE_BYTES && bytes.toString() === id;
}

/**
 * Up to which time everything is visible for good, given the upstream's time when a request was sent: later events may
 * still be on their way.
 */
export function settledAt(serverTime: number): number {
  return Math.max(BEFORE_ALL, serverTime - LATE_MS - CLOCK_DISAGREEMENT_MS);
}

/** Order of the feed: by time, ties by id. */
export function byTime(a: Placed, b: Placed): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
