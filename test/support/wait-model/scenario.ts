import fc from "fast-check";
import type { Until } from "../../../src/webset/decide.ts";

/*
 * The life of a Webset and those who wait for it. All times are milliseconds from the moment the run begins; a Webset lives
 * `SPEED` times as fast as a real one.
 */

export const SPEED = 4;
/** The caller's own name for the Webset; after a deletion another one can have it. */
export const EXTERNAL_ID = "mine";

export type Act =
  | "search"
  | "cancel search"
  | "fail search"
  | "cancel webset"
  | "pause"
  | "resume"
  | "delete"
  | "create again"
  | "enrich";

/** Of what tells of a Webset: its events or its state. */
export type Path = "events" | "state";

export interface Deed {
  at: number;
  act: Act;
  /** Which search, counted from the first. */
  which: number;
}

export interface Waiter {
  at: number;
  until: Until;
  /** Which search it names; without it, none. */
  which: number | undefined;
  byExternalId: boolean;
  timeoutMs: number;
  /** So often it is called at most: again where it has not come to an end. */
  calls: number;
  /** Whether it is another program's, with a feed of its own. */
  apart: boolean;
}

export interface Life {
  /** How many items the first search is to find; without it there is no search at first. */
  count: number | undefined;
  deeds: Deed[];
  waiters: Waiter[];
  /** How long a request takes to the API, and an answer back. */
  latencyMs: number;
  /** Whether requests keep to the client's own budget, and how many others with the same key read long lists meanwhile, page by page. */
  budget: { readers: number } | undefined;
  /** Whether what is under way is told in statuses that nobody knows. */
  newWords: boolean;
  /** When the process is stopped, and for how long. */
  stop: { at: number; forMs: number } | undefined;
  /** What the `Date` of answers says: nothing, or the truth, but for one answer an hour off, or those of a second server. */
  dates: "right" | "none" | "one ahead" | "one behind" | "two clocks";
  /** How late events of each kind become visible: the dice decide, up to so much. */
  lateMs: number;
  /** By how much answers for the state of the Webset lag behind what is true; events do not wait for them. */
  lagMs: number;
  /** Whether anything says when it was updated. */
  tellsUpdates: boolean;
  trouble: "none" | "seldom" | "often";
  /** Single answers that are wrong about what there is, each to the first such request since its time, and far enough apart. */
  odd: { at: number; path: Path; status: 400 | 403 | 404 }[];
  /** What cannot be read from a time on, for some time or for ever; `silent`: requests are accepted and never answered. */
  down: { path: Path | "both"; status: 402 | 403 | 503 | "silent"; from: number; to: number | undefined } | undefined;
  seed: number;
}

const ACTS: readonly Act[] = [
  "search",
  "search",
  "cancel search",
  "fail search",
  "cancel webset",
  "pause",
  "pause",
  "resume",
  "resume",
  "delete",
  "create again",
  "enrich",
];

/** What comes soon after something else meets it half seen. */
const gap = fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: 8_000 }));
const deed = fc.record({ gap, act: fc.constantFrom<Act>(...ACTS), which: fc.nat({ max: 3 }) });
/** Idle for a moment that is soon over. */
const startOver = fc.tuple(gap, fc.integer({ min: 50, max: 1_000 })).map(([before, between]) => [
  { gap: before, act: "cancel webset" as Act, which: 0 },
  { gap: between, act: "search" as Act, which: 3 },
]);

function inTurn(deeds: { gap: number; act: Act; which: number }[]): Deed[] {
  let at = 0;
  return deeds.map(({ gap, ...deed }) => {
    at += gap;
    return { at, ...deed };
  });
}

/** Undefined so many times as often as not. */
function seldom<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

export const lives: fc.Arbitrary<Life> = fc.record({
  count: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 6 }),
  deeds: fc
    .array(fc.oneof({ weight: 6, arbitrary: deed.map((one) => [one]) }, { weight: 1, arbitrary: startOver }), {
      maxLength: 6,
    })
    .map((deeds) => inTurn(deeds.flat())),
  waiters: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 20_000 }),
      until: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom<Until>("search_completed", "idle") },
        { weight: 1, arbitrary: fc.record({ items: fc.integer({ min: 1, max: 7 }) }) },
      ),
      which: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
      byExternalId: fc.boolean(),
      timeoutMs: fc.constantFrom(0, 1_000, 5_000, 12_000, 40_000, 40_000),
      calls: fc.constantFrom(1, 1, 1, 2, 6),
      apart: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  latencyMs: fc.constantFrom(0, 0, 30, 30, 120, 120, 240, 240, 600, 2_500),
  budget: seldom(1, fc.record({ readers: fc.constantFrom(0, 0, 0, 0, 1, 3) })),
  newWords: fc.constantFrom(false, false, true),
  stop: seldom(5, fc.record({ at: fc.integer({ min: 0, max: 30_000 }), forMs: fc.constantFrom(700, 4_000, 60_000) })),
  dates: fc.constantFrom("right", "right", "right", "none", "none", "one ahead", "one behind", "two clocks"),
  lateMs: fc.constantFrom(0, 0, 2_000, 2_000, 5_000, 20_000),
  lagMs: fc.constantFrom(0, 1_000, 3_000, 5_000),
  tellsUpdates: fc.constantFrom(true, true, false),
  trouble: fc.constantFrom("none", "none", "seldom", "often"),
  odd: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 30_000 }),
      path: fc.constantFrom<Path>("events", "state"),
      status: fc.constantFrom<400 | 403 | 404>(400, 403, 404),
    }),
    { maxLength: 3, size: "-1" },
  ),
  down: seldom(
    2,
    fc.record({
      path: fc.constantFrom<Path | "both">("events", "state", "both"),
      status: fc.constantFrom(402 as const, 403 as const, 503 as const, "silent" as const),
      from: fc.integer({ min: 0, max: 20_000 }),
      to: seldom(1, fc.integer({ min: 20_000, max: 40_000 })),
    }),
  ),
  seed: fc.nat(),
});
