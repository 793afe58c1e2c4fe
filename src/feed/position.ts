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

/**
 * A point in the feed, as a value: everything created before `since` has been dealt with, and of what was created at or
 * after it, the events in `seen`.
 */
export interface Position {
  /** Milliseconds since 1970, by the upstream's clock. */
  readonly since: number;
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
  return event.time < position.since || (position.seen.size > 0 && position.seen.has(printOf(event)));
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
  return { since, seen };
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
