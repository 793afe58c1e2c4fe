import { parseSearch, parseWebset, type Webset, type WebsetSearch } from "../exa/schemas.ts";
import type { FeedEvent } from "../feed/event.ts";
import { BEFORE_ALL, type Position, positionAt, watermarkAt } from "../feed/position.ts";
import { type ErrorKind, isFinal, isTransient, SECOND_LOOK_MS, type WebsetsError } from "../shared/errors.ts";
import { isIdle, isLaterThan } from "./decide.ts";
import { isFinished, timeOf, withSearch } from "./progress.ts";

/** What an event called for and the last look did not show yet is looked for again after this long, in milliseconds. */
const OWED_GAP_MS = 1_000;
/** While the events cannot be read, looks stand in for them this often, in milliseconds. */
const STAND_IN_MS = 2_000;
/** The pause after a failed look doubles from the first to the second, in milliseconds. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;

/** One of the two ways to know of a Webset, looks at its state and events, and what is wrong with it. */
export interface Way {
  /** What the last attempt met; undefined where it succeeded. */
  readonly lastError?: WebsetsError;
  /** Since when attempts fail, in `clock.now()`, and how many have failed. */
  readonly since: number;
  readonly failures: number;
  /** An answer that could be an accident. */
  readonly doubt?: { kind: ErrorKind; at: number };
  /** Whether it came again: this way is closed. */
  readonly isClosed: boolean;
}

const OPEN: Way = { since: 0, failures: 0, isClosed: false };

/** When something was by the clock that stamps events, in milliseconds since 1970: not before and not after these. */
export interface Within {
  earliest: number;
  latest: number;
}

/** What an observer knows of a Webset. All `...At` are of `clock.now()`. */
export interface Knowledge {
  /** As of the last look, with what events have told of later. */
  readonly webset: Webset;
  /** As of the last look alone, and the first. */
  readonly seen: Webset;
  readonly first: Webset;
  /** As it was idle at a moment since the call, by an event, whatever came after. */
  readonly idle?: Webset;
  readonly isGone: boolean;
  /** Not later than what is known: following events from here misses nothing that came after it. */
  readonly position: Position;
  /** As of when events have told of it last. */
  readonly toldAt: number;
  /** When the last look was asked for, and before when the upstream or its error forbids another one. */
  readonly triedAt: number;
  readonly notBefore: number;
  /**
   * An event told, first at `since`, of a change that only a look shows, and the state may lag behind it: only a look that was
   * asked for at `until` or later is sure to show it.
   */
  readonly owed?: { since: number; until: number } | undefined;
  readonly looks: Way;
  readonly events: Way;
  /** A position from before all looks since `at`, where no answer tells the upstream's time. */
  readonly standIn?: { position: Position; at: number };
}

/** What an observer meets, at a `clock.now()`; for looks, when they were asked for. */
export type Observation =
  | { kind: "looked"; at: number; webset: Webset; position: Position | undefined }
  | { kind: "unseen"; at: number; error: WebsetsError }
  | {
      kind: "read";
      at: number;
      events: readonly FeedEvent[];
      /** Whether the upstream was asked for them. */
      asked: boolean;
      settledUpTo: number | undefined;
      /** The upstream's time now, where it is known, and when the observer was called. */
      now: number | undefined;
      called: Within | undefined;
    }
  | { kind: "unread"; at: number; error: WebsetsError }
  | { kind: "stood in"; at: number; position: Position };

/** What the first look shows, asked for at `at`. */
export function begin(webset: Webset, at: number, position: Position | undefined): Knowledge {
  return {
    webset,
    seen: webset,
    first: webset,
    isGone: false,
    position: position ?? positionAt(timeOf(webset.updatedAt) || BEFORE_ALL),
    toldAt: Number.NEGATIVE_INFINITY,
    triedAt: at,
    notBefore: Number.NEGATIVE_INFINITY,
    looks: OPEN,
    events: OPEN,
  };
}

/** The pause after a look that failed, in milliseconds, where this many had failed before it. */
export function pauseAfter({ retryAfterMs = 0 }: WebsetsError, failures: number): number {
  return Math.max(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** failures), retryAfterMs);
}

/** What is known after an observation. */
export function learn(known: Knowledge, met: Observation): Knowledge {
  switch (met.kind) {
    case "looked": {
      const { standIn, owed } = known;
      const position =
        met.position ?? (standIn !== undefined && standIn.at <= met.at ? standIn.position : known.position);
      return {
        ...known,
        webset: notBehind(known, met.webset),
        seen: met.webset,
        position: later(position, known.position),
        triedAt: met.at,
        owed: owed !== undefined && met.at >= owed.until ? undefined : owed,
        looks: OPEN,
      };
    }
    case "unseen": {
      const looks = afterError(known.looks, met);
      const notBefore = met.at + pauseAfter(met.error, known.looks.failures);
      const isGone = known.isGone || (looks.isClosed && met.error.kind === "not_found");
      return { ...known, isGone, looks, triedAt: met.at, notBefore };
    }
    case "read": {
      const after = met.events.reduce((knowledge, event) => take(knowledge, event, met), known);
      if (!met.asked) return after;
      const position = met.settledUpTo === undefined ? known.position : positionAt(met.settledUpTo);
      return { ...after, position: later(position, known.position), events: OPEN };
    }
    case "unread":
      return { ...known, events: afterError(known.events, met) };
    case "stood in":
      return { ...known, standIn: met, owed: { since: met.at, until: Math.max(met.at, known.owed?.until ?? 0) } };
  }
}

