import { describe, expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { crowdTypes, fingerprint, type Position, positionAt } from "../../src/feed/position.ts";
import { createFaults } from "../../src/sandbox/faults.ts";
import { collect } from "../support/collect.ts";
import { dice } from "../support/feed-model/dice.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { listedAs, newestFirst, oldestFirst, shuffled } from "../support/other-lists.ts";

/** The order of the crowd's own ids is none of their API's. */
function openWith(order: "newest-first" | "oldest-first", crowd: number, agoMs: number, dates = true) {
  const opened = openFeedWorld({ dates });
  const sort = order === "newest-first" ? newestFirst : oldestFirst;
  opened.trouble.spoil = listedAs(opened, {
    order: (events) =>
      sort(shuffled(events, dice(7))).sort((a, b) =>
        order === "newest-first" ? b.micros - a.micros : a.micros - b.micros,
      ),
    cursors: "last",
  });
  const at = opened.start - agoMs;
  const ids = Array.from({ length: crowd }, () => opened.record("webset.idle", { at }).id);
  // A crowd's neighbours are read with it, for the ends of a range may be exclusive.
  ids.push(opened.record("webset.idle", { at: at - 1 }).id, opened.record("webset.idle", { at: at + 1 }).id);
  return { opened, ids, from: positionAt(at - 10_000) };
}

describe.each(["newest-first", "oldest-first"] as const)("a crowd of one millisecond, listed %s,", (order) => {
  test.each([7, 60])("is handed out by waits of %i, each event once", async (limit) => {
    const { opened, ids, from } = openWith(order, 600, 600_000);
    const met: string[] = [];
    let position: Position = from;
    for (let calls = 0; met.length < ids.length && calls < 2_000; calls++) {
      const waited = await opened.fake.until(
        collect(opened, { from: position, resumes: true, atLeast: limit, limit, timeoutMs: 0 }),
      );
      met.push(...waited.events.map(({ id }) => id));
      const cursor = encodeCursor(waited.position);
      expect(cursor.length).toBeLessThanOrEqual(1_000);
      position = decodeCursor(cursor);
      expect(waited.repeats).toBe(false);
    }
    expect(met.toSorted()).toEqual(ids.toSorted());
    // Each wait reads the pages it hands out, and finds the first of them once.
    const walks = Math.ceil(600 / 50) + 3 * Math.ceil(ids.length / limit);
    expect(opened.lists().length).toBeLessThan(walks + 60);
  });

  test.each([[true], [false]])("is handed out while it is fresh, with a Date: %s", async (dates) => {
    const { opened, ids, from } = openWith(order, 2_500, 0, dates);
    const met: string[] = [];
    let position: Position = from;
    for (let calls = 0; met.length < ids.length && calls < 400; calls++) {
      const waited = await opened.fake.until(
        collect(opened, { from: position, resumes: true, atLeast: 100, timeoutMs: 2_000 }),
      );
      met.push(...waited.events.map(({ id }) => id));
      position = decodeCursor(encodeCursor(waited.position));
    }
    expect(met.toSorted()).toEqual(ids.toSorted());
  });
});

test.each([
  ["newest-first", 15],
  ["newest-first", 40],
  ["oldest-first", 15],
] as const)(
  "a crowd listed %s in pages of %i is handed out to its end where its first events fill a cursor",
  async (listOrder, pageSizeCap) => {
    const opened = openFeedWorld({ listOrder, pageSizeCap });
    const at = opened.start;
    const ids = Array.from({ length: 600 }, () => opened.record("webset.idle", { at }).id);
    const met: string[] = [];
    let position = positionAt(at - 10_000);
    for (let calls = 0; met.length < ids.length && calls < 100; calls++) {
      const wait = collect(opened, { from: position, resumes: true, atLeast: 100, timeoutMs: 2_000 });
      const waited = await opened.fake.until(wait);
      expect(waited.repeats).toBe(false);
      met.push(...waited.events.map(({ id }) => id));
      // What a cursor has no room for is not waited for.
      if (met.length < ids.length) expect(waited.waitedMs).toBe(0);
      position = decodeCursor(encodeCursor(waited.position));
      // By the next one, the poll loop that remembers them has ended, and they are settled.
      await opened.fake.advance(600_000);
    }
    expect(met.toSorted()).toEqual(ids.toSorted());
  },
);

test("a wait gets past a crowd that no poll can read to its end, also where answers have no Date", async () => {
  for (const dates of [true, false]) {
    const opened = openFeedWorld({ dates, pageSizeCap: 50 });
    const from = positionAt(opened.start - 1_000);
    const waiting = collect(opened, { from, websetId: "ws_1", atLeast: 2, timeoutMs: 60_000 });
    await opened.fake.advance(5_000);
    opened.record("webset.idle", { id: "before" });
    await opened.fake.advance(1);
    for (let n = 0; n < 3_000; n++) opened.record("webset.item.created", { websetId: "other" });
    await opened.fake.advance(1);
    opened.record("webset.idle", { id: "after" });
    const { events, waitedMs } = await opened.fake.until(waiting);
    expect(events.map(({ id }) => id)).toEqual(["before", "after"]);
    // What is settled is behind it, and no later poll finds it in front again.
    if (dates) expect(waitedMs).toBeLessThan(20_000);
  }
});

describe.each(["newest-first", "oldest-first"] as const)(
  "waits that are each too short to read a crowd, listed %s,",
  (listOrder) => {
    test.each([[true], [false]])(
      "hand out each event of it once, one after another, with a Date: %s",
      async (dates) => {
        const opened = openFeedWorld({ dates, listOrder, pageSizeCap: 5, latency: () => 200 });
        const ids = [opened.record("webset.idle").id];
        const given: string[] = [];
        let position: Position = positionAt(opened.start - 1_000);
        const wait = async () => {
          const waiting = collect(opened, { from: position, resumes: true, atLeast: 100, timeoutMs: 6_000 });
          const { events, ...rest } = await opened.fake.until(waiting);
          given.push(...events.map(({ id }) => id));
          expect(rest.repeats).toBe(false);
          position = decodeCursor(encodeCursor(rest.position));
        };
        await wait();
        // What was polled before the crowd came is remembered, and knows nothing of it.
        const at = opened.now();
        for (let n = 0; n < 180; n++) ids.push(opened.record("webset.idle", { at }).id);
        await opened.fake.advance(1);
        ids.push(opened.record("webset.idle").id);
        for (let calls = 0; calls < 40; calls++) await wait();
        expect(given.toSorted()).toEqual(ids.toSorted());
      },
    );
  },
);

test("a crowd whose pages overlap by an event is handed out once, by waits that end at each page", async () => {
  const faults = createFaults({ seed: 1, rules: [{ name: "duplicate-entry", rate: 1 }] });
  const opened = openFeedWorld({ pageSizeCap: 20, faults });
  const at = opened.start - 600_000;
  const ids = Array.from({ length: 450 }, () => opened.record("webset.idle", { at }).id);
  const met: string[] = [];
  let position: Position = positionAt(at - 1_000);
  for (let calls = 0; calls < 40; calls++) {
    const waiting = collect(opened, { from: position, resumes: true, atLeast: 19, limit: 19, timeoutMs: 0 });
    const { events, repeats, ...waited } = await opened.fake.until(waiting);
    met.push(...events.map(({ id }) => id));
    position = decodeCursor(encodeCursor(waited.position));
    expect(repeats).toBe(false);
  }
  expect(met.toSorted()).toEqual(ids.toSorted());
});

test.each(["first", "last"])(
  "a cursor inside a crowd passes over nothing for other types, and be it the %s",
  async (which) => {
    const opened = openFeedWorld({ pageSizeCap: 20 });
    const at = opened.start - 600_000;
    const ids = Array.from({ length: 450 }, () => opened.record("webset.idle", { at }).id);
    const last = fingerprint(ids.at(which === "first" ? 0 : -1) as string);
    const crowd = { cursor: "any", types: crowdTypes(["webset.idle", "webset.paused"]), last };
    let position: Position = decodeCursor(encodeCursor({ ...positionAt(at), crowd }));
    const met: string[] = [];
    for (let calls = 0; calls < 20; calls++) {
      const waiting = collect(opened, { from: position, resumes: true, atLeast: 100, timeoutMs: 0 });
      const waited = await opened.fake.until(waiting);
      met.push(...waited.events.map(({ id }) => id));
      position = waited.position;
    }
    expect(met.toSorted()).toEqual(ids.toSorted());
  },
);

test("a listing gets past a crowd of another Webset that takes longer to read than a listing may", async () => {
  const opened = openFeedWorld({ listOrder: "oldest-first", pageSizeCap: 18, latency: () => 300 });
  const { id } = opened.record("webset.idle", { at: opened.start - 50_000 });
  for (let n = 0; n < 700; n++) opened.record("webset.item.created", { websetId: "other", at: opened.start - 40_000 });
  const { signal } = new AbortController();
  const filter = { websetId: "ws_1" };
  const met: string[] = [];
  let page: string | null | undefined;
  for (let calls = 0; page !== null && calls < 20; calls++) {
    const listed = await opened.fake.until(opened.feed.list({ filter, limit: 10, page, signal }));
    met.push(...listed.events.map((event) => event.id));
    page = listed.nextPage;
  }
  expect(page).toBeNull();
  expect(met).toEqual([id]);
});

test("a listing in small pages that handed out more than a cursor keeps says on its last page, too, that events may repeat", async () => {
  const { opened } = openWith("newest-first", 200, 1_000);
  const { signal } = new AbortController();
  const given: string[] = [];
  for (let page: string | undefined; ; ) {
    const listed = await opened.fake.until(opened.feed.list({ filter: {}, limit: 3, page, signal }));
    given.push(...listed.events.map(({ id }) => id));
    expect(listed.repeats).toBe(true);
    if (listed.nextPage === null) break;
    page = listed.nextPage;
  }
  expect(new Set(given).size).toBe(given.length);
  expect(given).toHaveLength(202);
});

test("a wait from now on, without a Date, is told nothing of the crowd that is the newest, also after a restart", async () => {
  const { opened } = openWith("newest-first", 396, 8, false);
  const { position, events } = await opened.fake.until(collect(opened, { timeoutMs: 3_000 }));
  expect(events.length).toBeLessThanOrEqual(1);
  const later = opened.record("webset.idle").id;
  const from = decodeCursor(encodeCursor(position));
  const waited = await opened.fake.until(collect(opened, { from, resumes: true, timeoutMs: 3_000 }));
  expect(waited.events.map(({ id }) => id).filter((id) => id !== later).length).toBeLessThanOrEqual(1);
  expect(waited.events.map(({ id }) => id)).toContain(later);
});
