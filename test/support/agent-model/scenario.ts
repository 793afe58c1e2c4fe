import fc from "fast-check";
import type { Trouble, Upstream } from "../feed-model/scenario.ts";

/*
 * What happens in one run of the agents' property: an account in which Websets live and things happen to them, an API that tells of
 * it in odd ways, and agents that call tools. All times are milliseconds from the moment the run begins; Websets live `SPEED` times
 * as fast as real ones.
 */

export const SPEED = 4;

export type Act =
  | "search"
  | "enrich"
  | "cancel enrichment"
  | "cancel search"
  | "cancel webset"
  | "pause"
  | "resume"
  | "delete"
  | "import"
  | "failed import"
  | "failed run";

export interface Deed {
  at: number;
  act: Act;
  /** Which Webset, and which of its enrichments or searches, counted from the first. */
  webset: number;
  which: number;
}

/** The arguments that say which events; `webset` is its number. */
export interface Filter {
  types?: string[];
  problems?: boolean;
  itemsReady?: boolean;
  webset?: number;
}

/** What an agent does before it goes on. */
export type Aside =
  | { kind: "progress" | "items" | "websets" | "event" }
  | { kind: "events"; problems: boolean }
  | { kind: "wait"; until: "search_completed" | "idle"; timeoutSeconds: number }
  /** A wait from the same cursor with other events in mind, or the very same one whose result gets lost. */
  | { kind: "other wait"; itemsReady: boolean }
  | { kind: "lost wait"; afterMs: number | undefined };

export interface Call {
  pauseMs: number;
  /** Whether the program was started again before: only the cursor is left. */
  restarted: boolean;
  aside: Aside | undefined;
  atLeast: number | undefined;
  limit: number | undefined;
  timeoutSeconds: number | undefined;
  detail: "summary" | "full" | undefined;
}

export interface Agent {
  startMs: number;
  /** Whether it has a program of its own. */
  isApart: boolean;
  filter: Filter;
  begin: "now" | "age" | "listing" | "progress" | "wait";
  /** In turn, again and again. */
  calls: Call[];
}

export interface Story {
  /** Whether requests keep to the client's own budget, as in production: what reads much then takes long. */
  budgeted: boolean;
  upstream: Pick<Upstream, "listOrder" | "pageSizeCap" | "latencyMs" | "dates" | "skewMs" | "seed"> & {
    trouble: Trouble;
    /** Events become visible up to so much later; states of Websets and items lag behind by so much. */
    lateMs: number;
    lagMs: number;
  };
  /** The chance of an event of an item to have an earlier state of it in it, or one that only comes, and to come again. */
  odd: { stale: number; ahead: number; again: number };
  websets: { count: number; enrichments: number }[];
  deeds: Deed[];
  agents: Agent[];
}

const ACTS: readonly Act[] = [
  "search",
  "enrich",
  "enrich",
  "cancel enrichment",
  "cancel search",
  "cancel webset",
  "pause",
  "resume",
  "delete",
  "import",
  "failed import",
  "failed run",
];

const filters: fc.Arbitrary<Filter> = fc
  .tuple(
    fc.constantFrom<Filter>(
      {},
      { types: ["webset.item.*", "webset.idle"] },
      { types: ["webset.s*", "import.completed", "monitor.*"] },
      { types: ["*"] },
      { types: ["webset.idle"] },
      { problems: true },
      { problems: true, types: ["webset.*"] },
      { itemsReady: true },
      { itemsReady: true },
      { itemsReady: true },
      { itemsReady: true, types: ["webset.item.enriched", "webset.search.*"] },
      { itemsReady: true, types: ["webset.*"] },
    ),
    fc.option(fc.constantFrom(0, 0, 1), { nil: undefined, freq: 3 }),
  )
  .map(([filter, webset]) => (webset === undefined ? filter : { ...filter, webset }));

const asides: fc.Arbitrary<Aside> = fc.oneof(
  fc.constantFrom<Aside>({ kind: "progress" }, { kind: "items" }, { kind: "websets" }, { kind: "event" }),
  fc.boolean().map((problems) => ({ kind: "events" as const, problems })),
  fc.record({
    kind: fc.constant("wait" as const),
    until: fc.constantFrom("search_completed" as const, "idle" as const),
    timeoutSeconds: fc.constantFrom(0, 2, 6),
  }),
  fc.boolean().map((itemsReady) => ({ kind: "other wait" as const, itemsReady })),
  fc
    .option(fc.integer({ min: 0, max: 4_000 }), { nil: undefined })
    .map((afterMs) => ({ kind: "lost wait" as const, afterMs })),
);

const calls: fc.Arbitrary<Call> = fc.record({
  pauseMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9_000 }) },
  ),
  restarted: fc.constantFrom(false, false, false, true),
  aside: fc.option(asides, { nil: undefined, freq: 1 }),
  atLeast: fc.constantFrom(undefined, undefined, 2, 50),
  limit: fc.constantFrom(undefined, undefined, 1, 3),
  timeoutSeconds: fc.constantFrom(undefined, 0, 2, 7, 7),
  detail: fc.constantFrom(undefined, undefined, undefined, "summary" as const, "full" as const),
});

const agents: fc.Arbitrary<Agent> = fc.record({
  startMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
  isApart: fc.boolean(),
  filter: filters,
  begin: fc.constantFrom("now", "age", "age", "listing", "progress", "wait"),
  calls: fc.array(calls, { minLength: 1, maxLength: 5 }),
});

const chances = fc.constantFrom(0, 0, 0.2, 0.6);

export const stories: fc.Arbitrary<Story> = fc.record({
  budgeted: fc.constantFrom(false, true),
  upstream: fc.record({
    listOrder: fc.constantFrom("newest-first", "oldest-first"),
    pageSizeCap: fc.constantFrom(200, 200, 20),
    latencyMs: fc.constantFrom(0, 0, 60, 400),
    dates: fc.constantFrom("always", "always", "always", "never", "sometimes"),
    skewMs: fc.constantFrom(0, 600_000, -600_000),
    seed: fc.nat(),
    trouble: fc.constantFrom("none", "none", "seldom", "often"),
    lateMs: fc.constantFrom(0, 2_000, 5_000),
    lagMs: fc.constantFrom(0, 0, 2_000, 5_000),
  }),
  odd: fc.record({ stale: chances, ahead: chances, again: chances }),
  websets: fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }), enrichments: fc.constantFrom(0, 1, 2, 2) }), {
    minLength: 1,
    maxLength: 2,
  }),
  deeds: fc
    .array(
      fc.record({
        gap: fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: 8_000 })),
        act: fc.constantFrom(...ACTS),
        webset: fc.nat({ max: 1 }),
        which: fc.nat({ max: 2 }),
      }),
      { maxLength: 5 },
    )
    .map((all) => {
      let at = 0;
      return all.map(({ gap, ...deed }) => {
        at += gap;
        return { at, ...deed };
      });
    }),
  agents: fc.array(agents, { minLength: 1, maxLength: 2 }),
});
