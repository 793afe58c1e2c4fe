import { type Clock, isoTime } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import type { FeedEvent } from "./event.ts";
import { listOrder } from "./list-order.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { advance, BEFORE_ALL, byTime, MOST_SEEN_BESIDE, type Position, positionAt, RETENTION_MS } from "./position.ts";

/**
 * How far a given time may lie ahead of the `Date` header: its one-second grain, a second between two clocks, and what the clocks
 * of two servers were found to differ by, of which the slower one counts.
 */
const AHEAD_MS = 11_000;
/** Only the answer's `Date` is wanted, so the type is one that is rare and small. */
const SMALL_TYPES = ["webset.deleted"];
/** Whoever begins needs the time: it is not asked for behind what others have still to read. */
const GROUP = "time";
/** At most this many answers are asked for until two agree about the time. */
const MOST_ASKED = 3;
const FIRST_STEP_MS = 60_000;
/** What lies one millisecond ahead may be asked for with all of a crowd before it, for ranges may begin after their beginning. */
const LEAST_STEP_MS = 2;
/** Pages to find the way with: long enough to show an order, and short, for events can be large. */
const PAGE = 20;

/** The upstream's present, asked for where no answer told it lately. Whoever asks at the same time shares the requests. */
export class UpstreamTime {
  readonly #clock: Clock;
  readonly #upstreamClock: UpstreamClock;
  /** For reading events of all types. */
  readonly #reading: (signal: AbortSignal) => Reading;
  readonly #asks = new SharedCalls<void>();
  readonly #looks = new SharedCalls<Position>();
  /** How far the search for the newest events has come, for whoever has no time to get there in one go. */
  readonly #way: Way = { from: 0, step: FIRST_STEP_MS };
  /** Whether the last answer that was asked for its `Date` had none. */
  #undated = false;

  constructor(clock: Clock, upstreamClock: UpstreamClock, reading: (signal: AbortSignal) => Reading) {
    this.#clock = clock;
    this.#upstreamClock = upstreamClock;
    this.#reading = reading;
  }

  /**
   * A fresh position for a call of `askedAt` (`clock.now()`): the upstream's time then, or, where answers have no `Date`, the
   * newest visible event but one of all types, for a position is one for all, and a single one may be stamped wrongly.
   */
  async positionAsOf(askedAt: number, signal: AbortSignal): Promise<Position> {
    await this.#ask(signal);
    const time = this.#upstreamClock.early(askedAt);
    if (time !== undefined) return positionAt(time);
    return this.#looks.join("", signal, async (shared) => {
      const newest = await newestVisible({ ...this.#reading(shared), group: GROUP }, this.#way);
      const since = newest[0]?.time ?? BEFORE_ALL;
      // Where they are more than a cursor has room for, those of that very time are left behind as a whole: they would else come again.
      const from = newest.length > MOST_SEEN_BESIDE ? since + 1 : since;
      return advance(positionAt(from), { handedOut: newest, settledUpTo: undefined });
    });
  }

