import fc from "fast-check";
import { type EventFilter, eventFilter } from "../../../src/feed/filter.ts";
import { LATE_MS } from "../../../src/feed/position.ts";

/*
 * What happens in one run of the feed's property: an upstream with a history, trouble on the way to it, and readers. All
 * times are milliseconds from the moment the run begins.
 */

/** One is known to nobody; what one filter wants, others want too. */
const TYPES = ["webset.idle", "webset.item.created", "webset.search.updated", "webset.moved"] as const;
export const FILTERS: readonly EventFilter[] = [
  {},
  { types: ["webset.idle"] },
  { types: ["webset.idle", "webset.item.created"] },
  { types: ["webset.search.updated"] },
  // What the API is asked for is more than what is wanted.
  eventFilter({ types: ["webset.i*"] }),
  eventFilter({}),
];
const WEBSETS = ["ws_a", "ws_b"] as const;

export interface ScenarioEvent {
  id: string;
  type: string;
  websetId: string;
  /** When it was created, by the clock that stamps events. */
  at: number;
  /** When it becomes visible, by the upstream's true time. */
  visibleAt: number;
}

export type Trouble = "none" | "seldom" | "often";

/** An API that lists in a way that the sandbox does not know. */
export interface OddList {
  order: "newest-first" | "oldest-first" | "arrivals" | "shuffled";
  cursors: "offset" | "last";
  /** Whether times are finer than milliseconds. */
  isFiner: boolean;
  /** Which end of a range it leaves out. */
  leavesOut: "createdAfter" | "createdBefore" | undefined;
}

export interface Upstream {
  listOrder: "newest-first" | "oldest-first";
  pageSizeCap: number;
  /** Whether the last page of a list promises more, without a cursor. */
  endsPromising: boolean;
  /** How it lists, where not as the sandbox does. */
  list: OddList | undefined;
  /** Pages of more entries than this are too large to be held. */
  mostEntries: number | undefined;
  /** How long a request takes there, and its answer back. */
  latencyMs: number;
  /** Whether that differs from request to request, so that answers overtake each other. */
  jitters: boolean;
  dates: "always" | "never" | "sometimes";
  /** How far the clock that stamps events is ahead of the one that dates answers. */
  stampsAheadMs: number;
  /** How far our own clock is ahead. */
  skewMs: number;
  trouble: Trouble;
  /**
   * Whose time the `Date` of answers tells: that of one server, now and then wrongly, or that of two whose clocks differ. Of these,
   * both answer in turn, or always the one that stamps no events.
   */
  clocks: { kind: "one"; first: number; offMs: number } | { kind: "two"; offMs: number; heard: "both" | "other" };
  /** Refusals of the list that are accidents, each of the first request since its time, and far enough apart. */
  odd: { at: number; status: 400 | 403 | 404 }[];
  /** Where the dice for trouble begin. */
  seed: number;
}

/** One wait of a reader. */
export interface Wait {
  /** Before it. */
  pauseMs: number;
  timeoutMs: number;
  atLeast: number;
  /** What is less than `atLeast` means that. */
  limit: number;
  /** After which it is canceled; its events then come again. */
  cancelAfterMs: number | undefined;
  /** Whether the program was restarted before it: only the cursor is left. */
  restarted: boolean;
  /** How much its result has room for, by `sizeOf`; undefined for any number of events. */
  room: number | undefined;
  /** Whether it takes whatever there is as soon as that is enough, as calls do that go to a program. */
  takesAll: boolean;
  /** Whether an event of `ENDING` ends it. */
  hasEnds: boolean;
  /** After which its program is about to end, so that its time is up. */
  closesAfterMs: number | undefined;
  /** The first look comes within this time. */
  lookWithinMs: number | undefined;
  /** Whether the reader goes on from what the last look told, where the wait is lost. */
  savesLooks: boolean;
}

