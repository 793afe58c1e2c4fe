import { DAY_MS } from "../shared/clock.ts";
import { sha256 } from "../shared/hash.ts";

/**
 * How long after its `createdAt` an event may become visible, in milliseconds. Exa documents nothing about it; this is the
 * bound the whole feed is built on.
 */
export const LATE_MS = 5_000;

/** How far the clock of the `Date` header and the clock of `createdAt` may stand apart, in milliseconds. */
export const CLOCK_DISAGREEMENT_MS = 1_000;

/** How long Exa keeps events, in milliseconds: 60 days, by its documentation. */
export const RETENTION_MS = 60 * DAY_MS;

/** How far back a position may begin that is told by its age: while it is read the time goes on. */
const LONGEST_AGO_MS = RETENTION_MS - 60_000;

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

/** From this many events of one time on, a position keeps an id in place of each one's fingerprint. */
const MANY_TIES = 10;
/** Ids longer than this, in bytes of UTF-8, do not stand in cursors themselves, which have 750 bytes at most. */
const LONGEST_KEY_BYTES = 60;
/** Cursors of the API that are longer than this, in bytes of UTF-8, are not kept. */
export const LONGEST_CROWD_BYTES = 180;
/** A position keeps at most this many fingerprints; one more is not handed out before it is settled. */
const MOST_SEEN = 150;
/** The same where they share their room with a cursor of the API. */
export const MOST_SEEN_BESIDE = 100;

/**
 * A point in the feed, as a value: everything created before `since` has been dealt with, and of what was created at or
 * after it, the events in `seen`.
 */
export interface Position {
  /** Milliseconds since 1970, by the upstream's clock. */
  readonly since: number;
  /** Of the events created at `since`, those whose `orderKey` comes before this one have been dealt with, too. */
  readonly tie?: string | undefined;
  /** How far the events created at `since` have been dealt with, where they are too many for one wait. */
  readonly crowd?: Crowd | undefined;
  /** Fingerprints of events dealt with, each with its time, or the latest time it can have where only a cursor told of it. */
  readonly seen: ReadonlyMap<number, number>;
  /** Which waits for items that are ready it belongs to; whoever reads events only does not care. */
  readonly chain?: Chain | undefined;
}

/** A place in a chain of waits for items that are ready. */
export interface Chain {
  /** 32 bits. */
  readonly id: number;
  /** The number of its last call that told something, 32 bits. */
  readonly call: number;
  /** Whoever knows nothing of the chain reads events again from here on, in milliseconds since 1970, to know its unfinished items. */
  readonly openSince?: number;
}

/** A point this long before now, by the upstream's clock, in milliseconds. */
export interface Ago {
  readonly agoMs: number;
}

/** A place inside a millisecond: everything before the API's own page cursor has been dealt with. */
export interface Crowd {
  /** Empty where it was too long to be kept in a cursor of ours. */
  readonly cursor: string;
  /** For which types the API gave it: see `crowdTypes`. */
  readonly types: number;
  /** The fingerprint of the last event before it, with which the next page may begin again; undefined where there is none. */
  readonly last?: number | undefined;
}

/** Whether a cursor has room for all that the position keeps. */
export function isTellable({ seen, tie, crowd, chain }: Position): boolean {
  const hasRoom = crowd === undefined && (tie === undefined || chain === undefined);
  return seen.size <= (hasRoom ? MOST_SEEN : MOST_SEEN_BESIDE);
}

/** A set of types in two bytes. */
export function crowdTypes(types: readonly string[] | undefined): number {
  return fingerprint(types?.join(" ") ?? "*") % 2 ** 16;
}

/** A fresh position: nothing at or after this time has been dealt with. */
export function positionAt(since: number): Position {
  return { since, seen: new Map() };
}

/** The position this long before one of now, as far back as events are kept. */
export function positionAgo(now: Position, { agoMs }: Ago): Position {
  return agoMs <= 0 ? now : positionAt(Math.max(BEFORE_ALL, now.since - Math.min(agoMs, LONGEST_AGO_MS)));
}

/** A position for whoever reads these types: of a crowd's page that was read for others, the last event need not have been handed out. */
export function positionFor(types: readonly string[] | undefined, position: Position): Position {
  const { crowd } = position;
  if (crowd?.last === undefined || crowd.types === crowdTypes(types)) return position;
  return { ...position, crowd: { ...crowd, last: undefined } };
}

/**
 * The part of an event's id that a position keeps: 36 bits, so that a cursor with 40 events stays within 256 characters.
 * That a new event shares it with one of 40 seen ones has a probability of about 1 in 10^9.
 */
