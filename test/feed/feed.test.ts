import { describe, expect, test } from "vitest";
import { BEFORE_ALL, positionAt } from "../../src/feed/position.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { follow } from "../support/reader.ts";

const HOUR_MS = 3_600_000;

function sleepers({ fake }: FeedWorld): number {
  return fake.sleeping;
}

describe("reading the feed", () => {
  test("from before all events begins at the same time again for an hour, so that what was learnt is of use", async () => {
    const opened = openFeedWorld();
    const from = positionAt(BEFORE_ALL);
    await opened.fake.until(opened.feed.positionNow(new AbortController().signal));
    const begun = new Set<string | null>();
    for (let wait = 0; wait < 5; wait++) {
      const reader = follow(opened.feed, { from, resumes: true });
      await opened.fake.advance(0);
      begun.add(
        opened
          .lists()
          .find(({ query }) => query.has("createdAfter"))
          ?.query.get("createdAfter") ?? null,
      );
      reader.stop();
      await opened.fake.advance(12_000);
      opened.requests.length = 0;
    }
    expect([...begun].map((text) => opened.start - Date.parse(text ?? ""))).toEqual([59 * 24 * HOUR_MS + 1]);
  });

  test("from now brings what is created after the call, however late it becomes visible, and nothing older", async () => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ dates, latency: () => 100 });
      opened.record("webset.idle", { id: "old", at: opened.start - 2_000 });
      const reader = follow(opened.feed);
      await opened.fake.advance(300);
      opened.record("webset.idle", { id: "late", at: opened.now(), late: 5_000 });
      opened.record("webset.idle", { id: "prompt", at: opened.now() + 1 });
      await opened.fake.advance(20_000);
      expect(reader.ids).toEqual(["prompt", "late"]);
      reader.stop();
    }
  });

  test("from now counts from the call, not from the first answer", async () => {
    const opened = openFeedWorld();
    let down = true;
    opened.trouble.spoil = async (_, next) => (down ? refusal(503) : next());
    const reader = follow(opened.feed);
    await opened.fake.advance(30_000);
    opened.record("webset.idle", { id: "during", at: opened.now() });
    await opened.fake.advance(30_000);
    down = false;
    await opened.fake.advance(30_000);
    expect(reader.ids).toEqual(["during"]);
    reader.stop();
  });

  test("from a position brings all since, oldest first, each once, whether near or far behind", async () => {
    for (const listOrder of ["newest-first", "oldest-first"] as const) {
      for (const age of [5_000, 90_000, 3 * HOUR_MS, 50 * 24 * HOUR_MS]) {
        const opened = openFeedWorld({ listOrder });
        opened.record("webset.idle", { id: "before", at: opened.start - age - 1 });
        const ids = Array.from({ length: 300 }, (_, n) => {
          return opened.record("webset.idle", { at: opened.start - age + Math.floor((n * age) / 300) }).id;
        });
        const reader = follow(opened.feed, { from: positionAt(opened.start - age) });
        await opened.fake.advance(20_000);
        expect(reader.ids).toEqual(ids);
        expect(opened.requests.length).toBeLessThan(60);
        reader.stop();
      }
    }
  });

  test("from an age begins so long before the call by the upstream's clock, whatever ours shows", async () => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ dates, latency: () => 100, skewMs: HOUR_MS });
      for (const minutes of [20, 11, 9, 1]) {
        opened.record("webset.idle", { id: `${minutes} min`, at: opened.start - minutes * 60_000 });
      }
      const reader = follow(opened.feed, { from: { agoMs: 600_000 } });
      await opened.fake.advance(20_000);
      // Without a Date the newest event but one stands in for now.
      expect(reader.ids).toEqual(dates ? ["9 min", "1 min"] : ["11 min", "9 min", "1 min"]);
      reader.stop();
    }
  });

  test("tells everything before what it calls settled, even for a reader that comes earlier than another began", async () => {
    const opened = openFeedWorld();
    const first = follow(opened.feed);
    await opened.fake.advance(100);
    opened.record("webset.idle", { id: "late", at: opened.start - 2_000, late: 5_000 });
    const second = follow(opened.feed, { from: positionAt(opened.start - 4_000) });
    await opened.fake.advance(20_000);
    expect(second.ids).toEqual(["late"]);
    expect(first.ids).toEqual([]);
    first.stop();
    second.stop();
  });

  test("goes on when a page of its read takes long, without taking later events for settled", async () => {
    for (const dates of [true, false]) {
      for (const listOrder of ["newest-first", "oldest-first"] as const) {
        const opened = openFeedWorld({ listOrder, dates, pageSizeCap: 5 });
        for (let n = 0; n < 8; n++) opened.record("webset.idle", { at: opened.start - 1_000 + n * 100 });
        opened.record("webset.idle", { id: "late", at: opened.start - 950, late: 5_000 });
        for (let n = 0; n < 3; n++) opened.record("webset.idle", { at: opened.start + 8_900 + n, late: 0 });
        let slow = true;
        opened.trouble.spoil = async (request, next) => {
          if (slow && request.url.searchParams.has("cursor")) {
            slow = false;
            await opened.fake.sleep(9_000, request.signal);
          }
          return next();
        };
        const reader = follow(opened.feed, { from: positionAt(opened.start - 1_000) });
        await opened.fake.advance(40_000);
        expect(reader.ids).toContain("late");
        expect(new Set(reader.ids).size).toBe(12);
        expect(reader.ids).toHaveLength(12);
        reader.stop();
      }
    }
  });

  test("asks for the types, and gives unknown ones to whoever names none", async () => {
    const opened = openFeedWorld();
    const all = follow(opened.feed);
    const idle = follow(opened.feed, { types: ["webset.idle"] });
    await opened.fake.advance(1_000);
    opened.record("webset.moved", { id: "unknown" });
    opened.record("webset.idle", { id: "idle" });
    await opened.fake.advance(6_000);
    expect(all.ids.sort()).toEqual(["idle", "unknown"]);
    expect(idle.ids).toEqual(["idle"]);
    const asked = opened.lists().filter(({ query }) => query.has("types") && query.get("limit") !== "1");
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.every(({ query }) => query.getAll("types").join() === "webset.idle")).toBe(true);
    all.stop();
    idle.stop();
  });

  test("asks for a Webset's id once, counts from the call even if that takes long, and keeps to that Webset", async () => {
    const opened = openFeedWorld();
    let asked = 0;
    const reader = follow(opened.feed, {
      websetId: async (signal) => {
        asked++;
        await opened.fake.sleep(8_000, signal);
        return "ws_2";
      },
    });
    await opened.fake.advance(2_000);
    opened.record("webset.idle", { id: "other", websetId: "ws_1" });
    opened.record("webset.idle", { id: "ours", websetId: "ws_2" });
    await opened.fake.advance(20_000);
    expect(reader.ids).toEqual(["ours"]);
    expect(asked).toBe(1);
    reader.stop();
  });

  test("outlasts trouble while it looks for the Webset's id, its first position and its past", async () => {
    for (const from of [undefined, positionAt(Date.parse("2026-10-30T12:00:00.000Z"))]) {
      const opened = openFeedWorld();
      opened.record("webset.idle", { id: "past", at: opened.start - 24 * HOUR_MS, websetId: "ws" });
      let failing = 0;
      opened.trouble.spoil = async (_, next) => (failing++ % 7 < 5 ? refusal(503) : next());
      const reader = follow(opened.feed, { from, websetId: async () => "ws" });
      await opened.fake.advance(1_000);
      opened.record("webset.idle", { id: "present", websetId: "ws" });
      await opened.fake.advance(120_000);
      expect(reader.ids).toEqual(from === undefined ? ["present"] : ["past", "present"]);
      expect(reader.news.some(({ kind }) => kind === "retrying")).toBe(true);
      reader.stop();
    }
  });

  test("ends with an AbortError wherever it is, and leaves nothing behind", async () => {
    for (const after of [0, 50, 150, 250, 350, 1_000, 1_450, 2_000, 5_000]) {
      const opened = openFeedWorld({ latency: () => 70 });
      opened.record("webset.idle", { at: opened.start - 3 * HOUR_MS });
      const readers = [undefined, positionAt(opened.start - 4 * HOUR_MS), positionAt(opened.start - 1_000)].map(
        (from) => follow(opened.feed, { from }),
      );
      await opened.fake.advance(after);
      for (const reader of readers) reader.stop();
      await opened.fake.advance(0);
      for (const reader of readers) expect(reader.end).toMatchObject({ name: "AbortError" });
      expect(opened.feed.tails).toBe(0);
      expect(sleepers(opened)).toBe(0);
      const { length } = opened.requests;
      await opened.fake.advance(60_000);
      expect(opened.requests.length).toBe(length);
    }
  });

  test("throws what cannot pass by itself, within one poll", async () => {
    const opened = openFeedWorld();
    const readers = [follow(opened.feed), follow(opened.feed, { types: ["webset.idle"] })];
    await opened.fake.advance(3_000);
    opened.trouble.spoil = async () => refusal(401);
    await opened.fake.advance(1_100);
    for (const reader of readers) expect(reader.end).toMatchObject({ kind: "unauthorized" });
    expect(opened.feed.tails).toBe(0);
    expect(sleepers(opened)).toBe(0);
  });
});