/** What ends a wait that has ends. */
export const ENDING = "webset.idle";

/** How much room an event takes in a result: some take more. */
export function sizeOf({ id }: { id: string }): number {
  return id.startsWith("a") ? 3 : 1;
}

/** How many of these events a result has room for, at least one. */
export function fitting(room: number, events: readonly { id: string }[]): number {
  let left = room;
  const number = events.findIndex((event) => {
    left -= sizeOf(event);
    return left < 0;
  });
  return number === -1 ? events.length : Math.max(1, number);
}

export interface ScenarioReader {
  filter: number;
  websetId: string | undefined;
  /**
   * Where it begins: now, at a time of the past, with a listing of so many events a page, or with the cursor of a wait for
   * other types and any Webset.
   */
  begin:
    | { kind: "now" }
    | { kind: "time"; agoMs: number }
    | { kind: "listing"; limit: number }
    | { kind: "cursor"; filter: number; agoMs: number; count: number; timeoutMs: number };
  startMs: number;
  waits: Wait[];
}

export interface Scenario {
  upstream: Upstream;
  /** Whether our requests keep to their budget, so that readers wait for each other's; else all are let through at once. */
  budgeted: boolean;
  /** How often is polled. */
  intervalMs: number;
  events: ScenarioEvent[];
  /** So many events more of one millisecond, as of a bulk import. */
  crowd: { at: number; size: number };
  readers: ScenarioReader[];
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** By so much the clocks of two servers differ at most: as was found of one API. */
const APART_MS = 9_000;

/** Times that differ by less may count as the same. */
const AGREEING_MS = 10 * SECOND_MS;

const RIGHT: Upstream["clocks"] = { kind: "one", first: 0, offMs: 0 };

const clocks: fc.Arbitrary<Upstream["clocks"]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(RIGHT) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("one" as const),
      // The first answers decide most.
      first: fc.oneof(fc.constant(0), fc.nat({ max: 8 })),
      offMs: fc.oneof(
        fc.constantFrom(20 * SECOND_MS, -20 * SECOND_MS, HOUR_MS, -HOUR_MS),
        fc.integer({ min: -5 * HOUR_MS, max: 5 * HOUR_MS }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("two" as const),
      offMs: fc.integer({ min: -APART_MS, max: APART_MS }),
      heard: fc.constantFrom("both", "both", "other"),
    }),
  },
);

const odd: fc.Arbitrary<Upstream["odd"]> = fc.array(
  fc.record({ at: fc.integer({ min: 0, max: 30_000 }), status: fc.constantFrom<400 | 403 | 404>(400, 403, 404) }),
  { maxLength: 3, size: "-1" },
);

const lists: fc.Arbitrary<Upstream["list"]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      order: fc.constantFrom("newest-first", "oldest-first", "arrivals", "shuffled"),
      cursors: fc.constantFrom("offset", "last"),
      isFiner: fc.boolean(),
      leavesOut: fc.constantFrom(undefined, undefined, "createdAfter", "createdBefore"),
    }),
  },
);

/** Where most answers tell no time, nobody can know that the one which does is wrong. */
const upstreams: fc.Arbitrary<Upstream> = fc
  .record({
    listOrder: fc.constantFrom("newest-first", "oldest-first"),
    pageSizeCap: fc.constantFrom(200, 200, 200, 50, 7, 3, 1),
    endsPromising: fc.boolean(),
    list: lists,
    mostEntries: fc.constantFrom(undefined, undefined, undefined, undefined, 60, 9, 2),
    latencyMs: fc.constantFrom(0, 40, 170, 900),
    jitters: fc.boolean(),
    dates: fc.constantFrom("always", "always", "never", "sometimes"),
    stampsAheadMs: fc.constantFrom(0, 0, 800, -800),
    skewMs: fc.constantFrom(0, 600_000, -600_000),
    trouble: fc.constantFrom("none", "seldom", "often"),
    clocks,
    odd,
    seed: fc.nat(),
  })
  .map((upstream) => (upstream.dates === "always" ? upstream : { ...upstream, clocks: RIGHT }))
  // An answer that is wrong by just as much as our own clock is confirmed by it, and nobody could know.
  .map((upstream) =>
    upstream.clocks.kind === "one" &&
    Math.abs(upstream.clocks.offMs - upstream.skewMs) < AGREEING_MS &&
    upstream.skewMs !== 0
      ? { ...upstream, clocks: RIGHT }
      : upstream,
  )
  // Of a server that nobody hears only our own clock can tell the time.
  .map((upstream) =>
    upstream.clocks.kind === "two" && upstream.clocks.heard === "other" ? { ...upstream, skewMs: 0 } : upstream,
  );