export function fingerprint(id: string): number {
  return sha256(id).readUIntBE(0, 5) % 2 ** 36;
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
  if (isBefore(position, event)) return true;
  const { seen, crowd } = position;
  return (seen.size > 0 && seen.has(printOf(event))) || (crowd?.last !== undefined && crowd.last === printOf(event));
}

/** Whether the position's time and tie alone tell that the event was dealt with. */
function isBefore({ since, tie }: Omit<Position, "seen">, { time, id }: Placed): boolean {
  return time < since || (time === since && tie !== undefined && orderKey(id) < tie);
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
  /** For a step inside one millisecond: where the page that was read last begins, and the next one. */
  crowd?: CrowdStep | undefined;
}

export interface CrowdStep {
  page: Crowd | undefined;
  next: Crowd | undefined;
  /** Events of pages before this one. */
  behind?: readonly Placed[];
}

/** The position after that. `since` never moves back. */
export function advance(position: Position, step: Advance): Position {
  const { oldestPending } = step;
  const limit = Math.min(step.settledUpTo ?? position.since, oldestPending?.time ?? Number.POSITIVE_INFINITY);
  const since = Math.max(position.since, limit);
  const seen = new Map(position.seen);
  for (const event of step.metAgain ?? []) if (seen.has(printOf(event))) seen.set(printOf(event), event.time);
  // Most of a backlog is settled: hashing each of its events would take longer than reading them.
  for (const event of step.handedOut) if (event.time >= since) seen.set(printOf(event), event.time);
  const crowd = crowdAt(since, position, step);
  for (const [print, time] of seen) if (time < since) seen.delete(print);
  const met = [...step.handedOut, ...(step.metAgain ?? [])];
  if (step.crowd !== undefined && crowd !== undefined && crowd === step.crowd.next) {
    // What stands on a page before its cursor needs no fingerprint.
    for (const event of met) if (event.time === since) seen.delete(printOf(event));
  }
  for (const event of step.crowd?.behind ?? []) if (event.time === since) seen.delete(printOf(event));
  const tie =
    step.crowd === undefined ? tieAt(since, position, step) : position.since === since ? position.tie : undefined;
  if (tie !== undefined) {
    for (const event of met) if (isBefore({ since, tie }, event)) seen.delete(printOf(event));
  }
  return { since, seen, ...(tie !== undefined && { tie }), ...(crowd !== undefined && { crowd }) };
}

/** Where the crowd at `since` goes on: with the next page where all of the last one was handed out. */
function crowdAt(since: number, position: Position, { crowd, oldestPending }: Advance): Crowd | undefined {
  if (crowd === undefined) return position.since === since ? position.crowd : undefined;
  return oldestPending?.time === since ? crowd.page : crowd.next;
}

/**
 * Thousands of events can share a time. Once all of them are visible, those that were handed out are those before the oldest
 * pending one, for they are handed out in order: its id says so in place of a fingerprint for each.
 */
function tieAt(since: number, position: Position, { handedOut, metAgain = [], oldestPending, settledUpTo }: Advance) {
  const known = position.since === since ? position.tie : undefined;
  if (oldestPending?.time !== since || settledUpTo === undefined || settledUpTo <= since) return known;
  const id = orderKey(oldestPending.id);
  if (known !== undefined && id <= known) return known;
  const ties = [...handedOut, ...metAgain].filter((event) => event.time === since && orderKey(event.id) < id).length;
  return known === undefined && ties < MANY_TIES ? known : id;
}

/** Whether a text can be written down as UTF-8, briefly, and read again as the same. */
export function isPortable(id: string, most: number): boolean {
  const bytes = Buffer.from(id);
  return bytes.length <= most && bytes.toString() === id;
}

/**
 * Up to which time everything is visible for good, given the upstream's time when a request was sent: later events may
 * still be on their way.
 */
export function watermarkAt(serverTime: number): number {
  return Math.max(BEFORE_ALL, serverTime - LATE_MS - CLOCK_DISAGREEMENT_MS);
}

/** Order of the feed: by time, ties by id. */
export function byTime(a: Placed, b: Placed): number {
  if (a.time !== b.time) return a.time - b.time;
  const [one, other] = [orderKey(a.id), orderKey(b.id)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What an id is ordered by: itself, or where it is too long for a cursor, its beginning and its fingerprint. */
export function orderKey(id: string): string {
  if (/^[\x20-\x7e]{0,60}$/.test(id) || isPortable(id, LONGEST_KEY_BYTES)) return id;
  const begin = /^[\x20-\x7e]{0,20}/.exec(id)?.[0] ?? "";
  return begin + sha256(Buffer.from(id, "utf16le")).toString("hex").slice(0, 40);
}
