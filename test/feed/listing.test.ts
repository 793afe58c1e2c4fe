import { describe, expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import type { ListRequest } from "../../src/feed/listing.ts";
import { positionAt } from "../../src/feed/position.ts";
import { createFaults } from "../../src/sandbox/faults.ts";
import { dice } from "../support/feed-model/dice.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { lastSeenFirst, listedAs, type OtherList, shuffled } from "../support/other-lists.ts";
import { promisingMore, refusal, withPage } from "../support/pages.ts";

const ORDERS = ["newest-first", "oldest-first"] as const;
const { signal } = new AbortController();

function list({ feed, fake }: FeedWorld, request: Partial<ListRequest> = {}) {
  return fake.until(feed.list({ filter: {}, limit: 20, signal, ...request }));
}

/** All pages of a listing; `between` runs after each. */
async function listAll(
  opened: FeedWorld,
  request: Partial<ListRequest>,
  between: () => void | Promise<void> = () => {},
) {
  const pages = [await list(opened, request)];
  for (let page = pages[0]?.nextPage ?? null; page !== null; page = pages.at(-1)?.nextPage ?? null) {
    await between();
    pages.push(await list(opened, { ...request, page }));
    if (pages.length > 1_000) throw new Error("the listing never ends");
  }
  return pages;
}

const idsOf = (listed: { events: { id: string }[] }[]) => listed.flatMap(({ events }) => events.map(({ id }) => id));

describe.each(ORDERS)("a listing where the API lists %s", (listOrder) => {
  test("gives each event of a crowd once where the pages of its millisecond cannot be read", async () => {
    const opened = openFeedWorld({ listOrder });
    const at = opened.start - 60_000;
    const events = Array.from({ length: 500 }, () => opened.record("webset.idle", { at }).id);
    let refused = 0;
    opened.trouble.spoil = async ({ url }, next) => {
      if (url.searchParams.get("limit") !== "100") return next();
      refused++;
      return refusal(503);
    };
    expect(idsOf(await listAll(opened, { limit: 40 })).sort()).toEqual(events.sort());
    expect(refused).toBeGreaterThan(0);
  });

  test("gives each event of a crowd once where each page begins with the event that the one before ended with", async () => {
    for (const limit of [18, 40]) {
      const opened = openFeedWorld({
        listOrder,
        pageSizeCap: 18,
        faults: createFaults({ rules: [{ name: "duplicate-entry" }] }),
      });
      const at = opened.start - 60_000;
      const events = Array.from({ length: 700 }, () => opened.record("webset.idle", { at }).id);
      expect(idsOf(await listAll(opened, { limit })).sort()).toEqual(events.sort());
    }
  });

  test("is newest first, ties by id, each once, whatever the limit and the page size", async () => {
    for (const pageSizeCap of [1, 3, 200]) {
      const opened = openFeedWorld({ listOrder, pageSizeCap });
      const events = Array.from({ length: 30 }, (_, n) =>
        opened.record("webset.idle", { at: opened.start - 1_000 * Math.floor(n / 4) ** 2 }),
      );
      const expected = events.sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
      for (const limit of [1, 4, 7, 200]) {
        const pages = await listAll(opened, { limit });
        expect(idsOf(pages)).toEqual(expected);
        expect(pages.every(({ events: { length } }) => length <= limit)).toBe(true);
        expect(pages.every(({ complete }) => complete)).toBe(true);
      }
    }
  });

  test("gives each event of a crowd once, and reads no more than a page of it for each page", async () => {
    for (const refuses of [false, true]) {
      const opened = openFeedWorld({ listOrder });
      const at = opened.start - 60_000;
      const events = [at - 5_000, at - 1, ...Array<number>(1_000).fill(at), at + 1, at + 5_000].map(
        (time, n) => opened.record(n % 3 === 0 ? "webset.idle" : "webset.paused", { at: time }).id,
      );
      let pages = 0;
      const all = await listAll(opened, { limit: 40 }, () => {
        pages++;
        let isRefused = refuses && pages === 10;
        opened.trouble.spoil = async ({ url }, next) => {
          if (!isRefused || !url.searchParams.has("cursor")) return next();
          isRefused = false;
          return { status: 404, headers: {}, body: JSON.stringify({ message: "Gone" }) };
        };
        if (pages === 2) opened.requests.length = 0;
      });
      expect(idsOf(all).sort()).toEqual(events.sort());
      expect(all[0]?.events[0]?.time).toBe(at + 5_000);
      expect(all.at(-1)?.events.at(-1)?.time ?? at - 5_000).toBe(at - 5_000);
      // The last page of the crowd meets what is older, and once more all of it where ends are not known to be inclusive.
      expect(opened.requests.length).toBeLessThan(60);
    }
  });

  test("is whole where the last page promises more without a cursor, and costs few requests then", async () => {
    for (const [count, most] of [
      [0, 1],
      [1, 3],
      [2, 2],
      [8, 2],
    ] as const) {
      for (const gapMs of [0, 400, 60_000]) {
        const opened = openFeedWorld({ listOrder, spoil: async (_, next) => promisingMore(await next()) });
        const ids = Array.from(
          { length: count },
          (_, n) => opened.record("webset.idle", { at: opened.start - n * gapMs }).id,
        );
        const listed = await list(opened, { limit: 20 });
        expect(idsOf([listed]).sort()).toEqual(ids);
        expect(listed).toMatchObject({ nextPage: null, complete: true });
        if (gapMs > 0) expect(opened.requests.length).toBeLessThanOrEqual(most);
        const waiting = collectEvents({
          feed: opened.feed,
          clock: opened.clock,
          from: listed.position,
          atLeast: 2,
          limit: 2,
          timeoutMs: 9_000,
          signal,
        });
        opened.record("webset.idle", { id: "new", at: opened.now() + 1_000 });
        const waited = await opened.fake.until(waiting);
        expect(waited.events.map(({ id }) => id)).toEqual(["new"]);
        expect(waited.lastError).toBeUndefined();
      }
    }
  });

  test("hands out what fits, and the rest with its next pages", async () => {
    const opened = openFeedWorld({ listOrder });
    const ids = Array.from({ length: 30 }, (_, n) => opened.record("webset.idle", { at: opened.start - n * 1_000 }).id);
    const fits = ({ length }: { length: number }) => Math.min(4, length);
    for (const limit of [3, 4, 10, 200]) {
      const pages = await listAll(opened, { limit, fits });
      expect(idsOf(pages)).toEqual(ids);
      expect(pages.every(({ events: { length } }) => length <= Math.min(limit, 4))).toBe(true);
    }
  });

  test("keeps to types and to both times, ends included", async () => {
    const opened = openFeedWorld({ listOrder });
    const at = (n: number) => opened.start - 100_000 + n * 1_000;
    for (let n = 0; n < 50; n++)
      opened.record(n % 2 === 0 ? "webset.idle" : "webset.paused", { at: at(n), id: `e${n}` });
    const request = { filter: { types: ["webset.idle"] }, after: positionAt(at(10)), before: at(16), limit: 3 };
    expect(idsOf(await listAll(opened, request))).toEqual(["e16", "e14", "e12", "e10"]);
    expect(idsOf([await list(opened, { after: positionAt(opened.start + 1_000) })])).toEqual([]);
    expect(idsOf([await list(opened, { before: opened.start + 3_600_000, limit: 1 })])).toEqual(["e49"]);
  });

  test("takes ages by the upstream's clock, and refuses a beginning it has not reached or an end before the beginning", async () => {
    const opened = openFeedWorld({ listOrder });
    for (let n = 0; n < 10; n++) opened.record("webset.idle", { at: opened.start - n * 60_000 - 1, id: `e${n}` });
    const request = { filter: {}, limit: 20, signal };
    const listed = await opened.fake.until(
      opened.feed.list({ ...request, after: { agoMs: 300_000 }, before: { agoMs: 120_000 } }),
    );
    expect(idsOf([listed])).toEqual(["e2", "e3", "e4"]);
    const crossed = opened.feed.list({ ...request, after: { agoMs: 120_000 }, before: { agoMs: 300_000 } });
    await expect(opened.fake.until(crossed)).rejects.toThrow("after is later than before");
    const ahead = opened.feed.list({ ...request, after: positionAt(opened.start + 3_600_000) });
    await expect(opened.fake.until(ahead)).rejects.toThrow("lies in the future");
  });

  test("after a cursor is what came since, late arrivals included, and nothing that was told", async () => {
    const opened = openFeedWorld({ listOrder });
    for (let n = 1; n < 10; n++) opened.record("webset.idle", { at: opened.start - n * 1_000, id: `e${n}` });
    const told = await list(opened);
    opened.record("webset.idle", { at: opened.start - 1_500, id: "late" });
    opened.record("webset.idle", { at: opened.start + 500, id: "new" });
    await opened.fake.advance(1_000);
    const cursor = encodeCursor(told.position);
    const since = await list(opened, { after: decodeCursor(cursor) });
    expect(idsOf([since])).toEqual(["new", "late"]);
    expect(since.nextPage).toBeNull();
  });

  test("meets what was there exactly once while new events arrive between its pages", async () => {
    const opened = openFeedWorld({ listOrder });
    const ids = Array.from({ length: 40 }, (_, n) => opened.record("webset.idle", { at: opened.start - n * 300 }).id);
    const pages = await listAll(opened, { limit: 6 }, async () => {
      opened.record("webset.idle", { at: opened.now() });
      opened.record("webset.idle", { at: opened.now() - 4_000 });
      await opened.fake.advance(700);
    });
    const met = idsOf(pages);
    expect(new Set(met).size).toBe(met.length);
    expect(ids.filter((id) => !met.includes(id))).toEqual([]);
  });

  test("hands over to a wait without a gap or a repeat, however late events become visible", async () => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ listOrder, dates, latency: () => 150 });
      for (let n = 0; n < 40; n++)
        opened.record("webset.idle", { at: opened.start - n * 400, late: (n * 977) % 5_000 });
      const pages = await listAll(opened, { limit: 5 });
      const listed = idsOf(pages);
      const later = Array.from(
        { length: 10 },
        (_, n) => opened.record("webset.idle", { at: opened.now() + n * 300 }).id,
      );
      const waited = await opened.fake.until(
        collectEvents({
          feed: opened.newFeed(),
          clock: opened.clock,
          from: decodeCursor(encodeCursor(pages.at(-1)?.position ?? positionAt(0))),
          atLeast: 100,
          limit: 100,
          timeoutMs: 20_000,
          signal,
        }),
      );
      const met = [...listed, ...waited.events.map(({ id }) => id)];
      expect(new Set(met).size).toBe(met.length);
      expect(met).toHaveLength(50);
      expect(later.filter((id) => listed.includes(id))).toEqual([]);
    }
  });

  test("of one Webset says how far it looked, and where to go on", async () => {
    const opened = openFeedWorld({ listOrder });
    for (let n = 0; n < 5_000; n++) {
      opened.record("webset.idle", {
        at: opened.start - 10_000 - n * 1_000,
        websetId: n % 1_000 === 999 ? "ws_rare" : "ws",
      });
    }
    const pages = await listAll(opened, { filter: { websetId: "ws_rare" }, limit: 3 });
    expect(idsOf(pages)).toHaveLength(5);
    expect(pages[0]?.complete).toBe(false);
    expect(pages[0]?.scanned).toBeGreaterThanOrEqual(2_000);
    expect(pages[0]?.scanned).toBeLessThan(2_600);
    expect(pages.at(-1)).toMatchObject({ complete: true, nextPage: null });
    expect(pages.reduce((sum, { scanned }) => sum + scanned, 0)).toBeGreaterThanOrEqual(5_000);
  });

  test("that ran out of time in an empty past says where to go on", async () => {
    const opened = openFeedWorld({ listOrder, latency: () => 3_000 });
    const ids = Array.from({ length: 40 }, (_, n) => {
      return opened.record("webset.idle", { at: opened.start - 50 * 86_400_000 - n }).id;
    });
    const pages = await listAll(opened, {});
    expect(idsOf(pages)).toEqual(ids);
    if (listOrder === "oldest-first") expect(pages[0]).toMatchObject({ events: [], complete: false, scanned: 0 });
  });

  test("puts all that was visible behind its cursor, whether or not it is on its first page", async () => {
    for (const pageSizeCap of [1, 200]) {
      const opened = openFeedWorld({ listOrder, pageSizeCap });
      for (let n = 0; n < 5; n++) opened.record("webset.idle", { at: opened.start - n * 1_000 });
      const { position, events } = await list(opened, { limit: 1 });
      expect(events).toHaveLength(1);
      const { feed, clock, fake } = opened;
      const waited = await fake.until(
        collectEvents({ feed, clock, from: position, atLeast: 9, limit: 9, timeoutMs: 9_000, signal }),
      );
      expect(waited.events).toEqual([]);
    }
  });

  test("leaves to a wait what has become visible since its first page, unless it has handed that out", async () => {
    const opened = openFeedWorld({ listOrder });
    for (let n = 0; n < 4; n++) opened.record("webset.idle", { id: `e${n}`, at: opened.start - n * 1_000 });
    opened.record("webset.idle", { id: "late", at: opened.start - 2_500, late: 3_000 });
    opened.record("webset.idle", { id: "later", at: opened.start - 2_600, late: 3_100 });
    const first = await list(opened, { limit: 2 });
    await opened.fake.advance(600);
    const second = await list(opened, { limit: 2, page: first.nextPage as string });
    expect(idsOf([first, second])).toEqual(["e0", "e1", "e2", "late"]);
    const { feed, clock, fake } = opened;
    const from = second.position;
    const waited = await fake.until(
      collectEvents({ feed, clock, from, atLeast: 9, limit: 9, timeoutMs: 9_000, signal }),
    );
    expect(waited.events.map(({ id }) => id)).toEqual(["later"]);
  });

  test("gives an event once that comes on two pages", async () => {
    const opened = openFeedWorld({ listOrder, pageSizeCap: 4 });
    for (let n = 0; n < 30; n++) opened.record("webset.idle", { at: opened.start - 10_000 - n * 1_000 });
    let previous: { id: string; createdAt: string }[] = [];
    opened.trouble.spoil = async (_, next) =>
      withPage(await next(), ({ data }) => {
        const doubled = [...previous, ...data];
        previous = data;
        return { data: doubled };
      });
    const ids = idsOf(await listAll(opened, { limit: 7 }));
    expect(new Set(ids).size).toBe(30);
    expect(ids).toHaveLength(30);
  });

  test("takes one request in the common case", async () => {
    const opened = openFeedWorld({ listOrder });
    for (let n = 0; n < 1_000; n++) opened.record("webset.idle", { at: opened.start - 20_000 - n * 1_000 });
    await list(opened);
    opened.requests.length = 0;
    expect(idsOf([await list(opened)])).toHaveLength(20);
    expect(opened.requests.length).toBeLessThanOrEqual(listOrder === "newest-first" ? 1 : 2);
  });

  test("ends early with what it has when trouble lasts, and loses nothing by it", async () => {
    const opened = openFeedWorld({ listOrder, pageSizeCap: 10 });
    for (let n = 0; n < 60; n++) opened.record("webset.idle", { at: opened.start - 10_000 - n * 2_000 });
    let served = 0;
    // Windows are read whole before they give anything.
    const enough = listOrder === "newest-first" ? 3 : 6;
    opened.trouble.spoil = async (_, next) => (served++ < enough ? next() : refusal(503));
    const first = await list(opened, { limit: 50 });
    expect(first.complete).toBe(false);
    expect(first.events.length).toBeGreaterThan(0);
    opened.trouble.spoil = (_, next) => next();
    const rest = await listAllFrom(opened, first.nextPage);
    expect(new Set(idsOf([first, ...rest])).size).toBe(60);
    expect(idsOf([first, ...rest])).toHaveLength(60);
  });

  test("throws trouble where it has nothing", async () => {
    const opened = openFeedWorld({ listOrder, spoil: async () => refusal(503) });
    await expect(list(opened)).rejects.toMatchObject({ kind: "unavailable" });
    opened.trouble.spoil = async () => refusal(401);
    await expect(list(opened)).rejects.toMatchObject({ kind: "unauthorized" });
  });

  async function listAllFrom(opened: FeedWorld, page: string | null) {
    const pages = [];
    for (let next = page; next !== null; next = pages.at(-1)?.nextPage ?? null)
      pages.push(await list(opened, { page: next }));
    return pages;
  }
});