/** How late an event becomes visible: a few far later than any should. */
const lateness = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 20, arbitrary: fc.constant(LATE_MS) },
  { weight: 20, arbitrary: fc.integer({ min: 0, max: LATE_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: LATE_MS + 1, max: 8 * LATE_MS }) },
);

/** How many events a bulk import makes at once: mostly none, seldom more than a cursor keeps and a slice holds, and rarely thousands. */
const crowdSizes = fc.oneof(
  { weight: 2_400, arbitrary: fc.constant(0) },
  { weight: 60, arbitrary: fc.integer({ min: 140, max: 700 }) },
  { weight: 3, arbitrary: fc.integer({ min: 700, max: 5_000 }) },
);

/**
 * A history in bursts and gaps, with ties; some of it long past, so that readers have something to catch up with. Some are one
 * burst of a single time.
 * @param stretch how much longer than usual the past is.
 */
function histories(stretch: number): fc.Arbitrary<(Omit<ScenarioEvent, "id" | "visibleAt"> & { late: number })[]> {
  const steps = fc.array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 6_000 })),
      late: lateness,
      type: fc.constantFrom(...TYPES, TYPES[0]),
      websetId: fc.constantFrom(...WEBSETS),
    }),
    { maxLength: 30, size: "max" },
  );
  const begins = fc.integer({ min: -25_000, max: 8_000 });
  return fc.tuple(steps, begins, fc.constantFrom(1, 1, 1, 1, 0)).map(([all, begin, spread]) => {
    let time = begin;
    return all.map(({ gap, late, type, websetId }) => {
      time += gap * spread;
      const at = time < 0 ? time * stretch : time;
      return { type, websetId, at, late };
    });
  });
}

const waits: fc.Arbitrary<Wait> = fc.record({
  pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 15_000 })),
  timeoutMs: fc.constantFrom(0, 700, 3_000, 9_000),
  atLeast: fc.constantFrom(1, 2, 5, 100),
  limit: fc.constantFrom(1, 3, 100),
  cancelAfterMs: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined, freq: 5 }),
  restarted: fc.boolean(),
  room: fc.constantFrom(undefined, undefined, undefined, 1, 4, 20),
  takesAll: fc.constantFrom(false, false, false, true),
  hasEnds: fc.constantFrom(false, false, true),
  closesAfterMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9_000 }) },
  ),
  lookWithinMs: fc.constantFrom(undefined, undefined, 0, 2_000),
  savesLooks: fc.boolean(),
});

function readers(stretch: number): fc.Arbitrary<ScenarioReader> {
  return fc.record({
    filter: fc.constantFrom(0, 0, 1, 2, 3, 4, 5),
    websetId: fc.option(fc.constantFrom(...WEBSETS), { nil: undefined }),
    begin: fc.oneof(
      fc.constant({ kind: "now" as const }),
      fc.integer({ min: 0, max: 45_000 }).map((ago) => ({ kind: "time" as const, agoMs: ago * stretch })),
      fc.constantFrom(1, 3, 20).map((limit) => ({ kind: "listing" as const, limit })),
      fc.record({
        kind: fc.constant("cursor" as const),
        filter: fc.constantFrom(0, 1, 2, 3, 4),
        agoMs: fc.integer({ min: 0, max: 45_000 }).map((ago) => ago * stretch),
        count: fc.constantFrom(1, 2, 5, 100),
        timeoutMs: fc.constantFrom(0, 700, 3_000, 9_000),
      }),
    ),
    startMs: fc.integer({ min: 0, max: 12_000 }),
    waits: fc.array(waits, { maxLength: 4, size: "max" }),
  });
}

