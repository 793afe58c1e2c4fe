import { describe, expect, test } from "vitest";
import { type CollectRequest, collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { eventFilter } from "../../src/feed/filter.ts";
import { positionAt } from "../../src/feed/position.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { follow } from "../support/reader.ts";

const TYPES = ["webset.item.created"];
const MINUTE_MS = 60_000;

/** A wait from a cursor or a time, as the tool makes it. */
async function wait(opened: FeedWorld, after: string | number | undefined, more: Partial<CollectRequest> = {}) {
  const from = after === undefined ? undefined : typeof after === "number" ? positionAt(after) : decodeCursor(after);
  const { signal } = new AbortController();
  const { feed, clock } = opened;
  const request = {
    feed,
    clock,
    types: TYPES,
    from,
    resumes: typeof after === "string",
    atLeast: 100,
    limit: 100,
    timeoutMs: 0,
    signal,
  };
  const collected = await opened.fake.until(collectEvents({ ...request, ...more }));
  const cursor = encodeCursor(collected.position);
  expect(cursor.length).toBeLessThanOrEqual(1_000);
  return { ...collected, ids: collected.events.map(({ id }) => id), cursor };
}

/** Goes on until everything visible was handed out. */
async function readOn(opened: FeedWorld, begin: string | number, more: Partial<CollectRequest> = {}) {
  const ids: string[] = [];
  let after: string | number = begin;
  for (;;) {
    const { ids: found, cursor, more: isMore, heldMs } = await wait(opened, after, more);
    ids.push(...found);
    after = cursor;
    if (!isMore) return ids;
    if (heldMs !== undefined) await opened.fake.advance(heldMs);
  }
}

describe.each(["newest-first", "oldest-first"] as const)("an upstream that lists %s", (listOrder) => {
  test.each([
    ["long ago", 60 * MINUTE_MS],
    ["just now", 0],
  ])("hands out 5,000 events of one millisecond once, %s, with and without a Date", async (_, age) => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ listOrder, dates, latency: () => 20 });
      for (const ahead of [2, 1]) opened.record(TYPES[0] as string, { at: opened.start - age - ahead });
      for (let n = 0; n < 5_000; n++) opened.record(TYPES[0] as string, { at: opened.start - age });
      const ids = await readOn(opened, opened.start - age - 1, { timeoutMs: 5_000 });
      expect(ids.length).toBe(5_001);
      expect(new Set(ids).size).toBe(5_001);
    }
  });

  test("lets a crowd begin again, and says so, where it does not take its cursor any more", async () => {
    const opened = openFeedWorld({ listOrder });
    const at = opened.start - 60 * MINUTE_MS;
    const all = Array.from({ length: 700 }, () => opened.record(TYPES[0] as string, { at }).id);
    const first = await wait(opened, at, { atLeast: 50, limit: 50 });
    const second = await wait(opened, first.cursor);
    opened.trouble.spoil = async ({ url }, next) =>
      url.searchParams.has("cursor") ? { status: 404, headers: {}, body: JSON.stringify({ message: "Gone" }) } : next();
    const third = wait(opened, second.cursor, { timeoutMs: 1_000 });
    expect((await third).repeats).toBe(true);
    opened.trouble.spoil = (_, next) => next();
    const rest = await readOn(opened, (await third).cursor);
    expect(new Set([...first.ids, ...second.ids, ...(await third).ids, ...rest])).toEqual(new Set(all));
  });

  test("has its events handed out whether its ends are inclusive or not", async () => {
    for (const exclusive of ["createdAfter", "createdBefore"]) {
      const opened = openFeedWorld({ listOrder });
      const ids = Array.from({ length: 900 }, (_, n) => {
        return opened.record(TYPES[0] as string, { at: opened.start - 30 * MINUTE_MS + Math.floor(n / 3) }).id;
      });
      opened.trouble.spoil = ({ url }, next) => {
        const time = url.searchParams.get(exclusive);
        const inner = exclusive === "createdAfter" ? 1 : -1;
        if (time !== null) url.searchParams.set(exclusive, new Date(Date.parse(time) + inner).toISOString());
        return next();
      };
      expect((await readOn(opened, opened.start - 30 * MINUTE_MS)).sort()).toEqual(ids);
    }
  });
});

