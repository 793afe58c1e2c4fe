import { parseEventPage } from "../../exa/event.ts";
import { parseWebsetPage, type Webset } from "../../exa/schemas.ts";
import { type FeedEvent, toFeedEvent } from "../../feed/event.ts";
import { CLOCK_DISAGREEMENT_MS, LATE_MS, RETENTION_MS } from "../../feed/position.ts";
import { DAY_MS, isoTime } from "../../shared/clock.ts";
import { isAbort, isFinal, WebsetsError } from "../../shared/errors.ts";
import type { Exchange, Probe, Query } from "./probe.ts";

/** A page of events, as it came and as it is read. */
export interface SeenPage extends Exchange {
  events: FeedEvent[];
  /** Entries without a usable id, type or createdAt. */
  malformed: number;
  hasMore: boolean;
  nextCursor: string | null;
  /** Whether more can lie behind it: `hasMore` with a null cursor has been recorded at the end of a list. */
  isCut: boolean;
}

/** What came of a question: undefined where it was not asked. */
export type Seen<T> = T | WebsetsError | undefined;

/** What the API was seen to do, by reading alone. */
export interface Evidence {
  /** The largest page: what the list begins with. */
  first: SeenPage;
  /** The largest page of one type of event. */
  ofOneType?: Seen<SeenPage>;
  /** The page that comes without a limit. */
  byDefault?: Seen<SeenPage>;
  /** A page with a limit above the largest. */
  above?: Seen<SeenPage>;
  /** Two small pages, the second behind the first. */
  small?: Seen<SeenPage>;
  behind?: Seen<SeenPage>;
  /** Pages whose range begins and ends at an event's own time, begins there, ends there, and lies well around it. */
  event?: FeedEvent;
  exact?: Seen<SeenPage>;
  from?: Seen<SeenPage>;
  until?: Seen<SeenPage>;
  around?: Seen<SeenPage>;
  exports?: Seen<SeenPage>;
  /** What is older than the events are kept, and what will soon be. */
  expired?: Seen<SeenPage>;
  expiring?: Seen<SeenPage>;
  /** The answer for an event that nobody has. */
  unknown?: Seen<Exchange>;
  websets?: Seen<Webset[]>;
  /** The same last seconds, read again and again: what is new in one was not visible in the one before. */
  readings: SeenPage[];
  exchanges: readonly Exchange[];
  /** The API's time at a moment of `clock.now()`, at least and at most; undefined where no answer told it. */
  timeAt(moment: number): { earliest: number; latest: number } | undefined;
}

export const LARGEST = 200;
/** After so long no further question is asked, in milliseconds: what was seen by then is told. */
export const GATHER_MS = 60_000;
const SMALL = 3;
/** What is visible of the last seconds is read from here on, in milliseconds before now. */
const RECENT_MS = 20_000;

/** An event this old has its place for good. */
const SETTLED_MS = LATE_MS + CLOCK_DISAGREEMENT_MS + 4_000;

/**
 * Asks what shows how the API lists events: some 15 requests, none of which writes anything or costs credits. Rejects where the
 * first page cannot be read, or no other request would do better; other refusals are kept as what was seen.
 * @param readings what was read of the last seconds before.
 */
export async function gather(probe: Probe, signal: AbortSignal, readings: readonly SeenPage[] = []): Promise<Evidence> {
  const events = async (query: Query) => readPage(await probe.get("events", query, signal));
  const endsAt = probe.clock.now() + GATHER_MS;
  const isOver = () => probe.clock.now() >= endsAt;
  const seen = async <T>(ask: () => Promise<T>): Promise<Seen<T>> => (isOver() ? undefined : ask().catch(kept));
  const now = () => probe.upstreamClock.told;

  const first = await events({ limit: LARGEST });
  const evidence: Evidence = {
    first,
    readings: [...readings],
    exchanges: probe.exchanges,
    timeAt: (moment) => probe.upstreamClock.range(moment),
  };
  evidence.readings.push(...(await recent(probe, signal)));
  evidence.byDefault = await seen(() => events({}));
  evidence.above = await seen(() => events({ limit: LARGEST + 1 }));
  evidence.small = await seen(() => events({ limit: SMALL }));
  const cursor = pageOf(evidence.small)?.nextCursor ?? null;
  if (cursor !== null) evidence.behind = await seen(() => events({ limit: SMALL, cursor }));

  const event = settled(first.events, now());
  if (event !== undefined) {
    evidence.event = event;
    const at = isoTime(event.time);
    const around = { createdAfter: isoTime(event.time - 1_000), createdBefore: isoTime(event.time + 1_000) };
    evidence.exact = await seen(() => events({ limit: LARGEST, createdAfter: at, createdBefore: at }));
    evidence.from = await seen(() => events({ limit: LARGEST, createdAfter: at, createdBefore: around.createdBefore }));
    evidence.until = await seen(() => events({ limit: LARGEST, createdAfter: around.createdAfter, createdBefore: at }));
    evidence.around = await seen(() => events({ limit: LARGEST, ...around }));
    evidence.ofOneType = await seen(() => events({ limit: LARGEST, types: [event.type] }));
  }
  const exportTypes = ["webset.export.created", "webset.export.completed"];
  evidence.exports = await seen(() => events({ limit: 1, types: exportTypes }));
  const kept60 = now() - RETENTION_MS;
  evidence.expired = await seen(() => events({ limit: 1, createdBefore: isoTime(kept60 - DAY_MS) }));
  const expiring = { createdAfter: isoTime(kept60 - DAY_MS), createdBefore: isoTime(kept60 + 10 * DAY_MS) };
  evidence.expiring = await seen(() => events({ limit: 1, ...expiring }));
  evidence.unknown = await seen(() => probe.get("events/event_nobody_has_this_one", {}, signal));
  evidence.websets = await seen(
    async () => parseWebsetPage((await probe.get("websets", { limit: 25 }, signal)).json).data,
  );
  if (!isOver()) evidence.readings.push(...(await recent(probe, signal)));
  return evidence;
}