describe("a backlog", () => {
  test("of which one poll could not read all is read in slices, the oldest first", async () => {
    for (const dates of [true, false]) {
      for (const listOrder of ["newest-first", "oldest-first"] as const) {
        const opened = openFeedWorld({ listOrder, dates });
        const ids = Array.from({ length: 6_000 }, (_, n) => {
          return opened.record("webset.idle", { at: opened.start - 100_000 + n * 15 }).id;
        });
        const reader = follow(opened.feed, { from: positionAt(opened.start - 100_000) });
        await opened.fake.advance(10_000);
        expect(reader.ids).toEqual(ids);
        const batches = reader.news.map((news) => (news.kind === "read" ? news.events.length : 0));
        expect(Math.max(...batches)).toBeLessThan(2_500);
        reader.stop();
      }
    }
  });

  test("that reaches up to now brings what becomes visible late at its end, too", async () => {
    for (const dates of [true, false]) {
      for (const age of [200_000, HOUR_MS, 24 * HOUR_MS]) {
        const opened = openFeedWorld({ dates });
        opened.record("webset.idle", { id: "old", at: opened.start - age });
        opened.record("webset.idle", { id: "late", at: opened.start - 2_000, late: 5_000 });
        opened.record("webset.idle", { id: "prompt", at: opened.start - 1_000 });
        const reader = follow(opened.feed, { from: positionAt(opened.start - age) });
        await opened.fake.advance(15_000);
        expect(reader.ids).toEqual(["old", "prompt", "late"]);
        reader.stop();
      }
    }
  });

  test("gives its first events without being read to its end", async () => {
    const opened = openFeedWorld({ latency: () => 50 });
    for (let n = 0; n < 20_000; n++) opened.record("webset.idle", { at: opened.start - 10 * HOUR_MS + n * 1_000 });
    const reader = follow(opened.feed, { from: positionAt(opened.start - 10 * HOUR_MS) });
    while (reader.events.length === 0) await opened.fake.advance(10);
    expect(opened.requests.length).toBeLessThan(8);
    expect(reader.events.length).toBeLessThan(1_000);
    reader.stop();
  });

  test("keeps no other reader from its news", async () => {
    const opened = openFeedWorld({ latency: () => 50 });
    for (let n = 0; n < 6_000; n++) opened.record("webset.idle", { at: opened.start - 100_000 + n * 15 });
    const near = follow(opened.feed);
    await opened.fake.advance(500);
    const far = follow(opened.feed, { from: positionAt(opened.start - 100_000) });
    await opened.fake.advance(300);
    opened.record("webset.idle", { id: "news" });
    await opened.fake.advance(3_500);
    expect(near.ids).toEqual(["news"]);
    await opened.fake.advance(30_000);
    expect(far.ids).toHaveLength(6_001);
    expect(far.ids.at(-1)).toBe("news");
    expect(opened.feed.tails).toBe(1);
    near.stop();
    far.stop();
  });

  test("that many readers go through side by side is read once", async () => {
    const costs = [];
    for (const count of [1, 50]) {
      const opened = openFeedWorld();
      for (let n = 0; n < 3_000; n++) opened.record("webset.idle", { at: opened.start - 10 * HOUR_MS + n * 10_000 });
      const readers = Array.from({ length: count }, () =>
        follow(opened.feed, { from: positionAt(opened.start - 10 * HOUR_MS) }),
      );
      await opened.fake.advance(30_000);
      for (const reader of readers) expect(reader.ids).toHaveLength(3_000);
      costs.push(opened.requests.length);
      for (const reader of readers) reader.stop();
    }
    expect(costs[1]).toBe(costs[0]);
  });

  test("that grew while the machine slept is read in slices as well", async () => {
    const opened = openFeedWorld();
    const reader = follow(opened.feed);
    await opened.fake.advance(2_000);
    let asleep = true;
    opened.trouble.spoil = async (_, next) => (asleep ? refusal(503) : next());
    for (let n = 0; n < 9_000; n++) opened.record("webset.idle", { at: opened.now() + n * 100 });
    await opened.fake.advance(1_000_000);
    asleep = false;
    await opened.fake.advance(60_000);
    expect(reader.ids).toHaveLength(9_000);
    expect(new Set(reader.ids).size).toBe(9_000);
    reader.stop();
  });
});