/** Why there is nothing more to learn; undefined while one of the two ways is open. */
export function failureOf({ looks, events }: Knowledge): WebsetsError | undefined {
  for (const { lastError } of [looks, events]) if (isFinal(lastError)) return lastError;
  return looks.isClosed && events.isClosed ? (looks.lastError ?? events.lastError) : undefined;
}

/** The error that lasts. */
export function lastErrorOf({ looks, events }: Knowledge): WebsetsError | undefined {
  return looks.lastError ?? events.lastError;
}

/**
 * When to look next, in `clock.now()`, and whether that is because something was told of which a look has to show more.
 * @param rhythmMs from one look to the next while nothing calls for one.
 */
export function nextLook(known: Knowledge, rhythmMs: number): { at: number; isOwed: boolean } {
  const { looks, events, owed, triedAt } = known;
  if (isInDoubt(looks)) return { at: allowedAt(known), isOwed: true };
  const rhythm = triedAt + rhythmMs;
  const standIn =
    events.lastError === undefined ? Number.POSITIVE_INFINITY : Math.max(triedAt, events.since) + STAND_IN_MS;
  const due = owed === undefined ? Number.POSITIVE_INFINITY : Math.max(owed.since, triedAt + OWED_GAP_MS);
  const owedAt = owed !== undefined && triedAt < owed.since ? owed.since : due;
  const at = Math.min(rhythm, standIn, owedAt);
  return { at: Math.max(at, allowedAt(known)), isOwed: owedAt === at };
}

/** The `clock.now()` before which no look makes sense. */
export function allowedAt({ looks, notBefore }: Knowledge): number {
  return isInDoubt(looks) ? Math.max(notBefore, (looks.doubt?.at ?? 0) + SECOND_LOOK_MS) : notBefore;
}

function isInDoubt({ doubt, isClosed }: Way): boolean {
  return doubt !== undefined && !isClosed;
}

/** What passes is outlasted; what else is not final closes a way when it comes a second time. */
function afterError(way: Way, { at, error }: { at: number; error: WebsetsError }): Way {
  const since = way.lastError === undefined ? at : way.since;
  const after = { ...way, lastError: error, since, failures: way.failures + 1 };
  if (isTransient(error)) return after;
  const doubt = way.doubt?.kind === error.kind ? way.doubt : { kind: error.kind, at };
  return { ...after, doubt, isClosed: at >= doubt.at + SECOND_LOOK_MS };
}

function take(known: Knowledge, event: FeedEvent, met: Extract<Observation, { kind: "read" }>): Knowledge {
  if (event.type === "webset.deleted") return { ...known, isGone: true };
  if (event.type.startsWith("webset.search.")) {
    const search = attempt(() => parseSearch(event.data));
    const toldAt = Math.max(known.toldAt, met.at - Math.max(0, (met.now ?? event.time) - event.time));
    const told = search === undefined ? known : { ...known, toldAt, webset: withTold(known.webset, search) };
    // A new search is part of the state, with all that comes along.
    return search === undefined || event.type === "webset.search.created" ? owing(told, event, met) : told;
  }
  const after = owing(known, event, met);
  const snapshot = event.type.startsWith("webset.") ? attempt(() => parseWebset(event.data)) : undefined;
  if (snapshot === undefined || snapshot.id !== known.webset.id) return after;
  const told = { ...after, webset: snapshot.searches.filter(isFinished).reduce(withTold, after.webset) };
  if (event.type !== "webset.idle" || !isIdle(snapshot) || !isOfSinceCall(event, snapshot, known, met)) return told;
  const idle = told.idle ?? snapshot;
  return { ...told, idle, webset: notBehind({ ...told, idle }, told.webset) };
}

/** The state lags behind an event as events lag behind the clock. What ends nothing is looked for but once. */
function owing(known: Knowledge, { type, time }: FeedEvent, { at, now }: { at: number; now: number | undefined }) {
  const lagMs = type === "webset.search.updated" ? 0 : Math.max(0, time - watermarkAt(Math.max(time, now ?? time)));
  return { ...known, owed: { since: at, until: Math.max(known.owed?.until ?? 0, at + lagMs) } };
}

/** Whether an event tells of a time since the call. Where the clocks are too coarse to say so, its snapshot has to. */
function isOfSinceCall(
  { time }: FeedEvent,
  snapshot: Webset,
  { first }: Knowledge,
  { called }: { called: Within | undefined },
) {
  if (called === undefined) return false;
  return time >= called.latest || (time >= called.earliest && isLaterThan(snapshot, first));
}

/** What was seen, with what events have told of later: a look can lag behind them. What has ended stays ended. */
function notBehind({ webset, idle }: Knowledge, look: Webset): Webset {
  const seen = idle !== undefined && isLaterThan(idle, look) ? idle : look;
  const isLater = (search: WebsetSearch) => {
    const one = seen.searches.find(({ id }) => id === search.id);
    return one === undefined || isFinished(search) || timeOf(search.updatedAt) > timeOf(one.updatedAt);
  };
  return webset.searches.filter(isLater).reduce(withTold, seen);
}

/** The Webset with a search that it may not list yet, as where an event told of it. What was idle without that search may not be idle with it. */
export function withTold(webset: Webset, search: WebsetSearch): Webset {
  const isNew = webset.searches.every(({ id }) => id !== search.id);
  const told = withSearch(webset, search);
  return isNew && webset.status === "idle" ? { ...told, status: "running" } : told;
}

function later(one: Position, other: Position): Position {
  return one.since >= other.since ? one : other;
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