/** Reads what is visible of the last seconds; nothing where that cannot be read, or is more than a page. */
async function recent(probe: Probe, signal: AbortSignal): Promise<SeenPage[]> {
  const createdAfter = isoTime(probe.upstreamClock.told - RECENT_MS);
  try {
    const page = readPage(await probe.get("events", { limit: LARGEST, createdAfter }, signal));
    return page.isCut ? [] : [page];
  } catch (error) {
    kept(error);
    return [];
  }
}

/** Reads a page of events; throws `unexpected_response` where there is none in the answer. */
export function readPage(exchange: Exchange): SeenPage {
  const { events, malformed, hasMore, nextCursor } = parseEventPage(exchange.json);
  return {
    ...exchange,
    events: events.map((event) => toFeedEvent(event)),
    malformed,
    hasMore,
    nextCursor,
    isCut: hasMore && nextCursor !== null,
  };
}

/** A refusal is something seen, unless it says that nothing more will be. */
function kept(error: unknown): WebsetsError {
  if (isAbort(error) || !(error instanceof WebsetsError) || isFinal(error)) throw error;
  return error;
}

/** A settled event in the middle of a page, so that others lie on both sides of it. */
function settled(events: readonly FeedEvent[], now: number): FeedEvent | undefined {
  const old = events.filter(({ time }) => time < now - SETTLED_MS);
  return old[old.length >> 1];
}

/** How long events are looked at for a recording, in milliseconds: what a user who sends it gives. */
const LOOK_MS = 60_000;
const GAP_MS = 1_000;
/** Pages behind the first: enough to show whether the list goes on as it began. */
const MORE_PAGES = 4;

/** Whether events can be expected: a Webset is being worked on, or something has just happened. */
export async function isBusy(probe: Probe, signal: AbortSignal): Promise<boolean> {
  try {
    const { json } = await probe.get("websets", { limit: 25 }, signal);
    const runs = parseWebsetPage(json).data.some(({ status }) => status === "running" || status === "pending");
    return runs || (await recent(probe, signal)).some(({ events }) => events.length > 0);
  } catch (error) {
    if (!(error instanceof WebsetsError) || isFinal(error)) throw error;
    return false;
  }
}

/** Looks once a second for a minute at what becomes visible, so that the recording shows how late events are. */
export async function watchEvents(probe: Probe, signal: AbortSignal): Promise<SeenPage[]> {
  const { clock } = probe;
  const readings: SeenPage[] = [];
  for (const end = clock.now() + LOOK_MS; clock.now() < end; ) {
    readings.push(...(await recent(probe, signal)));
    await clock.sleep(GAP_MS, signal);
  }
  return readings;
}

/** Reads further back, for a recording: what was asked is kept by the probe. */
export async function readFurther(evidence: Evidence, probe: Probe, signal: AbortSignal): Promise<void> {
  let page = evidence.first;
  try {
    for (let left = MORE_PAGES; left > 0 && page.nextCursor !== null; left--) {
      page = readPage(await probe.get("events", { limit: LARGEST, cursor: page.nextCursor }, signal));
    }
  } catch (error) {
    // What was read is worth recording; the refusal is in it.
    if (!(error instanceof WebsetsError)) throw error;
  }
}

/** When an event became visible: between two readings, in milliseconds after its `createdAt`. */
export interface Delay {
  type: string;
  least: number;
  most: number;
}

/** How late events became visible, of those that a reading showed and the one before it did not. */
export function delaysIn({ readings, timeAt }: Pick<Evidence, "readings" | "timeAt">): Delay[] {
  const found: Delay[] = [];
  const known = new Set(readings[0]?.events.map(({ id }) => id));
  for (const [index, reading] of readings.entries()) {
    const before = readings[index - 1];
    if (before === undefined) continue;
    const unseenUntil = timeAt(before.sentAt);
    const seenAt = timeAt(reading.receivedAt);
    const begins = Date.parse(String(before.query.createdAfter));
    for (const { id, type, time } of reading.events) {
      if (known.has(id)) continue;
      known.add(id);
      // What the reading before did not ask for says nothing.
      if (unseenUntil === undefined || seenAt === undefined || time < begins) continue;
      found.push({ type, least: Math.max(0, unseenUntil.earliest - time), most: seenAt.latest - time });
    }
  }
  return found;
}

/** What was seen, or undefined where it was refused or not asked for. */
export function pageOf<T>(seen: Seen<T>): T | undefined {
  return seen instanceof WebsetsError ? undefined : seen;
}
