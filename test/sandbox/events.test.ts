import { describe, expect, test, vi } from "vitest";
import type { ListOrder } from "../../src/sandbox/server.ts";
import { LONG_MS, openSandbox, ROBOTS } from "./support.ts";

const ORDERS: ListOrder[] = ["newest-first", "oldest-first"];

/** Walks all pages; `between` runs after each. */
async function walk(
  get: (path: string) => Promise<{ json: { data: { id: string }[]; hasMore: boolean; nextCursor: string | null } }>,
  query: string,
  between: (page: number) => void = () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor = "";
  for (let page = 0; ; page++) {
    const { data, hasMore, nextCursor } = (await get(`/events?${query}${cursor}`)).json;
    ids.push(...data.map(({ id }) => id));
    if (!hasMore) return ids;
    cursor = `&cursor=${nextCursor}`;
    between(page);
  }
}

describe.each(ORDERS)("events listed %s", (listOrder) => {
  test("come in that order, each once, whatever the page size", async () => {
    const { world, clock, get, events } = openSandbox({ listOrder });
    world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const expected = events().map(({ id }) => id);
    if (listOrder === "newest-first") expected.reverse();
    for (const limit of [1, 7, 200]) expect(await walk(get, `limit=${limit}`)).toEqual(expected);
  });

  test("neither repeat nor skip what was there while others arrive", async () => {
    const { world, clock, get, events } = openSandbox({ listOrder });
    for (let number = 0; number < 30; number++) {
      world.record("webset.idle", { number }, { createdAt: clock.wallTime() - 40_000 + number * 1_000 });
    }
    const before = events().map(({ id }) => id);
    const met = await walk(get, "limit=4", (page) => {
      if (page < 10) world.record("webset.idle", { late: page });
    });
    expect(new Set(met).size).toBe(met.length);
    expect(met.filter((id) => before.includes(id)).toSorted()).toEqual(before.toSorted());
  });

  test("of one millisecond are all there, across pages", async () => {
    const { world, clock, get } = openSandbox({ listOrder });
    for (let number = 0; number < 25; number++) world.record("webset.idle", {}, { createdAt: clock.wallTime() });
    const met = await walk(get, "limit=3");
    expect(met).toHaveLength(25);
    expect(new Set(met).size).toBe(25);
  });

  test("are filtered by types and by times, both ends included", async () => {
    const { world, clock, get } = openSandbox({ listOrder });
    const start = clock.wallTime() - 100_000;
    for (let number = 0; number < 10; number++) {
      const type = number % 3 === 0 ? "webset.idle" : number % 3 === 1 ? "webset.paused" : "webset.created";
      world.record(type, {}, { id: `e${number}`, createdAt: start + number * 1_000 });
    }
    const at = (number: number) => new Date(start + number * 1_000).toISOString();
    const met = await walk(
      get,
      `limit=2&types=webset.idle&types=webset.paused&createdAfter=${at(3)}&createdBefore=${at(7)}`,
    );
    expect(met.toSorted()).toEqual(["e3", "e4", "e6", "e7"]);
  });
});

describe("events", () => {
  test("have a page of 25 unless asked otherwise, and never more than the cap", async () => {
    const one = openSandbox();
    const capped = openSandbox({ pageSizeCap: 10 });
    for (const { world } of [one, capped]) for (let n = 0; n < 60; n++) world.record("webset.idle", {});
    expect((await one.get("/events")).json.data).toHaveLength(25);
    expect((await capped.get("/events?limit=50")).json).toMatchObject({ hasMore: true });
    expect((await capped.get("/events?limit=50")).json.data).toHaveLength(10);
  });

  test("can become visible later than they were created", async () => {
    const { world, clock, get } = openSandbox({ visibilityDelay: (type) => (type === "webset.idle" ? 3_000 : 0) });
    const late = world.record("webset.idle", {});
    const prompt = world.record("webset.paused", {});
    expect((await get("/events")).json.data).toEqual([prompt]);
    expect((await get(`/events/${late.id}`)).status).toBe(404);
    await clock.advance(3_000);
    expect((await get("/events")).json.data).toHaveLength(2);
    expect((await get(`/events/${late.id}`)).json).toEqual(late);
  });

  test("are gone after sixty days", async () => {
    const { world, clock, get } = openSandbox();
    const day = 86_400_000;
    const gone = world.record("webset.idle", {}, { createdAt: clock.wallTime() - 60 * day - 1 });
    const kept = world.record("webset.idle", {}, { createdAt: clock.wallTime() - 60 * day });
    expect((await get("/events")).json.data).toEqual([kept]);
    expect((await get(`/events/${gone.id}`)).status).toBe(404);
  });

  test("of types nobody knows can be recorded", async () => {
    const { world, get } = openSandbox();
    world.record("webset.moved", { object: "webset" });
    expect((await get("/events")).json.data[0].type).toBe("webset.moved");
  });

  test("share their long texts with the item they tell of", async () => {
    const { world } = openSandbox();
    const data = { properties: { content: "x".repeat(1_000) }, list: [1] };
    const { data: kept } = world.record("webset.item.created", data);
    data.list.push(2);
    expect(kept).toEqual({ ...data, list: [1] });
  });

  test("are found by their types among a hundred thousand without looking at all of them", async () => {
    const { world, clock, get } = openSandbox();
    const start = clock.wallTime() - 200_000_000;
    for (let number = 0; number < 100_000; number++) {
      const type = number % 1_000 === 0 ? "webset.idle" : "webset.item.created";
      world.record(type, {}, { id: `e${number}`, createdAt: start + number * 1_000 });
    }
    // For each event that is looked at, the clock says whether it is visible.
    const looks = vi.spyOn(clock, "wallTime");
    for (let asked = 0; asked < 100; asked++) {
      const createdAfter = new Date(start + asked * 900_000).toISOString();
      const { data } = (await get(`/events?types=webset.idle&types=webset.paused&limit=5&createdAfter=${createdAfter}`))
        .json;
      expect(data).toHaveLength(5);
    }
    expect(looks.mock.calls.length).toBeGreaterThan(500);
    expect(looks.mock.calls.length).toBeLessThan(100 * 50);
  });

  test("recorded in any order come in theirs, however many there are", async () => {
    const { world, clock, get } = openSandbox();
    const start = clock.wallTime() - 50_000_000;
    // Every second one lies far back; some are read in between, when only few or many are out of order.
    for (let number = 0; number < 3_000; number++) {
      const createdAt = start + (number % 2 === 0 ? 25_000 - number : 60_000 + number);
      world.record("webset.idle", {}, { createdAt });
      if (number === 40 || number === 1_000) await get("/events?limit=1");
    }
    const times: number[] = [];
    for (const { time } of world.events.walk({ order: "oldest-first" })) times.push(time);
    expect(times).toHaveLength(3_000);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });

  test("past retention are not held", async () => {
    const { world, clock, get } = openSandbox();
    const first = world.record("webset.idle", {});
    for (let number = 0; number < 5_000; number++) world.record("webset.item.created", { number });
    expect(world.events.size).toBe(5_001);
    await clock.advance(60 * 86_400_000 + 1);
    for (let number = 0; number < 1_000; number++) world.record("webset.paused", { number });
    expect(world.events.size).toBeLessThanOrEqual(1_000);
    expect((await get(`/events/${first.id}`)).status).toBe(404);
    expect((await get("/events?types=webset.idle")).json.data).toEqual([]);
    expect((await get("/events?types=webset.paused&limit=200")).json.data).toHaveLength(200);
  });
});
