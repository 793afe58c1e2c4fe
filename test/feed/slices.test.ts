import { describe, expect, test } from "vitest";
import { BacklogMemory } from "../../src/feed/channel.ts";
import { readBack, readForwards, type Slice } from "../../src/feed/slices.ts";
import { dice } from "../support/feed-model/dice.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { listedAs, shuffled } from "../support/other-lists.ts";

const ORDERS = ["newest-first", "oldest-first"] as const;
const HOUR_MS = 3_600_000;

/** All slices of a range, one after another, as catching up reads them. */
async function forwards(opened: FeedWorld, after: number, before: number): Promise<Slice[]> {
  const slices: Slice[] = [];
  const memory = new BacklogMemory();
  for (let from = after; from < before; ) {
    const slice = await readForwards({ types: undefined, after: from, before }, memory, opened.reading());
    if (slice === "crowd") throw new Error("a millisecond holds too much");
    slices.push(slice);
    from = slice.before;
  }
  return slices;
}

async function back(opened: FeedWorld, after: number, anchor: number): Promise<Slice[]> {
  const slices: Slice[] = [];
  let width = 60_000;
  let range: Parameters<typeof readBack>[0] = { types: undefined, after, before: undefined, anchor };
  for (;;) {
    const slice = await readBack(range, width, opened.reading());
    slices.push(slice);
    if (slice.after <= after) return slices;
    range = { types: undefined, after, before: slice.after, anchor: slice.after };
    width = slice.nextWidth;
  }
}

const idsOf = (slices: readonly Slice[]) => [...new Set(slices.flatMap(({ events }) => events.map(({ id }) => id)))];

describe.each(ORDERS)("slices of a history listed %s", (listOrder) => {
  test("hold everything between them, forwards and backwards, and are sorted", async () => {
    const opened = openFeedWorld({ listOrder });
    const start = opened.start - HOUR_MS;
    const ids = Array.from({ length: 1_000 }, (_, n) => {
      return opened.record("webset.idle", { at: start + Math.floor(n ** 2.15) }).id;
    });
    const read = [await forwards(opened, start, opened.start), await back(opened, start, opened.start)];
    for (const slices of read) {
      expect(idsOf(slices).sort()).toEqual(ids);
      for (const { events } of slices) {
        expect(events).toEqual([...events].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)));
      }
    }
  });

  test("stay small where events crowd together, also behind a thin beginning", async () => {
    const opened = openFeedWorld({ listOrder });
    const start = opened.start - HOUR_MS;
    for (let n = 0; n < 100; n++) opened.record("webset.idle", { at: start + n * 500 });
    for (let n = 0; n < 5_000; n++) opened.record("webset.idle", { at: start + 50_000 + n * 2 });
    for (const slices of [await forwards(opened, start, opened.start), await back(opened, start, opened.start)]) {
      expect(idsOf(slices)).toHaveLength(5_100);
      expect(Math.max(...slices.map(({ events }) => events.length))).toBeLessThanOrEqual(1_000);
    }
    // Each event is asked for three times on the way to the right width, and seldom more.
    expect(opened.requests.length).toBeLessThan(2 * 3.5 * (5_100 / 200));
  });

  test("end before a millisecond that holds more than a slice should, and say so where one begins with it", async () => {
    const opened = openFeedWorld({ listOrder });
    const crowded = opened.start - 60_000;
    opened.record("webset.idle", { id: "before", at: crowded - 1 });
    for (let n = 0; n < 1_500; n++) opened.record("webset.idle", { at: crowded });
    const memory = new BacklogMemory();
    const range = { types: undefined, before: opened.start };
    const slice = await readForwards({ ...range, after: opened.start - HOUR_MS }, memory, opened.reading());
    expect(slice).toMatchObject({ events: [{ id: "before" }] });
    expect(await readForwards({ ...range, after: crowded }, new BacklogMemory(), opened.reading())).toBe("crowd");
  });

  test("take a few requests for weeks in which there is nothing", async () => {
    const opened = openFeedWorld({ listOrder });
    const weeks = 50 * 24 * HOUR_MS;
    const { id } = opened.record("webset.idle", { at: opened.start - weeks + 5 });
    const slices = await forwards(opened, opened.start - weeks, opened.start);
    expect(idsOf(slices)).toEqual([id]);
    expect(opened.requests).toHaveLength(1);
    expect((await back(opened, opened.start - weeks, opened.start)).length).toBeLessThan(10);
  });
});

test("slices hold everything where the API keeps to no order", async () => {
  const opened = openFeedWorld();
  const start = opened.start - HOUR_MS;
  const ids = Array.from({ length: 900 }, (_, n) => opened.record("webset.idle", { at: start + n * 3_000 }).id);
  const roll = dice(3);
  opened.trouble.spoil = listedAs(opened, { order: (events) => shuffled(events, roll) });
  for (const slices of [await forwards(opened, start, opened.start), await back(opened, start, opened.start)]) {
    expect(idsOf(slices).sort()).toEqual(ids);
    expect(Math.max(...slices.map(({ events }) => events.length))).toBeLessThanOrEqual(1_000);
  }
  expect(opened.requests.length).toBeLessThan(100);
});

test("an open slice holds what is newer than its anchor, too", async () => {
  const opened = openFeedWorld();
  const { id } = opened.record("webset.idle", { at: opened.start - 10 });
  const range = { types: undefined, after: opened.start - HOUR_MS, before: undefined, anchor: opened.start - 30_000 };
  const slice = await readBack(range, 60_000, opened.reading());
  expect(slice.events.map((event) => event.id)).toEqual([id]);
  expect(slice.after).toBe(opened.start - 90_000);
});

