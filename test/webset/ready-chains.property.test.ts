import fc from "fast-check";
import { expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { positionAt } from "../../src/feed/position.ts";
import { isAbort } from "../../src/shared/errors.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { readyFilter } from "../../src/webset/ready-filter.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";

const WEBSET = "webset_1";
/** A wait of so long that began after the end, in milliseconds, has met what becomes visible late, too. */
const SURE_MS = 7_000;

const lateness = fc.oneof(fc.constant(0), fc.nat(4_900));
/** Of which moment an event's payload is, from its own: of then, of before or of after. */
const staleness = fc.oneof(fc.constant(0), fc.integer({ min: -15_000, max: 15_000 }));
const told = fc.record({ late: lateness, of: staleness, repeats: fc.array(fc.nat(8_000), { maxLength: 1 }) });
const item = fc.record({
  at: fc.nat(25_000),
  created: told,
  results: fc.array(fc.record({ ms: fc.nat(20_000), isCanceled: fc.boolean(), enriched: told }), {
    minLength: 3,
    maxLength: 3,
  }),
});
const call = fc.record({
  atLeast: fc.integer({ min: 1, max: 8 }),
  limit: fc.integer({ min: 1, max: 8 }),
  timeoutMs: fc.oneof(fc.constant(0), fc.nat(25_000)),
  pauseMs: fc.oneof(fc.constant(0), fc.nat(10_000)),
  fate: fc.oneof(
    { weight: 6, arbitrary: fc.constant("answered" as const) },
    { weight: 1, arbitrary: fc.constant("lost" as const) },
    { weight: 1, arbitrary: fc.constant("canceled" as const) },
  ),
});
const scenario = fc.record({
  enrichments: fc.integer({ min: 0, max: 3 }),
  items: fc.array(item, { minLength: 1, maxLength: 8 }),
  idleMs: fc.nat(12_000),
  idleLate: lateness,
  calls: fc.array(call, { minLength: 1, maxLength: 40 }),
  /** Which requests for states and items fail in passing. */
  fails: fc.array(fc.boolean(), { maxLength: 20 }),
  latencyMs: fc.constantFrom(0, 50, 400),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** The Webset that a scenario tells of, as it is at each moment. */
function modelOf({ enrichments, items, idleMs, idleLate }: Scenario, start: number) {
  const ids = Array.from({ length: enrichments }, (_, n) => `wenrich_${n}`);
  const all = items.map(({ at, created, results }, n) => {
    const ends = results.slice(0, enrichments).map((one) => ({ ...one, end: start + at + one.ms }));
    return { id: `witem_${n}`, at: start + at, created, ends };
  });
  const idleAt = Math.max(...all.flatMap(({ at, ends }) => [at, ...ends.map(({ end }) => end)])) + idleMs;
  const shown = ({ id, at, ends }: (typeof all)[number], moment: number) => ({
    id,
    object: "webset_item",
    websetId: WEBSET,
    properties: { url: `https://${id}.example/` },
    // Results appear a moment after their item.
    enrichments: (moment <= at ? [] : ends).map(({ end, isCanceled }, n) => ({
      enrichmentId: ids[n],
      status: moment < end ? "pending" : isCanceled ? "canceled" : "completed",
      result: moment < end || isCanceled ? null : [`${n}`],
    })),
  });
  const events = all.flatMap((one) =>
    [
      { type: "webset.item.created", time: one.at, how: one.created },
      // Nothing tells of a result that was canceled.
      ...one.ends.flatMap(({ end, isCanceled, enriched }) =>
        isCanceled ? [] : [{ type: "webset.item.enriched", time: end, how: enriched }],
      ),
    ].flatMap(({ type, time, how: { late, of, repeats } }) =>
      [0, ...repeats].map((more) => {
        const createdAt = Math.min(time + more, idleAt);
        return { type, createdAt, visibleAt: createdAt + late, data: shown(one, Math.max(one.at, createdAt + of)) };
      }),
    ),
  );
  const idle = { type: "webset.idle", createdAt: idleAt, visibleAt: idleAt + idleLate, data: { id: WEBSET } };
  return {
    items: all.map(({ id }) => id),
    idleAt,
    events: [...events, { ...idle, data: { id: WEBSET, object: "webset", status: "idle" } }],
    webset: (now: number) => ({
      id: WEBSET,
      status: now < idleAt ? "running" : "idle",
      updatedAt: new Date(now < idleAt ? start : idleAt).toISOString(),
      enrichments: ids.map((id) => ({ id, status: now < idleAt ? "pending" : "completed", title: id })),
    }),
    item(id: string, now: number) {
      const one = all.find((each) => each.id === id);
      return one === undefined ? undefined : shown(one, now);
    },
  };
}

/** Follows a scenario to its end as an agent does; returns what it was told of items, and how often what else. */
async function follow(given: Scenario, changesProcess: boolean) {
  let failures = 0;
  const opened = openFeedWorld({
    latency: () => given.latencyMs,
    async spoil({ url }, next) {
      const [, websetId, , itemId] = /^\/websets\/v0\/websets\/([^/]+)(\/items\/([^/]+))?$/.exec(url.pathname) ?? [];
      if (websetId === undefined) return next();
      if (given.fails[failures++]) return refusal(503);
      const answer = itemId === undefined ? model.webset(opened.now()) : model.item(itemId, opened.now());
      const { headers } = await next();
      return { status: 200, headers, body: JSON.stringify(answer) };
    },
  });
  const model = modelOf(given, opened.start);
  for (const { type, data, ...when } of model.events) opened.world.record(type, data, when);
  const { fake, clock, exa } = opened;
  const begin = () => {
    const feed = opened.newFeed();
    return { feed, ready: new ReadyChains({ exa, states: new WebsetStates(exa, clock), clock, feed }) };
  };
  let process = begin();
  const { filter, hands } = readyFilter({});

  async function wait(cursor: string | undefined, asked: Scenario["calls"][number]) {
    const canceling = new AbortController();
    const after = cursor === undefined ? positionAt(opened.start) : decodeCursor(cursor);
    const ready = process.ready.begin(after, hands);
    const collecting = collectEvents({
      feed: process.feed,
      clock,
      ...filter,
      websetId: WEBSET,
      from: ready.from,
      resumes: cursor !== undefined,
      sift: (events, isCaughtUp, signal) => ready.sift(events, { isCaughtUp, websetId: WEBSET, signal }),
      atLeast: asked.atLeast,
      limit: Math.max(asked.atLeast, asked.limit),
      timeoutMs: asked.timeoutMs,
      signal: canceling.signal,
    });
    if (asked.fate === "canceled") {
      collecting.catch(() => {});
      await fake.advance(asked.timeoutMs / 2);
      canceling.abort();
    }
    try {
      const { events, more, position, waitedMs } = await fake.until(collecting);
      return { events, more, waitedMs, ready, cursor: encodeCursor(ready.tell(events, position)) };
    } catch (error) {
      if (isAbort(error)) return undefined;
      throw error;
    }
  }

  const items: string[] = [];
  const others: string[] = [];
  let cursor: string | undefined;
  for (let n = 0; n < 400; n++) {
    const next = given.calls[n] ?? { atLeast: 1, limit: 8, timeoutMs: SURE_MS, pauseMs: 0, fate: "answered" as const };
    await fake.advance(next.pauseMs);
    if (changesProcess && n % 3 === 2) process = begin();
    const isAfterEnd = opened.now() > model.idleAt;
    const waited = await wait(cursor, next);
    if (waited === undefined || next.fate !== "answered") continue;
    cursor = waited.cursor;
    expect(cursor.length).toBeLessThanOrEqual(1_000);
    const take = (event: FeedEvent) => {
      const { id, enrichments = [] } = event.data as { id: string; enrichments?: { status: string }[] };
      if (!waited.ready.isReady(event)) others.push(event.type);
      else {
        items.push(id);
        expect(enrichments).toHaveLength(given.enrichments);
        expect(enrichments.filter(({ status }) => status === "pending")).toEqual([]);
      }
    };
    waited.events.forEach(take);
    const isQuiet = waited.events.length === 0 && !waited.more;
    if (isQuiet && isAfterEnd && waited.waitedMs >= SURE_MS) return { items, others, all: model.items };
  }
  throw new Error("the chain does not end");
}

const RUNS = 60;

test(
  "a chain of waits in one process tells each ready item exactly once, and ends",
  async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { items, others, all } = await follow(given, false);
        expect(items.toSorted()).toEqual(all.toSorted());
        expect(others).toEqual(["webset.idle"]);
      }),
      propertyRuns(RUNS),
    );
  },
  propertyTimeout(RUNS),
);

test(
  "over processes it tells each at least once, with nothing but its cursor",
  async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { items, others, all } = await follow(given, true);
        expect([...new Set(items)].toSorted()).toEqual(all.toSorted());
        expect(others).toContain("webset.idle");
      }),
      propertyRuns(RUNS),
    );
  },
  propertyTimeout(RUNS),
);
