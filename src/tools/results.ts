import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { MOST_RESULT_BYTES, resultBytes, withinBytes } from "../shared/bounded-json.ts";
import { isoTime } from "../shared/clock.ts";
import { pauseOf, type WebsetsError } from "../shared/errors.ts";
import { type Known, type PresentedEvent, present } from "./summary.ts";

/**
 * What a result is told besides what it is about is looked up for this long at most, in milliseconds: a wait returns within a second of
 * its time, without what is not known by then.
 */
export const LOOK_MS = 700;

/** A wait is over this much after its time at the latest, in milliseconds. */
const LAST_MS = 950;

/** How long a wait may still take, in milliseconds, where its time is `timeoutMs` and this much of it is gone. */
export function leftOf(timeoutMs: number, goneMs: number): number {
  return Math.max(0, timeoutMs + LAST_MS - goneMs);
}

/** What is stamped further ahead is stamped wrongly, in milliseconds: the clocks of one API differ by less. */
const MOST_AHEAD_MS = 60_000;

/**
 * The upstream's time, for every result: an agent has no clock. It is not before what the result tells of.
 * @param times when that was created, in milliseconds since 1970.
 */
export function nowOf({ upstreamClock }: Pick<Feed, "upstreamClock">, times: readonly number[] = []): { now: string } {
  const { told } = upstreamClock;
  return { now: isoTime(Math.max(told, ...times.filter((time) => time <= told + MOST_AHEAD_MS))) };
}

/** Milliseconds as seconds with one decimal. */
export function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}

/** The error that lasted when a wait's time ran out, for its `warning`. */
export function warningOf(lastError: WebsetsError | undefined): { warning?: string } {
  if (lastError === undefined) return {};
  const { kind, message, advice } = lastError;
  const more = pauseOf(lastError) + (advice === undefined ? "" : ` ${advice}`);
  return { warning: `The last requests to the API failed (${kind}: ${message}); nothing is lost.${more}` };
}

/**
 * What could not be read or not be told as usual, for a result's `note`.
 * @param more that is to be said there, as sentences without their full stop.
 */
export function noteOf(
  read: { unreadable: number; late?: number; repeats?: boolean },
  ...more: readonly (string | false | undefined)[]
): { note?: string } {
  const notes = [
    ...more,
    read.unreadable > 0 &&
      `${read.unreadable} entries of the API's list have no usable id, type or createdAt and were left out`,
    (read.late ?? 0) > 0 &&
      `${read.late} of the events became visible later than the 5 s that this server reckons with; others may have been missed`,
    read.repeats &&
      "More events came at one time than a cursor has room for, or the API did not take its own cursor any more: events may repeat",
  ].filter((note) => typeof note === "string");
  return notes.length === 0 ? {} : { note: `${notes.join(". ")}.` };
}

/** What a list of the API lacks, for a result's `note`. */
export function notePages(
  { malformed, nextCursor }: { malformed: number; nextCursor: string | null },
  nextPage: string | null,
): { note?: string } {
  const notes = [
    malformed > 0 && `${malformed} entries of the API's list could not be read and were left out.`,
    nextPage === null &&
      nextCursor !== null &&
      "There is more, but the API's own cursor is too long to be passed on: ask for more at once with limit.",
  ].filter((note) => typeof note === "string");
  return notes.length === 0 ? {} : { note: notes.join(" ") };
}

/** What a result needs besides its list: cursors of at most 1,000 characters each, and sentences. */
const REST_BYTES = 5_000;
export const MOST_LIST_BYTES = MOST_RESULT_BYTES - REST_BYTES;

type Detail = "summary" | "full";

/** How many of some events, in their order, one result has room for; always one. The others come with the next call. */
export function roomFor(detail: Detail): (events: readonly FeedEvent[]) => number {
  return roomBy((event) => presentAlone(event, detail).bytes);
}

/** The same for anything that is shown in some way. */
export function roomOf<T>(show: (entry: T) => unknown): (entries: readonly T[]) => number {
  return roomBy((entry) => resultBytes(show(entry)));
}

function roomBy<T>(bytesOf: (entry: T) => number): (entries: readonly T[]) => number {
  return (entries) => {
    let bytes = 0;
    const fit = entries.findIndex((entry) => {
      bytes += bytesOf(entry) + 1;
      return bytes > MOST_LIST_BYTES;
    });
    return fit === -1 ? entries.length : Math.max(1, fit);
  };
}

/** With how much room there is for it. */
type Told = Known & { mostBytes?: number | undefined };

interface Presented {
  told: PresentedEvent;
  /** What it takes in a result. */
  bytes: number;
}

/** A thousand waits can be told of one event: its lines are put together once, as long as the event is in memory. */
const summaries = new WeakMap<FeedEvent, Map<string, Presented>>();

/** An event as tools give it without anything that is known besides. */
export function presentAlone(event: FeedEvent, detail: Detail, facts: Omit<Told, "titles"> = {}): Presented {
  const { isOneWebset = false, isReady = false } = facts;
  const form = `${isOneWebset} ${isReady}`;
  const forms = summaries.get(event) ?? new Map<string, Presented>();
  const known = detail === "summary" ? forms.get(form) : undefined;
  if (known !== undefined) return known;
  const told = presentWithin(event, detail, { ...facts, titles: new Map() });
  const presented = { told, bytes: resultBytes(told) };
  if (detail === "summary") summaries.set(event, forms.set(form, presented));
  return presented;
}

/** An event as tools give it, cut and marked where it alone is more than a result has room for. */
export function presentWithin(event: FeedEvent, detail: Detail, known?: Told): PresentedEvent {
  return withinRoom(present(event, detail, known), known?.mostBytes);
}

/** A list's entry, cut and marked where it alone is more than a result has room for. */
export function withinRoom<T>(entry: T, mostBytes = MOST_LIST_BYTES): T {
  return withinBytes(entry, mostBytes - 1);
}
