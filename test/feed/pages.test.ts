import { describe, expect, test } from "vitest";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import { Channel } from "../../src/feed/channel.ts";
import { listOrder } from "../../src/feed/list-order.ts";
import { type PageRead, type Range, type Reading, walkPages } from "../../src/feed/pages.ts";
import { createFaults } from "../../src/sandbox/faults.ts";
import { isoTime } from "../../src/shared/clock.ts";
import { dice } from "../support/feed-model/dice.ts";
import { type FeedWorld, type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { lastSeenFirst, listedAs, newestFirst, type OtherList, oldestFirst, shuffled } from "../support/other-lists.ts";
import { promisingMore, refusal, withPage } from "../support/pages.ts";

const ORDERS = ["newest-first", "oldest-first"] as const;

/** A world with `count` events, a second apart, the last one a minute ago. */
function worldWith(count: number, options: FeedWorldOptions = {}): FeedWorld & { ids: string[] } {
  const opened = openFeedWorld(options);
  const ids = Array.from({ length: count }, (_, n) => {
    return opened.record("webset.idle", { at: opened.start - 60_000 - (count - n) * 1_000 }).id;
  });
  return { ...opened, ids };
}

/** The order in which events became visible, or its reverse. */
function arrivals(order: (typeof ORDERS)[number]): OtherList["order"] {
  return (events) => (order === "newest-first" ? lastSeenFirst(events) : lastSeenFirst(events).reverse());
}

async function walk({ reading }: FeedWorld, range: Range = {}, limit = 200, more: Partial<Reading> = {}) {
  const pages: PageRead[] = [];
  for await (const page of walkPages(range, reading(more), limit)) pages.push(page);
  return { pages, ids: pages.flatMap(({ events }) => events.map(({ id }) => id)) };
}

describe.each(ORDERS)("walking pages listed %s", (listOrder) => {
  test("meets every event once, whatever the page size", async () => {
    const opened = worldWith(23, { listOrder });
    const expected = listOrder === "oldest-first" ? opened.ids : [...opened.ids].reverse();
    for (const limit of [1, 4, 23, 200]) expect((await walk(opened, {}, limit)).ids).toEqual(expected);
    const capped = worldWith(23, { listOrder, pageSizeCap: 3 });
    expect((await walk(capped)).ids).toHaveLength(23);
  });

  test("keeps to the range, both ends included, and asks for the types", async () => {
    const opened = worldWith(10, { listOrder });
    const at = (n: number) => opened.start - 60_000 - (10 - n) * 1_000;
    opened.record("webset.paused", { at: at(4) });
    const range = { types: ["webset.idle"], after: at(3), before: at(6) };
    expect((await walk(opened, range, 2)).ids.sort()).toEqual(opened.ids.slice(3, 7));
    expect(opened.requests.every(({ query }) => query.get("types") === "webset.idle")).toBe(true);
  });

  test("meets everything where a list that promises more has no order and more pages than may repeat", async () => {
    const spoilt = worldWith(20);
    const late = spoilt.record("webset.idle", { at: spoilt.start - 70_500, late: 20_000 }).id;
    const listed = listedAs(spoilt, { order: arrivals(listOrder), pageSizeCap: 1 });
    spoilt.trouble.spoil = async (request, next) => promisingMore(await listed(request, next));
    const { ids } = await walk(spoilt);
    expect([...new Set(ids)].sort()).toEqual([...spoilt.ids, late].sort());
  });

  test("goes on where a cursor repeats, or is missing, by narrowing the range", async () => {
    for (const nextCursor of ["stuck", null]) {
      const opened = worldWith(20, { listOrder, pageSizeCap: 3 });
      opened.trouble.spoil = async (request, next) => {
        // A cursor that it did not give would be refused by the upstream.
        request.url.searchParams.delete("cursor");
        return withPage(await next(), (page) => (page.hasMore ? { nextCursor } : {}));
      };
      const { ids } = await walk(opened);
      expect([...new Set(ids)].sort()).toEqual(opened.ids);
      expect(opened.requests.length).toBeLessThan(30);
    }
  });

  test("ends where the last page promises more and has no cursor, after looks that bring nothing new", async () => {
    for (const pageSizeCap of [200, 7, 3, 2, 1]) {
      for (const count of [0, 1, 2, 3, 7, 21]) {
        for (const limit of [200, count + 1, Math.max(1, count), 1]) {
          const opened = worldWith(count, { listOrder, pageSizeCap });
          opened.trouble.spoil = async (_, next) => promisingMore(await next());
          const walked = await walk(opened, {}, limit);
          expect([...new Set(walked.ids)].sort()).toEqual(opened.ids);
          expect(walked.pages.map(({ more }) => more)).toEqual(walked.pages.map((_, n) => n < walked.pages.length - 1));
          const pages = Math.max(1, Math.ceil(count / Math.min(pageSizeCap, limit)));
          expect(opened.requests.length).toBeLessThanOrEqual(
            pages + (count < 2 ? 2 * count : 1) + (limit === 1 ? 1 : 0),
          );
        }
      }
    }
  });

  test("ends so, too, where all events are of one millisecond, on full pages and on short ones", async () => {
    for (const pageSizeCap of [200, 7, 3, 2, 1]) {
      for (const count of [1, 2, 3, 7, 21]) {
        const opened = openFeedWorld({ listOrder, pageSizeCap });
        const ids = Array.from({ length: count }, () => opened.record("webset.idle", { at: opened.start - 5_000 }).id);
        opened.trouble.spoil = async (_, next) => promisingMore(await next());
        for (const range of [
          {},
          { after: opened.start - 5_000 },
          { before: opened.start - 5_000 },
          { after: 0, before: 1 },
        ]) {
          const walked = await walk(opened, range, 200);
          expect([...new Set(walked.ids)].sort()).toEqual(range.before === 1 ? [] : ids);
          expect(walked.pages.at(-1)?.more).toBe(false);
        }
      }
    }
  });

  test("fails, and does not pass over anything, where cursors are lost and more events share a time than a page holds", async () => {
    for (const [before, behind] of [
      [0, 4],
      [4, 0],
      [2, 2],
      [0, 0],
    ] as const) {
      const opened = openFeedWorld({ listOrder, pageSizeCap: 3 });
      const at = opened.start - 60_000;
      for (let n = 0; n < before; n++) opened.record("webset.idle", { at: at - 1_000 * (n + 1) });
      for (let n = 0; n < 5; n++) opened.record("webset.idle", { at });
      for (let n = 0; n < behind; n++) opened.record("webset.idle", { at: at + 1_000 * (n + 1) });
      opened.trouble.spoil = async (_, next) => withPage(await next(), () => ({ nextCursor: null }));
      // Where nothing else shows it, the page is taken for the whole, as the API ends its lists so.
      if (before + behind === 0) expect((await walk(opened)).ids).toHaveLength(3);
      else await expect(walk(opened)).rejects.toMatchObject({ kind: "unexpected_response" });
    }
  });

  test("goes on where a cursor is refused, by narrowing the range, and ends where the last page's is", async () => {
    for (const accepted of [0, 2]) {
      const opened = worldWith(20, { listOrder, pageSizeCap: 3 });
      let refused = 0;
      opened.trouble.spoil = async ({ url }, next) => {
        if (!url.searchParams.has("cursor") || (opened.requests.length - 1) % 4 < accepted) return next();
        refused++;
        return refusal(400);
      };
      const { ids } = await walk(opened);
      expect([...new Set(ids)].sort()).toEqual(opened.ids);
      expect(refused).toBeGreaterThan(1);
      expect(opened.requests.length).toBeLessThan(30);
    }
    const opened = worldWith(20, { listOrder });
    opened.trouble.spoil = async ({ url }, next) =>
      url.searchParams.has("cursor") ? refusal(400) : withPage(await next(), () => ({ nextCursor: "beyond" }));
    expect((await walk(opened)).ids).toHaveLength(20);
    expect(opened.requests.length).toBe(2);
  });

  test("survives events that arrive while pages are walked, and those that come on two pages", async () => {
    const opened = worldWith(20, { listOrder, pageSizeCap: 4 });
    let previous: unknown[] = [];
    opened.trouble.spoil = async (_, next) => {
      opened.record("webset.idle", { id: `late_${opened.requests.length}` });
      return withPage(await next(), ({ data }) => {
        const doubled = [...previous.slice(-2), ...data] as typeof data;
        previous = data;
        return { data: doubled };
      });
    };
    const { ids } = await walk(opened);
    expect(opened.ids.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe("walking pages", () => {
  test("passes over empty pages that promise more, but not for ever", async () => {
    const opened = worldWith(6, { pageSizeCap: 3 });
    let empty = 15;
    opened.trouble.spoil = async ({ url: { searchParams } }, next) => {
      if (searchParams.get("cursor")?.startsWith("empty") === true) searchParams.delete("cursor");
      const answer = await next();
      return empty-- > 0 ? withPage(answer, () => ({ data: [], nextCursor: `empty_${empty}` })) : answer;
    };
    expect((await walk(opened)).ids.sort()).toEqual(opened.ids);
    let n = 0;
    opened.trouble.spoil = async (request, next) => {
      request.url.searchParams.delete("cursor");
      return withPage(await next(), () => ({ data: [], hasMore: true, nextCursor: `${n++}` }));
    };
    await expect(walk(opened)).rejects.toMatchObject({ kind: "unexpected_response" });
    expect(n).toBeLessThan(250);
  });

  test("ends in the face of a list that turns in a circle under ever new cursors", async () => {
    const opened = worldWith(6, { pageSizeCap: 3 });
    let n = 0;
    opened.trouble.spoil = async (request, next) => {
      request.url.searchParams.delete("cursor");
      return withPage(await next(), () => ({ nextCursor: `${n++}` }));
    };
    await expect(walk(opened)).rejects.toMatchObject({ kind: "unexpected_response" });
    expect(n).toBeLessThan(20);
  });

  test("fails where a cursor repeats and more events share a time than a page holds", async () => {
    const opened = openFeedWorld({ pageSizeCap: 3 });
    for (let n = 0; n < 10; n++) opened.record("webset.idle", { at: opened.start - 5_000 });
    opened.trouble.spoil = async (request, next) => {
      request.url.searchParams.delete("cursor");
      return withPage(await next(), () => ({ nextCursor: "stuck" }));
    };
    await expect(walk(opened)).rejects.toMatchObject({ kind: "unexpected_response" });
  });

  test("halves the limit as often as needed where a page is too large, and remembers it for whoever walks often", async () => {
    const opened = worldWith(40, { listOrder: "newest-first" });
    opened.trouble.spoil = async (request, next) => {
      if (Number(request.url.searchParams.get("limit")) > 30) throw new ResponseTooLargeError(1);
      return next();
    };
    const channel = new Channel(undefined);
    const { ids } = await walk(opened, {}, 200, { channel });
    expect(ids.sort()).toEqual(opened.ids);
    const limits = () => opened.requests.splice(0).map(({ query }) => query.get("limit"));
    expect(limits()).toEqual(["200", "100", "50", "25", "25"]);
    expect(channel.size).toBe(25);
    await walk(opened, {}, 200, { channel });
    expect(limits()).toEqual(["25", "25"]);
    await walk(opened, { after: opened.start - 65_000 }, 200, { channel });
    expect(channel.size).toBe(50);
  });

  test("gives up on a single event that is too large to hold", async () => {
    const opened = worldWith(2);
    opened.trouble.spoil = async () => {
      throw new ResponseTooLargeError(1);
    };
    await expect(walk(opened)).rejects.toBeInstanceOf(ResponseTooLargeError);
  });

  test("skips malformed events, counts them, and takes types and fields nobody knows", async () => {
    const opened = worldWith(3);
    opened.record("webset.moved", { id: "moved", data: { object: "webset", id: "ws", new: [1] } });
    opened.trouble.spoil = async (_, next) =>
      withPage(await next(), ({ data }) => ({
        data: [{ id: "", createdAt: "never" }, ...data, { id: "x", createdAt: "" }],
      }));
    let malformed = 0;
    const { ids } = await walk(opened, {}, 200, { onPage: (unreadable) => (malformed += unreadable) });
    expect(ids.sort()).toEqual([...opened.ids, "moved"]);
    expect(malformed).toBe(2);
  });

  test("follows a cursor that comes with a page said to be the last, and learns where that leads nowhere", async () => {
    const broken = worldWith(12, { pageSizeCap: 5 });
    broken.trouble.spoil = async (_, next) => withPage(await next(), () => ({ hasMore: false }));
    expect((await walk(broken)).ids.sort()).toEqual(broken.ids);
    expect((await walk(broken)).ids).toHaveLength(12);

    const wordy = worldWith(12);
    wordy.trouble.spoil = async ({ url: { searchParams } }, next) => {
      const beyond = searchParams.get("cursor") === "end";
      searchParams.delete("cursor");
      return withPage(await next(), ({ data }) => ({ data: beyond ? [] : data, nextCursor: "end" }));
    };
    const channel = new Channel(undefined);
    expect((await walk(wordy, {}, 200, { channel })).pages).toHaveLength(2);
    expect((await walk(wordy, {}, 200, { channel })).pages).toHaveLength(1);
    // A full page may always have been cut.
    expect((await walk(wordy, {}, 12, { channel })).pages).toHaveLength(2);
  });

  test("loses nothing of a millisecond where the API keeps microseconds and a cursor is missing or repeats", async () => {
    for (const nextCursor of [null, "stuck"]) {
      const opened = openFeedWorld();
      const at = opened.start - 60_000;
      const times = [50, 40, 30, 30, 20, 10];
      times.forEach((ms, n) => {
        opened.record("webset.idle", { id: `e${n}`, at: at + ms });
      });
      const upstream = listedAs(opened, {
        order: newestFirst,
        pageSizeCap: 3,
        finer: (id) => (id === "e2" ? 500 : 100),
      });
      opened.trouble.spoil = async (request, next) => {
        request.url.searchParams.delete("cursor");
        return withPage(await upstream(request, next), ({ hasMore }) => (hasMore ? { nextCursor } : {}));
      };
      const { ids } = await walk(opened);
      expect([...new Set(ids)].sort()).toEqual(times.map((_, n) => `e${n}`));
    }
  });

  test("bounds each page's time where it is told to", async () => {
    const opened = worldWith(3, { latency: () => 30_000 });
    const walking = walk(opened, {}, 200, { limitMs: 10_000 });
    walking.catch(() => {});
    await expect(opened.fake.until(walking)).rejects.toMatchObject({ kind: "unavailable" });
    expect(opened.fake.now()).toBe(10_000);
    expect(opened.fake.sleeping).toBe(0);
  });
});

describe("walking pages of a list whose order changes from request to request", () => {
  const roll = dice(5);
  const orders: Record<string, OtherList["order"]> = {
    "newest first, then oldest first": (events, cursor) =>
      cursor === undefined ? newestFirst(events) : oldestFirst(events),
    "oldest first, then newest first": (events, cursor) =>
      cursor === undefined ? oldestFirst(events) : newestFirst(events),
    none: (events) => shuffled(events, roll),
    "that in which they came in": lastSeenFirst,
  };

  function worldOf(gapMs: number, count: number) {
    const opened = openFeedWorld();
    const ids = Array.from({ length: count }, (_, n) => {
      const late = Math.floor(roll() * 4) * 1_000;
      return opened.record("webset.idle", { at: opened.start - 60_000 - (count - n) * gapMs, late }).id;
    });
    return { ...opened, ids };
  }

  test.each(Object.keys(orders))("meets every event: %s", async (name) => {
    const order = orders[name] as OtherList["order"];
    for (const cursors of ["offset", "last"] as const) {
      for (const gapMs of [1, 100, 60_000]) {
        const opened = worldOf(gapMs, 60);
        opened.trouble.spoil = listedAs(opened, { order, cursors, pageSizeCap: 10 });
        const { ids, pages } = await walk(opened);
        expect([...new Set(ids)].sort()).toEqual(opened.ids);
        expect(pages.filter(({ more }) => !more)).toEqual(pages.slice(-1));
        // Six pages hold all; to find parts that hold one each takes several times that.
        expect(opened.requests.length).toBeLessThan(40);
      }
    }
  });

  test("asks for nothing twice where one page holds all, or where events only come again at the head of the next", async () => {
    const single = worldOf(1_000, 60);
    single.trouble.spoil = listedAs(single, { order: orders.none as OtherList["order"] });
    expect((await walk(single)).ids).toHaveLength(60);
    expect(single.requests).toHaveLength(1);

    for (const listOrder of ORDERS) {
      const faults = createFaults({ rules: [{ name: "duplicate-entry" }] });
      const doubled = worldWith(60, { listOrder, pageSizeCap: 10, faults });
      expect(new Set((await walk(doubled)).ids).size).toBe(60);
      expect(doubled.requests.length).toBeLessThanOrEqual(7);
    }

    const growing = worldOf(1_000, 60);
    const upstream = listedAs(growing, { order: newestFirst, pageSizeCap: 10 });
    growing.trouble.spoil = (request, next) => {
      growing.record("webset.idle", { id: `new_${growing.requests.length}` });
      growing.record("webset.idle", { id: `newer_${growing.requests.length}` });
      return upstream(request, next);
    };
    const { ids } = await walk(growing);
    expect(growing.ids.filter((id) => !ids.includes(id))).toEqual([]);
    expect(growing.requests.length).toBeLessThan(10);
  });

  test("follows cursors through a millisecond that holds more than a page", async () => {
    const opened = worldOf(1_000, 20);
    for (let n = 0; n < 35; n++) opened.record("webset.paused", { at: opened.start - 70_500 });
    const order: OtherList["order"] = (events, cursor) =>
      cursor === undefined || new Set(events.map(({ micros }) => micros)).size === 1
        ? newestFirst(events)
        : oldestFirst(events);
    opened.trouble.spoil = listedAs(opened, { order, pageSizeCap: 10 });
    expect(new Set((await walk(opened)).ids).size).toBe(55);
  });

  test("fails where the API ignores times, too", async () => {
    const opened = worldOf(1_000, 60);
    const upstream = listedAs(opened, { order: orders.none as OtherList["order"], pageSizeCap: 10 });
    opened.trouble.spoil = (request, next) => {
      for (const name of ["createdAfter", "createdBefore"]) request.url.searchParams.delete(name);
      return upstream(request, next);
    };
    await expect(walk(opened)).rejects.toMatchObject({ kind: "unexpected_response" });
    expect(opened.requests.length).toBeLessThan(200);
  });
});

describe("the order of a list", () => {
  const list = (...times: number[]) => listOrder(times.map((time, n) => ({ id: `${n}`, time })));

  test("is told by times that fall or rise, and by nothing else", () => {
    expect(list()).toBeUndefined();
    expect(list(5)).toBeUndefined();
    expect(list(5, 5, 5)).toBeUndefined();
    expect(list(5, 5, 4)).toBe("newest-first");
    expect(list(5, 5, 6, 6)).toBe("oldest-first");
    expect(list(5, 6, 5)).toBe("mixed");
  });

  test("is not told by events that come again", () => {
    const [a, b, c] = [3, 2, 1].map((time) => ({ id: `${time}`, time }));
    expect(listOrder([a, b, a, b, c] as { id: string; time: number }[])).toBe("newest-first");
  });
});

test("a time is written as the API takes it, whatever a caller gave", () => {
  expect(isoTime(1_793_534_400_000.9)).toBe("2026-11-01T12:00:00.000Z");
  expect(isoTime(-1)).toBe("1970-01-01T00:00:00.000Z");
  expect(isoTime(Number.POSITIVE_INFINITY)).toBe("9999-12-31T23:59:59.999Z");
});