test("more events at once than a cursor keeps are held until they are settled, and none is lost or repeated", async () => {
  const opened = openFeedWorld();
  const begin = opened.now();
  await opened.fake.advance(1_000);
  const ids = Array.from({ length: 400 }, (_, n) => opened.record(TYPES[0] as string, { at: opened.now() - n }).id);
  const first = await wait(opened, begin);
  const second = await wait(opened, first.cursor);
  const third = await wait(opened, second.cursor);
  expect([first.ids.length, second.ids.length, third.ids.length]).toEqual([100, 50, 0]);
  expect(third.heldMs).toBeGreaterThan(3_000);
  expect(third.heldMs).toBeLessThan(8_000);
  await opened.fake.advance(third.heldMs ?? 0);
  const rest = await readOn(opened, third.cursor);
  expect([...first.ids, ...second.ids, ...rest].sort()).toEqual(ids);
});

describe("an event that becomes visible 15 s late", () => {
  test("is handed out to a wait that lasts, and told", async () => {
    const opened = openFeedWorld();
    const waiting = wait(opened, undefined, { atLeast: 1, limit: 1, timeoutMs: 60_000 });
    await opened.fake.advance(5_000);
    opened.record(TYPES[0] as string, { id: "late", late: 15_000 });
    expect(await waiting).toMatchObject({ ids: ["late"], late: 1 });
  });

  test("is handed out once to a chain of waits, and to no reader that began after it", async () => {
    const opened = openFeedWorld();
    let after = (await wait(opened, undefined)).cursor;
    await opened.fake.advance(1_000);
    opened.record(TYPES[0] as string, { id: "late", late: 15_000 });
    const ids: string[] = [];
    for (let n = 0; n < 8; n++) {
      const { ids: found, cursor } = await wait(opened, after, { timeoutMs: 6_000 });
      ids.push(...found);
      after = cursor;
    }
    expect(ids).toEqual(["late"]);
    expect((await wait(opened, opened.now() - 1_000, { timeoutMs: 20_000 })).ids).toEqual([]);
  });

  test("is handed out once to a chain that begins each wait with what others' polls remember", async () => {
    for (const isPolled of [false, true]) {
      for (let pauseMs = 0; pauseMs < 20_000; pauseMs += 500) {
        const opened = openFeedWorld({ latency: () => 400 });
        const { cursor } = await wait(opened, undefined);
        opened.record(TYPES[0] as string, { id: "late", late: 15_000 });
        const other = isPolled ? follow(opened.feed, { types: TYPES }) : undefined;
        await opened.fake.advance(7_000);
        if (!isPolled) await wait(opened, opened.now());
        await opened.fake.advance(pauseMs);
        const { ids } = await wait(opened, cursor, { atLeast: 2, timeoutMs: 40_000 });
        other?.stop();
        expect({ isPolled, pauseMs, ids }).toEqual({ isPolled, pauseMs, ids: ["late"] });
      }
    }
  });
});

describe("a refusal of the list", () => {
  test.each([400, 403, 404])("with %i is believed only when it comes again two seconds later", async (status) => {
    const opened = openFeedWorld();
    const refusal = { status, headers: {}, body: JSON.stringify({ statusCode: status, message: "No" }) };
    let refused = 0;
    opened.trouble.spoil = async ({ url }, next) => {
      const isList = url.searchParams.get("types") === TYPES[0];
      return isList && refused++ === 0 ? refusal : next();
    };
    const begin = opened.now();
    const { id } = opened.record(TYPES[0] as string);
    expect((await wait(opened, begin, { atLeast: 1, limit: 1, timeoutMs: 10_000 })).ids).toEqual([id]);

    opened.trouble.spoil = async () => refusal;
    const failing = wait(opened, begin - 1, { atLeast: 9, limit: 9, timeoutMs: 10_000 });
    await expect(failing).rejects.toMatchObject({ status });
  });
});

