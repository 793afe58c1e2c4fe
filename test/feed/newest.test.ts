import { describe, expect, test } from "vitest";
import { MOST_SEEN_BESIDE } from "../../src/feed/position.ts";
import { newestVisible } from "../../src/feed/upstream-time.ts";
import { collect } from "../support/collect.ts";
import { openFeedWorld } from "../support/feed-world.ts";

describe.each(["newest-first", "oldest-first"] as const)("the newest visible events, listed %s", (listOrder) => {
  test("are none where there are none", async () => {
    const { reading } = openFeedWorld({ listOrder });
    expect(await newestVisible(reading())).toEqual([]);
  });

  test.each([2, 3, 25, 100])("are the %d that share the latest time", async (ties) => {
    for (const pageSizeCap of [7, 200]) {
      const { reading, record, start } = openFeedWorld({ listOrder, pageSizeCap });
      for (let n = 0; n < 50; n++) record("webset.idle", { at: start - 50_000_000 + n * 900_000 });
      const newest = Array.from({ length: ties }, () => record("webset.idle", { at: start - 77 }));
      expect((await newestVisible(reading())).map(({ id }) => id).sort()).toEqual(newest.map(({ id }) => id));
    }
  });

  test("are some of a crowd, for a cursor has no room for more", async () => {
    const opened = openFeedWorld({ listOrder, pageSizeCap: 20 });
    const at = opened.start - 77;
    for (let n = 0; n < 3_000; n++) opened.record("webset.idle", { at });
    const newest = await newestVisible(opened.reading());
    expect(newest.length).toBeGreaterThan(MOST_SEEN_BESIDE);
    expect(newest.every(({ time }) => time === at)).toBe(true);
    expect(opened.lists().length).toBeLessThan(40);
  });

  test("are not those that are still to become visible", async () => {
    const { reading, record, start } = openFeedWorld({ listOrder });
    const { id } = record("webset.paused", { at: start - 9_000 });
    record("webset.idle", { at: start - 10_000 });
    record("webset.paused", { at: start - 1_000, late: 3_000 });
    expect((await newestVisible(reading())).map((event) => event.id).at(-1)).toEqual(id);
  });

  test("are the newest two where one alone has the latest time, for that may be stamped wrongly", async () => {
    const { reading, record, start } = openFeedWorld({ listOrder });
    const ids = [3_600_000, 3_000, -3_600_000].map((age) => record("webset.idle", { at: start - age, late: age }).id);
    expect((await newestVisible(reading())).map(({ id }) => id)).toEqual(ids.slice(1));
  });

  test("are found with few requests among many", async () => {
    const { reading, record, start, requests } = openFeedWorld({ listOrder });
    for (let n = 0; n < 20_000; n++) record("webset.idle", { at: start - 50_000_000 + n * 2_000 });
    const { id } = record("webset.idle", { at: start - 1 });
    expect((await newestVisible(reading())).map((event) => event.id).at(-1)).toEqual(id);
    expect(requests.length).toBeLessThan(listOrder === "newest-first" ? 2 : 40);
  });
});

test("waits that are each too short to find them get there one after another", async () => {
  const opened = openFeedWorld({ dates: false, listOrder: "oldest-first", latency: () => 1_000 });
  const dayMs = 24 * 3_600_000;
  for (let n = 0; n < 60; n++) opened.record("webset.idle", { at: opened.start - 50 * dayMs + n * 0.8 * dayMs });
  let answered = 0;
  for (let calls = 0; calls < 20 && answered === 0; calls++) {
    const waiting = collect(opened, { timeoutMs: 10_000 }).then(({ events }) => events);
    const events = await opened.fake.until(waiting.catch(() => undefined));
    if (events !== undefined) answered = calls + 1;
  }
  expect(answered).toBeGreaterThan(1);
});
