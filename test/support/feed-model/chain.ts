import { type CollectRequest, collectEvents, FIRST_READING_MS } from "../../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../../src/feed/cursor.ts";
import type { FeedEvent } from "../../../src/feed/event.ts";
import type { Feed } from "../../../src/feed/feed.ts";
import { crowdTypes, fingerprint, type Position, positionAt } from "../../../src/feed/position.ts";
import type { Clock } from "../../../src/shared/clock.ts";
import { abortError, isAbort, isDoubtful, isTransient } from "../../../src/shared/errors.ts";
import { ENDING, FILTERS, fitting, type ScenarioReader, type Wait } from "./scenario.ts";

/** Where a reader runs. */
export interface Surroundings {
  clock: Clock;
  /** The upstream's time at the moment the run begins, and now. */
  start: number;
  now: () => number;
  /** The feed all readers share, or one of a program that has just been started. */
  feed: (restarted: boolean) => Feed;
  /** Resolves when all events are visible and trouble is over, to the time of the latest event. */
  calm: Promise<number>;
  /** How long the waits after that take, in milliseconds. */
  lastWaitMs: number;
  /** When they have found nothing for so long, in milliseconds, there is nothing more to be found. */
  lastQuietMs: number;
}

/** All that a reader was handed, and where it began. */
export interface ReaderRecord {
  reader: ScenarioReader;
  /** The position its first successful call began at. */
  begin: Position;
  /** Whether that lay ahead of the upstream's time. */
  ahead: boolean;
  /** The upstream's time when that call was made, and when the position was known. */
  askedAt: number;
  positionedAt: number;
  listed: FeedEvent[];
  /** Whether the listing told that events may come again. */
  listingRepeats: boolean;
  results: Result[];
  /** How much later than promised a wait returned, in milliseconds. */
  overtime: number;
}

export interface Result {
  events: FeedEvent[];
  limit: number;
  /** Where the wait went on from; undefined at first. */
  from: Position | undefined;
  /** The upstream's time when it ended. */
  endedAt: number;
  late: number;
  repeats: boolean;
  /** The upstream's time at the call, where the result says that everything visible since then is handed out. */
  quietSince: number | undefined;
}

type Begin = ScenarioReader["begin"];

const LAST_WAIT: Omit<Wait, "timeoutMs"> = {
  pauseMs: 0,
  atLeast: 100,
  limit: 100,
  cancelAfterMs: undefined,
  restarted: false,
  room: undefined,
  takesAll: false,
  hasEnds: false,
  closesAfterMs: undefined,
  lookWithinMs: undefined,
  savesLooks: false,
};

/** No model copies more. */
const LONGEST_TEXT = 1_000;

/** A cursor as a caller gets it: short enough, and what is read of it is what was written. */
function cursorOf(position: Position): string {
  const cursor = encodeCursor(position);
  if (cursor.length > LONGEST_TEXT) throw new Error(`a cursor has ${cursor.length} characters`);
  if (encodeCursor(decodeCursor(cursor)) !== cursor) throw new Error(`a cursor is read as another one: ${cursor}`);
  return cursor;
}