/** The events of the crowd, none of them late. */
export function crowdOf({ crowd: { at, size }, upstream }: Scenario): ScenarioEvent[] {
  const visibleAt = at - upstream.stampsAheadMs;
  const [, type] = TYPES;
  return Array.from({ length: size }, (_, n) => ({ id: `crowd${n}`, type, websetId: WEBSETS[0], at, visibleAt }));
}

/**
 * The least size of pages, by the API and by listings. Of a list without an order, a millisecond must fit one page. With times finer than
 * milliseconds the one before each range is read with it, and where that one fills many slow pages, no wait has the time for more. A
 * crowd must not take the suite's whole time.
 */
function pageFor(crowd: number, { list }: Upstream): number {
  const least = list?.order === "shuffled" ? 30 : list?.isFiner ? 9 : 1;
  return Math.max(least, Math.min(200, Math.ceil(crowd / 40)));
}

function inPagesOf(size: number, reader: ScenarioReader): ScenarioReader {
  if (reader.begin.kind !== "listing") return reader;
  return { ...reader, begin: { kind: "listing", limit: Math.max(size, reader.begin.limit) } };
}

/**
 * A process that has heard only the faster one of two servers has nothing but its own clock to tell it so. Where that is wrong, too,
 * nobody could know: there, one process reads all the time, and hears both in turn.
 */
function knowable(upstream: Upstream, reader: ScenarioReader): ScenarioReader {
  if (upstream.clocks.kind === "one" || upstream.skewMs === 0) return reader;
  return { ...reader, waits: reader.waits.map((wait) => ({ ...wait, restarted: false })) };
}

/** Any run: a sandbox and everything that may go wrong between it and us. */
export const scenarios: fc.Arbitrary<Scenario> = fc.constantFrom(1, 1, 1, 1, 400, 400, 100_000).chain((stretch) =>
  fc
    .record({
      upstream: upstreams,
      budgeted: fc.constantFrom(false, false, true),
      intervalMs: fc.constantFrom(1_000, 1_000, 1_000, 200, 6_000, 60_000),
      history: histories(stretch),
      crowd: fc.record({ at: fc.integer({ min: -25_000 * stretch, max: 8_000 }), size: crowdSizes }),
      readers: fc.array(readers(stretch), { minLength: 1, maxLength: 3 }),
    })
    .map(({ upstream, crowd: { at, size: most }, ...rest }) => {
      const size = upstream.list?.order === "shuffled" || upstream.list?.isFiner ? 0 : most;
      return { ...rest, upstream, crowd: { at, size }, page: pageFor(size, upstream) };
    })
    .map(({ upstream, budgeted, intervalMs, history, crowd, page, readers: all }) => ({
      budgeted,
      intervalMs,
      upstream: {
        ...upstream,
        pageSizeCap: Math.max(page, upstream.pageSizeCap),
        mostEntries: upstream.mostEntries && Math.max(2 * page, upstream.mostEntries),
      },
      crowd,
      readers: all.map((reader) => inPagesOf(page, knowable(upstream, reader))),
      // Ids that do not sort as their events were created.
      events: history.map(({ late, ...event }, n) => ({
        ...event,
        id: `${"hdacgbfe"[n % 8]}${String(n).padStart(3, "0")}`,
        visibleAt: event.at - upstream.stampsAheadMs + late,
      })),
    })),
);