describe("a position no API can know", () => {
  test("lies in the future of the upstream's clock, whatever ours shows", async () => {
    for (const skewMs of [-600_000, 0, 600_000]) {
      const opened = openFeedWorld({ skewMs, latency: () => 40 });
      opened.record("webset.idle", { at: opened.start - 86_400_000 });
      const ahead = follow(opened.feed, { from: positionAt(opened.start + 60_000) });
      const present = follow(opened.feed, { from: positionAt(opened.start) });
      const past = follow(opened.feed, { from: positionAt(opened.start - 300_000) });
      await opened.fake.advance(2_000);
      expect(ahead.end).toMatchObject({ kind: "invalid_request" });
      expect((ahead.end as Error).message).toContain("future");
      expect(present.end).toBeUndefined();
      expect(past.end).toBeUndefined();
      present.stop();
      past.stop();
    }
  });

  test("is not one that has become present while somebody else's question was under way", async () => {
    const opened = openFeedWorld();
    const delays = [100, 5_000];
    opened.trouble.latency = () => delays.shift() ?? 0;
    const early = follow(opened.feed, { from: positionAt(opened.start) });
    await opened.fake.advance(4_900);
    const late = follow(opened.feed, { from: positionAt(opened.start + 4_900) });
    await opened.fake.advance(3_000);
    expect([early.end, late.end]).toEqual([undefined, undefined]);
    early.stop();
    late.stop();
  });

  test("is older than what the API keeps", async () => {
    const opened = openFeedWorld();
    const day = 24 * HOUR_MS;
    const old = follow(opened.feed, { from: positionAt(opened.start - 60 * day - 5_000) });
    const kept = follow(opened.feed, { from: positionAt(opened.start - 60 * day + 5_000) });
    await opened.fake.advance(2_000);
    expect(old.end).toMatchObject({ kind: "invalid_request" });
    expect((old.end as Error).message).toContain("60 days");
    expect(kept.end).toBeUndefined();
    kept.stop();
  });

  test("cannot be told where answers have no Date: nothing is refused, and nothing lost", async () => {
    const opened = openFeedWorld({ dates: false });
    opened.record("webset.idle", { id: "hour old", at: opened.start - HOUR_MS });
    const warm = follow(opened.feed);
    await opened.fake.advance(2_000);
    const recent = follow(opened.feed, { from: positionAt(opened.start - 300_000) });
    const future = follow(opened.feed, { from: positionAt(opened.start + 300_000) });
    const ancient = follow(opened.feed, { from: positionAt(0) });
    await opened.fake.advance(2_000);
    opened.record("webset.idle", { id: "news" });
    await opened.fake.advance(10_000);
    expect(warm.ids).toEqual(["news"]);
    expect(recent.ids).toEqual(["news"]);
    expect(future.ids).toEqual([]);
    expect(ancient.ids).toEqual(["hour old", "news"]);
    for (const reader of [warm, recent, future, ancient]) {
      expect(reader.end).toBeUndefined();
      reader.stop();
    }
  });

  test("is asked about with one small request, and only where nothing told the time", async () => {
    const opened = openFeedWorld();
    const readers = Array.from({ length: 20 }, () => follow(opened.feed, { from: positionAt(opened.start - 1_000) }));
    await opened.fake.advance(0);
    expect(opened.requests.map(({ query }) => query.get("limit"))).toEqual(["1", "200"]);
    expect(opened.requests[0]?.query.get("types")).toBe("webset.deleted");
    for (const reader of readers) reader.stop();
  });
});