describe("a listing", () => {
  test("whose second page is slow does not take for settled what its first page could not show", async () => {
    const opened = openFeedWorld({ pageSizeCap: 7 });
    for (let n = 0; n < 12; n++) opened.record("webset.idle", { at: opened.start - 100 - n * 1_500 });
    opened.record("webset.idle", { id: "late", at: opened.start - 50, late: 3_000 });
    opened.trouble.spoil = async (request, next) => {
      if (request.url.searchParams.has("cursor")) await opened.fake.sleep(9_000);
      return next();
    };
    const listed = await list(opened, { limit: 12 });
    expect(listed.position.since).toBeLessThan(opened.start - 5_000);
    opened.trouble.spoil = (_, next) => next();
    const { events } = await opened.fake.until(
      collectEvents({
        feed: opened.feed,
        clock: opened.clock,
        from: listed.position,
        atLeast: 5,
        limit: 5,
        timeoutMs: 0,
        signal,
      }),
    );
    expect(events.map(({ id }) => id)).toEqual(["late"]);
  });

  test("does not go back where trouble ends a page before it has come any further", async () => {
    const opened = openFeedWorld({ pageSizeCap: 3 });
    opened.record("webset.idle", { id: "newer", at: opened.start - 9_999 });
    for (const id of ["a", "b", "c"]) opened.record("webset.idle", { id, at: opened.start - 10_000 });
    const first = await list(opened, { limit: 2 });
    opened.trouble.spoil = async ({ url }, next) => (url.searchParams.has("cursor") ? refusal(503) : next());
    const page = first.nextPage as string;
    await expect(list(opened, { limit: 2, page })).rejects.toMatchObject({ kind: "unavailable" });
    opened.trouble.spoil = (_, next) => next();
    expect(idsOf([first, await list(opened, { limit: 2, page })])).toEqual(["newer", "c", "b", "a"]);
  });

  test("does not skip an event whose Webset could not be found out", async () => {
    const opened = openFeedWorld();
    const at = opened.start - 60_000;
    opened.record("webset.idle", { id: "before", at: at + 1 });
    opened.record("monitor.run.created", { id: "run", at, data: { id: "r", monitorId: "m" } });
    opened.trouble.spoil = async ({ url }, next) => {
      if (!url.pathname.endsWith("/monitors/m")) return next();
      return refusal(503);
    };
    const first = await list(opened, { filter: { websetId: "ws_1" } });
    expect(idsOf([first])).toEqual(["before"]);
    opened.trouble.spoil = async ({ url }, next) => {
      if (!url.pathname.endsWith("/monitors/m")) return next();
      return { status: 200, headers: {}, body: JSON.stringify({ id: "m", status: "enabled", websetId: "ws_1" }) };
    };
    const second = await list(opened, { filter: { websetId: "ws_1" }, page: first.nextPage as string });
    expect(idsOf([second])).toEqual(["run"]);
  });

  test("of a list in no order at all still gives each event once where pages hold it whole", async () => {
    const opened = openFeedWorld();
    for (let n = 0; n < 15; n++) opened.record("webset.idle", { id: `e${n + 10}`, at: opened.start - 60_000 + n });
    opened.trouble.spoil = async (_, next) =>
      withPage(await next(), ({ data }) => ({
        data: [...data].sort((a, b) => (a.id.at(-1) as string).localeCompare(b.id.at(-1) as string)),
      }));
    expect(idsOf(await listAll(opened, { limit: 200 }))).toEqual(Array.from({ length: 15 }, (_, n) => `e${24 - n}`));
  });

  test("gives each event once, newest first, where the API lists them as they came in", async () => {
    const roll = dice(7);
    for (let run = 0; run < 21; run++) {
      for (const limit of [1, 2, 7]) {
        const opened = openFeedWorld();
        const gapMs = [200, 1_000, 20_000][run % 3] as number;
        const events = Array.from({ length: 20 }, (_, n) => {
          const late = roll() < 0.2 ? Math.floor(roll() * 5_000) : 0;
          return opened.record("webset.idle", { at: opened.start - 60_000 - n * gapMs, late });
        });
        opened.trouble.spoil = listedAs(opened, { order: lastSeenFirst });
        expect(idsOf(await listAll(opened, { limit }))).toEqual(events.map(({ id }) => id));
      }
    }
  });

  test("takes two requests at most where events crowd or came in late, and one where they did not", async () => {
    const opened = openFeedWorld();
    for (let n = 0; n < 400; n++) {
      opened.record("webset.idle", { at: opened.start - 60_000 - n * 500, late: n % 10 === 0 ? 4_000 : 0 });
    }
    await list(opened);
    const requests = async (request: Partial<ListRequest>) => {
      opened.requests.length = 0;
      await list(opened, request);
      return opened.requests.length;
    };
    for (const limit of [1, 20, 100]) expect(await requests({ limit })).toBeLessThanOrEqual(2);
    expect(await requests({ limit: 100 })).toBe(1);
    opened.trouble.spoil = listedAs(opened, { order: lastSeenFirst });
    for (const limit of [1, 20, 100]) expect(await requests({ limit })).toBeLessThanOrEqual(2);
  });

  test("gives what the API passed over as soon as it meets it", async () => {
    const opened = openFeedWorld();
    const events = Array.from({ length: 40 }, (_, n) =>
      opened.record("webset.idle", { at: opened.start - 60_000 - n * 10_000 }),
    );
    // Two pages, each newest first: every other event is on the second.
    const order: OtherList["order"] = (all) =>
      [...all].sort((a, b) => ((a.micros / 1e7) % 2) - ((b.micros / 1e7) % 2) || b.micros - a.micros);
    opened.trouble.spoil = listedAs(opened, { order, pageSizeCap: 20 });
    expect(idsOf([await list(opened, { limit: 200 })])).toEqual(events.map(({ id }) => id));
  });

  test("passes over nothing where some came in later than any should", async () => {
    const roll = dice(5);
    for (let run = 0; run < 40; run++) {
      const opened = openFeedWorld();
      const events = Array.from({ length: 20 }, (_, n) => {
        const late = roll() < 0.1 ? 20_000 : 0;
        return opened.record("webset.idle", { at: opened.start - 60_000 - n * 1_000, late });
      });
      opened.trouble.spoil = listedAs(opened, { order: lastSeenFirst, pageSizeCap: 1 + (run % 5) });
      expect(idsOf([await list(opened, { limit: 200 })])).toEqual(events.map(({ id }) => id));
    }
  });

  test("counts what it found before it had to list anew only once it is sure that nothing newer is missing", async () => {
    const opened = openFeedWorld();
    const at = (seconds: number, late = 0) =>
      opened.record("webset.idle", { at: opened.start - seconds * 1_000, late: late * 1_000 }).id;
    const [n0 = "", ...rest] = Array.from({ length: 7 }, (_, n) => at(11 + n));
    const late = [at(200, 179.6), at(300, 279.5)];
    const older = [25, 110, 190, 400].map((seconds) => at(seconds));
    opened.trouble.spoil = listedAs(opened, { order: lastSeenFirst, pageSizeCap: 9 });
    const ids = idsOf(await listAll(opened, { limit: 9 }));
    expect(ids).toEqual([n0, ...rest, ...older.slice(0, 3), ...late, older[3]]);
  });

  test("gives each event once, newest first, where the API keeps to no order", async () => {
    const roll = dice(11);
    for (const limit of [7, 20, 100]) {
      for (const gapMs of [10, 10_000]) {
        const opened = openFeedWorld();
        const events = Array.from({ length: 100 }, (_, n) =>
          opened.record("webset.idle", { at: opened.start - 60_000 - n * gapMs }),
        );
        opened.trouble.spoil = listedAs(opened, { order: (all) => shuffled(all, roll), pageSizeCap: 30 });
        expect(idsOf(await listAll(opened, { limit }))).toEqual(events.map(({ id }) => id));
      }
    }
  });

  test("ends where events have a time before all others, and where ids are long or no text", async () => {
    const idsFor: ((n: number) => string)[] = [
      (n) => `${"x".repeat(1_100)}${n}`,
      (n) => `${"x".repeat(1_023)}é${n}`,
      (n) => `\ud800${n}`,
    ];
    for (const idFor of idsFor) {
      for (const createdAt of ["0001-01-01T00:00:00.000Z", "2026-11-01T11:00:00.000Z"]) {
        const opened = openFeedWorld();
        const data = Array.from({ length: 6 }, (_, n) => ({ id: idFor(n), type: "webset.idle", createdAt, data: {} }));
        opened.trouble.spoil = async (_, next) =>
          withPage(await next(), () => ({ data: data.toReversed(), hasMore: false, nextCursor: null }));
        for (const limit of [1, 2]) {
          expect(idsOf(await listAll(opened, { limit })).sort()).toEqual(data.map(({ id }) => id).sort());
        }
      }
    }
  });

  test("refuses a cursor where a page token belongs", async () => {
    const opened = openFeedWorld();
    const { position } = await list(opened);
    await expect(list(opened, { page: encodeCursor(position) })).rejects.toMatchObject({ kind: "invalid_request" });
  });
});