test("a slice tells when it was asked for, from which the upstream's time then follows", async () => {
  const opened = openFeedWorld({ latency: () => 400 });
  const range = { types: undefined, after: opened.start - 5, before: opened.start };
  const slice = await opened.fake.until(readForwards(range, new BacklogMemory(), opened.reading()));
  expect(slice).toMatchObject({ sentAt: 0 });
  const present = opened.upstreamClock.reached(0);
  expect(present).toBeLessThanOrEqual(opened.start);
  expect(present).toBeGreaterThan(opened.start - 1_400);
});

test.each(ORDERS)("readings with time for one page come to a crowd a day ahead, listed %s", async (listOrder) => {
  const opened = openFeedWorld({ listOrder, latency: () => 2_400 });
  const after = opened.start - 24 * HOUR_MS;
  const ids = Array.from(
    { length: 250 },
    (_, n) => opened.record("webset.idle", { at: opened.start - 60_000 + 4 * n }).id,
  );
  const memory = new BacklogMemory();
  const slices: Slice[] = [];
  for (let from = after, readings = 0; from < opened.start && readings < 12; readings++) {
    const ending = new AbortController();
    void opened.fake.sleep(5_000).then(() => ending.abort());
    const reading = opened.reading({ signal: ending.signal });
    const reads = async () => {
      while (from < opened.start) {
        const slice = await readForwards({ types: undefined, after: from, before: opened.start }, memory, reading);
        if (slice === "crowd") throw new Error("a millisecond holds too much");
        slices.push(slice);
        from = slice.before;
      }
    };
    await opened.fake.until(reads().catch((error) => expect(ending.signal.aborted, error).toBe(true)));
  }
  expect(idsOf(slices).sort()).toEqual(ids);
});

test("the first slice of 100,000 events in an hour, a day behind, takes no more requests than a burst and some", async () => {
  const opened = openFeedWorld();
  for (let n = 0; n < 100_000; n++) opened.record("webset.idle", { at: opened.start - 5 * HOUR_MS + n * 36 });
  const memory = new BacklogMemory();
  let from = opened.start - 24 * HOUR_MS;
  let events = 0;
  while (events === 0) {
    const slice = await readForwards({ types: undefined, after: from, before: opened.start }, memory, opened.reading());
    if (slice === "crowd") throw new Error("a millisecond holds too much");
    from = slice.before;
    events = slice.events.length;
  }
  expect(opened.requests.length).toBeLessThan(20);
  const found = opened.requests.length;
  for (let slices = 0; slices < 20; slices++) {
    const slice = await readForwards({ types: undefined, after: from, before: opened.start }, memory, opened.reading());
    if (slice === "crowd") throw new Error("a millisecond holds too much");
    from = slice.before;
    events += slice.events.length;
  }
  // Of pages that hold 200.
  expect(events / (opened.requests.length - found)).toBeGreaterThan(160);
});

test("what was learnt of a backlog is kept where another one is read meanwhile", () => {
  const memory = new BacklogMemory();
  const hint = (from: number, width: number) => ({ from, to: from + 10, width, crowd: undefined });
  for (const [from, width] of [
    [100, 1],
    [200, 2],
    [105, 3],
  ] as const)
    memory.keep(hint(from, width));
  expect([104, 105, 110, 115, 205].map((after) => memory.of(after)?.width)).toEqual([undefined, 3, 3, 3, 2]);
});

test("a slice that is cut short keeps how far it was narrowed, whatever it had met by then", async () => {
  const opened = openFeedWorld({ latency: () => 100, pageSizeCap: 1, listOrder: "oldest-first" });
  for (let n = 0; n < 40; n++) opened.record("webset.idle", { at: opened.start - 60_000 + 1_000 * n });
  const range = { types: undefined, after: opened.start - 100_000, before: opened.start };
  const memory = new BacklogMemory();
  const cut = new AbortController();
  const reading = readForwards(range, memory, opened.reading({ signal: cut.signal }));
  reading.catch(() => {});
  // Four pages, after which a narrower slice is asked for.
  await opened.fake.advance(900);
  cut.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  expect(memory.of(range.after)?.width).toBeLessThan(50_000);
});

test("readings that are cut short get on through an empty month to a crowd at its end", async () => {
  const DAY_MS = 86_400_000;
  const opened = openFeedWorld({ listOrder: "newest-first", latency: () => 1_500 });
  for (let n = 0; n < 600; n++) opened.record("webset.idle", { at: opened.start - 60_000 - n * 6_000 });
  const memory = new BacklogMemory();
  let after = opened.start - 30 * DAY_MS;
  let readings = 0;
  for (; after < opened.start; readings++) {
    expect(readings).toBeLessThan(10);
    const cut = new AbortController();
    const reading = opened.reading({ signal: cut.signal });
    const readOn = async () => {
      while (after < opened.start) {
        const slice = await readForwards({ types: undefined, after, before: opened.start }, memory, reading);
        if (slice === "crowd") throw new Error("there is no crowd");
        after = slice.before;
      }
    };
    const reads = readOn().catch((error) => expect(cut.signal.aborted, error).toBe(true));
    // The first one meets the crowd, and then has no time for the narrower slice that follows from it.
    await opened.fake.advance(readings === 0 ? 7_000 : 10_000);
    cut.abort();
    await reads;
  }
});