describe("an account without any events", () => {
  test("is followed from now like any other", async () => {
    for (const dates of [true, false]) {
      const opened = openFeedWorld({ dates });
      const reader = follow(opened.feed);
      await opened.fake.advance(3_000);
      expect(reader.end).toBeUndefined();
      if (dates) expect(reader.position?.since).toBe(opened.start);
      opened.record("webset.idle", { id: "first" });
      await opened.fake.advance(6_000);
      expect(reader.ids).toEqual(["first"]);
      reader.stop();
    }
  });
});

describe("a position of now", () => {
  test("is the upstream's time, or without a Date its newest event", async () => {
    const { signal } = new AbortController();
    const dated = openFeedWorld({ skewMs: 600_000 });
    expect((await dated.feed.positionNow(signal)).since).toBe(dated.start);
    const undated = openFeedWorld({ dates: false });
    const newest = undated.record("webset.idle", { at: undated.start - 77_000 });
    const position = await undated.feed.positionNow(signal);
    expect(position.since).toBe(newest.time);
    expect(position.seen.size).toBe(1);
  });

  test("costs no request where an answer told the time lately", async () => {
    const opened = openFeedWorld();
    opened.upstreamClock.note({
      serverTime: opened.start - 400,
      sentAt: opened.fake.now(),
      receivedAt: opened.fake.now(),
    });
    await opened.fake.advance(5_000);
    const position = await opened.feed.positionNow(new AbortController().signal);
    expect(position.since).toBe(opened.start + 4_600);
    expect(opened.requests).toHaveLength(0);
  });
});