/** Lets a reader do what the scenario says, and then read on until nothing comes any more. */
export async function runReader(reader: ScenarioReader, surroundings: Surroundings): Promise<ReaderRecord> {
  const { clock, start, now, feed, calm, lastWaitMs, lastQuietMs } = surroundings;
  const { begin, startMs, websetId } = reader;
  const filter = FILTERS[reader.filter] ?? {};
  const record: ReaderRecord = {
    reader,
    begin: positionAt(0),
    ahead: false,
    askedAt: 0,
    positionedAt: 0,
    listed: [],
    listingRepeats: false,
    results: [],
    overtime: 0,
  };
  let cursor: string | undefined;

  const list = async (limit: number): Promise<void> => {
    const { signal } = new AbortController();
    const listed: FeedEvent[] = [];
    let page: string | undefined;
    for (;;) {
      const { events, nextPage, position, repeats } = await feed(false).list({
        filter: { ...filter, websetId },
        limit,
        page,
        signal,
      });
      listed.push(...events);
      if (nextPage === null) {
        record.listed = listed;
        record.begin = position;
        record.listingRepeats = repeats;
        cursor = cursorOf(position);
        return;
      }
      if (nextPage.length > LONGEST_TEXT) throw new Error(`a page token has ${nextPage.length} characters`);
      page = nextPage;
    }
  };

  /** How many events came; undefined where the wait failed. */
  const wait = async (one: Wait): Promise<number | undefined> => {
    const { timeoutMs, atLeast, limit, cancelAfterMs, restarted, room, takesAll, hasEnds, closesAfterMs } = one;
    const done = new AbortController();
    const abortAfter = (ms: number | undefined) => {
      const later = new AbortController();
      if (ms !== undefined)
        clock.sleep(ms, done.signal).then(
          () => later.abort(),
          () => {},
        );
      return later;
    };
    const stop = abortAfter(cancelAfterMs);
    const closing = abortAfter(closesAfterMs);
    let looked: string | undefined;
    const from =
      cursor !== undefined
        ? decodeCursor(cursor)
        : begin.kind === "time"
          ? positionAt(start + startMs - begin.agoMs)
          : undefined;
    const [askedAt, startedAt] = [now(), clock.now()];
    const tapped = tap(feed(restarted), (position) => {
      if (cursor !== undefined) return;
      record.begin = position;
      record.askedAt = askedAt;
      record.positionedAt = now();
    });
    const request: CollectRequest = {
      feed: tapped,
      clock,
      ...filter,
      websetId,
      from,
      resumes: cursor !== undefined,
      atLeast,
      limit: takesAll ? Number.POSITIVE_INFINITY : Math.max(atLeast, limit),
      endsEarly: takesAll,
      ...(room === undefined || takesAll ? {} : { fits: (events) => fitting(room, events) }),
      ends: hasEnds ? ({ type }) => type === ENDING : undefined,
      timeoutMs,
      signal: stop.signal,
      closing: closing.signal,
      lookWithinMs: one.lookWithinMs,
      onLook: (_, { position }) => {
        looked = cursorOf(position);
      },
    };
    try {
      const { events, position, more, late, repeats } = await collectEvents(request);
      // A wait that ended before anything was read goes on from where it was told to.
      if (cursor === undefined && from !== undefined) record.begin = from;
      record.results.push({
        events,
        limit: request.fits?.(events) ?? request.limit,
        from,
        endedAt: now(),
        late,
        repeats,
        quietSince: more ? undefined : askedAt,
      });
      cursor = cursorOf(position);
      return events.length;
    } catch (error) {
      if (!isAbort(error) && !isTransient(error)) throw error;
      if (isAbort(error) && !stop.signal.aborted) throw error;
      if (one.savesLooks) cursor = looked ?? cursor;
      return undefined;
    } finally {
      done.abort();
      const upAfterMs = Math.max(FIRST_READING_MS, Math.min(timeoutMs, closesAfterMs ?? timeoutMs));
      record.overtime = Math.max(record.overtime, clock.now() - startedAt - upAfterMs);
    }
  };

  /** A wait of somebody with another filter, whose cursor this reader goes on from. */
  const waitBefore = async ({ agoMs, count: limit, timeoutMs, filter: index }: Extract<Begin, { kind: "cursor" }>) => {
    const { signal } = new AbortController();
    const from = positionAt(start + startMs - agoMs);
    const request = {
      feed: feed(false),
      clock,
      ...FILTERS[index],
      from,
      atLeast: limit,
      limit,
      timeoutMs,
      signal,
    };
    const { events, position } = await collectEvents(request);
    cursor = cursorOf(position);
    const { seen, crowd, ...begin } = decodeCursor(cursor);
    // Inside a crowd the API's own cursor stands for what was handed out, where it is one for the same types.
    const passed = crowd?.types === crowdTypes(filter.types) ? events.filter(({ time }) => time === begin.since) : [];
    // A time ahead of now, from an only answer that was wrong, is taken as now: what comes later may be handed out.
    record.ahead = begin.since > now();
    record.begin = {
      ...begin,
      crowd: crowd && { ...crowd, last: undefined },
      seen: new Map([...seen, ...passed.map(({ id, time }) => [fingerprint(id), time] as const)]),
    };
  };

  await clock.sleep(startMs);
  while (cursor === undefined && (begin.kind === "listing" || begin.kind === "cursor")) {
    const beginning = begin.kind === "listing" ? list(begin.limit) : waitBefore(begin);
    await beginning.catch(async (error: unknown) => {
      // One call looks only once.
      if (!isTransient(error) && !isDoubtful(error)) throw error;
      // Where the API has asked for a pause, a call fails without a request, and no time would ever pass.
      await clock.sleep(1_000);
    });
  }
  for (const one of reader.waits) {
    await clock.sleep(one.pauseMs);
    await wait(one);
  }
  const latest = await calm;
  for (let quietMs = 0; ; ) {
    const before = cursor;
    const found = await wait({ ...LAST_WAIT, timeoutMs: lastWaitMs });
    const isPast = cursor !== undefined && decodeCursor(cursor).since > latest;
    // A long way through what is not the reader's own brings nothing, but gets on.
    const getsOn = record.results.at(-1)?.quietSince === undefined && cursor !== before;
    quietMs = found === 0 && !getsOn ? quietMs + lastWaitMs : 0;
    if (isPast || quietMs >= lastQuietMs) return record;
  }
}

/** The same feed, whose readers' first positions are seen. */
function tap(feed: Feed, onPosition: (position: Position) => void): Feed {
  const tapped: Pick<Feed, "read" | "answeredAt" | "upstreamClock"> = {
    upstreamClock: feed.upstreamClock,
    get answeredAt() {
      return feed.answeredAt;
    },
    async *read(request) {
      for await (const news of feed.read(request)) {
        if (news.kind === "positioned") onPosition(news.position);
        yield news;
      }
      throw abortError();
    },
  };
  return tapped as Feed;
}