  /** The upstream's time now, or without a `Date` that of its newest event; never later than it is. */
  async time(signal: AbortSignal): Promise<number> {
    return (await this.positionAsOf(this.#clock.now(), signal)).since;
  }

  /**
   * The position, or now where it lies ahead of that though an earlier reading ended there, by a clock that was wrong then. What
   * a caller writes is refused in the upstream's future and beyond its retention; a position that keeps no time never is.
   */
  async knowable(position: Position, resumes: boolean, signal: AbortSignal): Promise<Position> {
    if (position.since === BEFORE_ALL) return position;
    const known = this.#upstreamClock.at();
    if (known === undefined || position.since > known + AHEAD_MS || position.since < known - RETENTION_MS) {
      await this.#ask(signal);
    }
    const range = this.#upstreamClock.range();
    if (range === undefined) return position;
    if (position.since > range.latest + AHEAD_MS) {
      if (resumes) return { since: range.earliest, seen: position.seen };
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} lies in the future: the API's clock shows ${isoTime(range.earliest)}`,
        advice: "Leave after out to wait from now on, or pass a cursor or an earlier time.",
      });
    }
    if (position.since < range.earliest - RETENTION_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} is older than the 60 days for which the API keeps events`,
        advice: `Pass a time after ${isoTime(range.earliest - RETENTION_MS)}; what is older cannot be read any more.`,
      });
    }
    return position;
  }

  /** Asks until two answers agree about the time, or our own clock agrees with one. */
  async #ask(signal: AbortSignal): Promise<void> {
    if (this.#upstreamClock.isSure || (this.#undated && this.#upstreamClock.at() === undefined)) return;
    await this.#asks.join("", signal, async (shared) => {
      const { exa, onPage } = this.#reading(shared);
      for (let asked = 0; asked < MOST_ASKED && !this.#upstreamClock.isSure; asked++) {
        const answer = await exa.listEvents({ types: SMALL_TYPES, limit: 1 }, { signal: shared, group: GROUP });
        onPage?.(0);
        this.#undated = answer.serverTime === undefined;
        if (this.#undated) return;
      }
    });
  }
}

/**
 * The newest visible events: the newest but one and what is not older, for one alone may be stamped wrongly. They stand in for the upstream's clock where its answers
 * have no `Date`. Works whichever way the API lists; where it lists oldest first, in steps that grow while there is more.
 */
export async function newestVisible(
  reading: Reading,
  way: Way = { from: 0, step: FIRST_STEP_MS },
): Promise<FeedEvent[]> {
  const page = await firstPage({}, reading);
  const latest = latestOf(page.events);
  const isNewestFirst = listOrder(page.events) === "newest-first";
  // Where all of the page is of those times, more of them may follow it.
  const isCut = page.more && latest.length === page.events.length;
  if (!page.more || (isNewestFirst && !isCut)) return latest;
  const from = isNewestFirst ? (latest[0]?.time ?? 0) : await nearTheEnd(latestTime(page.events), reading, way);
  const events = new Map<string, FeedEvent>();
  for await (const rest of walkPages({ after: from }, reading)) {
    for (const event of rest.events) events.set(event.id, event);
    // More of them than are remembered make no difference, and a wait may have no time for the rest of a crowd.
    if (latestOf(events.values()).length > MOST_SEEN_BESIDE) break;
  }
  return latestOf(events.values());
}

/** A time of events, and how much later it is worth a look for more; both in milliseconds, the first since 1970. */
interface Way {
  from: number;
  step: number;
}

/** A time after which less than a page is left, or less than two milliseconds, reached from `start` in steps. */
async function nearTheEnd(start: number, reading: Reading, way: Way): Promise<number> {
  way.from = Math.max(start, way.from);
  for (;;) {
    if (!(await firstPage({ after: way.from }, reading)).more) return way.from;
    if ((await firstPage({ after: way.from + way.step }, reading)).events.length > 0) {
      way.from += way.step;
      way.step *= 4;
    } else if (way.step > LEAST_STEP_MS) {
      way.step = Math.max(LEAST_STEP_MS, Math.floor(way.step / 4));
    } else {
      return way.from;
    }
  }
}

/** The first page that holds something: a page can be empty and still promise more. */
async function firstPage(range: Range, reading: Reading): Promise<{ events: FeedEvent[]; more: boolean }> {
  for await (const page of walkPages(range, reading, PAGE)) if (page.events.length > 0) return page;
  return { events: [], more: false };
}

/** Oldest first. */
function latestOf(events: Iterable<FeedEvent>): FeedEvent[] {
  const sorted = [...new Map(Array.from(events, (event) => [event.id, event])).values()].sort(byTime);
  const from = (sorted.at(-2) ?? sorted.at(-1))?.time ?? 0;
  return sorted.filter((event) => event.time >= from);
}

function latestTime(events: readonly FeedEvent[]): number {
  return events.reduce((latest, event) => Math.max(latest, event.time), 0);
}