test("who comes a minute after the API asked for an hour's pause is served", async () => {
  const opened = openFeedWorld();
  let asked = 0;
  opened.trouble.spoil = async (_, next) =>
    asked++ === 0
      ? { status: 429, headers: { "retry-after": "3600" }, body: JSON.stringify({ message: "Slow" }) }
      : next();
  const first = wait(opened, opened.now(), { timeoutMs: 120_000, atLeast: 2, limit: 2 });
  await opened.fake.advance(66_000);
  const { id } = opened.record(TYPES[0] as string);
  expect((await wait(opened, opened.now() - 1, { atLeast: 1, limit: 1, timeoutMs: 10_000 })).ids).toEqual([id]);
  expect((await first).ids).toEqual([id]);
});

test.each(["newest-first", "oldest-first"] as const)(
  "a list that goes by no times, %s, brings all there is, and one old stray in it ends nothing",
  async (listOrder) => {
    const opened = openFeedWorld({ listOrder, pageSizeCap: 20, budgeted: true });
    const age = 30 * MINUTE_MS;
    for (let n = 0; n < 60; n++) opened.record(TYPES[0] as string, { at: opened.start - 2 * age + n });
    const ids = Array.from(
      { length: 60 },
      (_, n) => opened.record(TYPES[0] as string, { at: opened.start - age + n }).id,
    );
    opened.trouble.spoil = ({ url }, next) => {
      url.searchParams.delete("createdAfter");
      url.searchParams.delete("createdBefore");
      return next();
    };
    expect((await readOn(opened, opened.start - age)).sort()).toEqual(ids);

    opened.trouble.spoil = async (_, next) => {
      const answer = await next();
      const page = JSON.parse(answer.body);
      if (page.data?.length > 1)
        page.data.push({ ...page.data[0], id: "stray", createdAt: "2020-01-01T00:00:00.000Z" });
      return { ...answer, body: JSON.stringify(page) };
    };
    expect((await readOn(opened, opened.start - age)).sort()).toEqual(ids);
  },
);

test.each([0, 25_000])("a chain of waits of %i ms ends, however slow the answers are", async (timeoutMs) => {
  const opened = openFeedWorld({ latency: () => 1_250 });
  const ids = Array.from({ length: 250 }, (_, n) => {
    return opened.record(TYPES[0] as string, { at: opened.start - MINUTE_MS + n * 4 }).id;
  });
  const given: string[] = [];
  let after: string | number = opened.start - 24 * 60 * MINUTE_MS;
  let calls = 0;
  for (let more = true; more && calls < 20; calls++) {
    const waited = await wait(opened, after, { timeoutMs });
    given.push(...waited.ids);
    after = waited.cursor;
    more = waited.more;
  }
  expect(given).toEqual(ids);
  expect(calls).toBeLessThan(12);
});

test("types that are new pass a prefix they fall under", async () => {
  const opened = openFeedWorld();
  const begin = opened.now();
  for (const type of ["webset.item.removed", "webset.idle", "webset.item.created"]) opened.record(type, { id: type });
  const { ids } = await wait(opened, begin, { ...eventFilter({ types: ["webset.item.*"] }), atLeast: 3 });
  expect(ids.sort()).toEqual(["webset.item.created", "webset.item.removed"]);
});

test("one Date that is 20 s ahead moves the cursor of a listing past nothing", async () => {
  for (const skewMs of [0, 600_000]) {
    const opened = openFeedWorld({ skewMs });
    let answers = 0;
    opened.trouble.spoil = async (_, next) => {
      const answer = await next();
      if (answers++ > 0) return answer;
      return { ...answer, headers: { ...answer.headers, date: new Date(opened.now() + 20_000).toUTCString() } };
    };
    const { signal } = new AbortController();
    const filter = { types: undefined, websetId: undefined };
    const { position } = await opened.fake.until(opened.feed.list({ filter, limit: 10, signal }));
    expect(position.since).toBeLessThanOrEqual(opened.now() - 5_000);
  }
});
