import { describe, expect, test } from "vitest";
import { positionAt } from "../../src/feed/position.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { type Follower, follow } from "../support/reader.ts";

const TYPES = ["webset.idle"];

/** When polls were sent, in `clock.now()`; what asks only for the time is left out. */
function polls({ requests }: FeedWorld): number[] {
  return requests.filter(({ query }) => query.get("limit") === "200").map(({ at }) => at);
}

function stopAll(readers: readonly Follower[]): void {
  for (const reader of readers) reader.stop();
}

describe("a tail", () => {
  test("is one for all readers of a set of types: a thousand cost no more requests than one", async () => {
    const costs = await Promise.all(
      [1, 50, 1_000].map(async (count) => {
        const opened = openFeedWorld({ latency: () => 30 });
        const readers = Array.from({ length: count }, () => follow(opened.feed, { types: TYPES }));
        for (let second = 0; second < 20; second++) {
          await opened.fake.advance(1_000);
          if (second % 7 === 3) opened.record("webset.idle", { late: 2_000 });
        }
        await opened.fake.advance(10_000);
        for (const reader of readers) expect(reader.ids).toHaveLength(3);
        expect(opened.feed.tails).toBe(1);
        stopAll(readers);
        await opened.fake.advance(0);
        expect(opened.feed.tails).toBe(0);
        return opened.requests.length;
      }),
    );
    expect(new Set(costs).size).toBe(1);
  });

  test("is there for each set of types, and gone with its last reader: then nothing sleeps and nobody asks", async () => {
    const opened = openFeedWorld();
    const sets = [undefined, ["webset.idle"], ["webset.idle", "webset.paused"], ["webset.idle"]];
    const readers = sets.map((types) => follow(opened.feed, { types }));
    await opened.fake.advance(5_000);
    expect(opened.feed.tails).toBe(3);
    readers[1]?.stop();
    await opened.fake.advance(0);
    expect(opened.feed.tails).toBe(3);
    stopAll(readers);
    await opened.fake.advance(0);
    expect(opened.feed.tails).toBe(0);
    expect(opened.fake.sleeping).toBe(0);
    const { length } = opened.requests;
    await opened.fake.advance(3_600_000);
    expect(opened.requests.length).toBe(length);
  });

  test("aborts its request when the last reader leaves while it is under way", async () => {
    const opened = openFeedWorld({ latency: () => 5_000 });
    opened.upstreamClock.note({ serverTime: opened.start, sentAt: 0, receivedAt: 0 });
    const readers = [follow(opened.feed), follow(opened.feed)];
    await opened.fake.advance(1_000);
    readers[0]?.stop();
    await opened.fake.advance(1_000);
    expect(opened.requests.map(({ aborted }) => aborted)).toEqual([false]);
    readers[1]?.stop();
    await opened.fake.advance(0);
    expect(opened.requests.map(({ aborted }) => aborted)).toEqual([true]);
    expect(opened.fake.sleeping).toBe(0);
  });

  test("begins anew for a reader that comes after the last one left, and gives it what is its own", async () => {
    const opened = openFeedWorld({ latency: () => 200 });
    const first = follow(opened.feed, { types: TYPES });
    await opened.fake.advance(4_000);
    first.stop();
    opened.record("webset.idle", { id: "between" });
    await opened.fake.advance(60_000);
    const second = follow(opened.feed, { types: TYPES, from: first.position });
    const third = follow(opened.feed, { types: TYPES });
    await opened.fake.advance(1_000);
    expect(second.ids).toEqual(["between"]);
    expect(third.ids).toEqual([]);
    stopAll([second, third]);
  });

  test("tells a reader what it remembers at once, without a request", async () => {
    const opened = openFeedWorld();
    const first = follow(opened.feed);
    await opened.fake.advance(1_000);
    opened.record("webset.idle", { id: "known" });
    await opened.fake.advance(4_300);
    const { length } = opened.requests;
    const second = follow(opened.feed, { from: positionAt(opened.start) });
    await opened.fake.advance(0);
    expect(second.ids).toEqual(["known"]);
    expect(opened.requests.length).toBe(length);
    await opened.fake.advance(20_000);
    expect(second.ids).toEqual(["known"]);
    stopAll([first, second]);
  });

  test("reaches back for a reader that begins before its memory, with its next poll", async () => {
    const opened = openFeedWorld();
    const first = follow(opened.feed);
    opened.record("webset.idle", { id: "before", at: opened.start - 80_000 });
    await opened.fake.advance(1_500);
    const second = follow(opened.feed, { from: positionAt(opened.start - 90_000) });
    await opened.fake.advance(1_000);
    expect(second.ids).toEqual(["before"]);
    expect(first.ids).toEqual([]);
    expect(polls(opened)).toHaveLength(3);
    stopAll([first, second]);
  });

  test("serves readers that come while a poll is under way with a poll that begins after they came", async () => {
    const opened = openFeedWorld({ latency: () => 400 });
    opened.upstreamClock.note({ serverTime: opened.start, sentAt: 0, receivedAt: 0 });
    const first = follow(opened.feed);
    await opened.fake.advance(600);
    // The upstream has answered, and the answer is still on its way.
    opened.record("webset.idle", { id: "missed by the answer", at: opened.now() });
    const second = follow(opened.feed, { from: positionAt(opened.start + 500) });
    const third = follow(opened.feed);
    await opened.fake.advance(100);
    opened.record("webset.idle", { id: "after all", at: opened.now() });
    await opened.fake.advance(2_500);
    expect(first.ids).toEqual(["missed by the answer", "after all"]);
    expect(second.ids).toEqual(["missed by the answer", "after all"]);
    expect(third.ids).toEqual(["missed by the answer", "after all"]);
    stopAll([first, second, third]);
  });

  test("polls at once for who cannot wait for the end of its pause, but never sooner than the upstream allows", async () => {
    const opened = openFeedWorld();
    const first = follow(opened.feed);
    await opened.fake.advance(120_000);
    const quiet = polls(opened).length;
    const hasty = follow(opened.feed, { urgentBy: opened.fake.now() + 100 });
    await opened.fake.advance(0);
    expect(polls(opened)).toHaveLength(quiet + 1);
    hasty.stop();
    opened.trouble.spoil = async () => refusal(429, { "retry-after": "20" });
    await opened.fake.advance(60_000);
    const limited = polls(opened).length;
    const patient = follow(opened.feed, { urgentBy: opened.fake.now() + 100 });
    await opened.fake.advance(100);
    expect(polls(opened)).toHaveLength(limited);
    stopAll([first, patient]);
  });

  test("serves at once who came in a hurry while a poll was under way", async () => {
    const opened = openFeedWorld({ latency: () => 300 });
    const first = follow(opened.feed);
    await opened.fake.advance(60_000);
    while (opened.fake.now() - (polls(opened).at(-1) ?? 0) > 400) await opened.fake.advance(50);
    const begun = polls(opened).length;
    const hasty = follow(opened.feed, { urgentBy: opened.fake.now() + 500 });
    await opened.fake.advance(700);
    expect(polls(opened)).toHaveLength(begun + 1);
    stopAll([first, hasty]);
  });

  test("polls every second while things happen, slower in quiet, and every second again with the next event", async () => {
    const opened = openFeedWorld();
    const reader = follow(opened.feed);
    await opened.fake.advance(10_000);
    const gaps = () => {
      const times = polls(opened);
      return times.slice(1).map((at, index) => at - (times[index] ?? 0));
    };
    expect(gaps().every((gap) => gap === 1_000)).toBe(true);
    await opened.fake.advance(110_000);
    expect(gaps().at(-1)).toBe(5_000);
    opened.record("webset.idle");
    await opened.fake.advance(7_000);
    expect(gaps().at(-1)).toBe(1_000);
    expect(reader.ids).toHaveLength(1);
    reader.stop();
  });

  test("goes on after failures by itself, more slowly, and tells its readers", async () => {
    const opened = openFeedWorld();
    const reader = follow(opened.feed);
    await opened.fake.advance(1_500);
    opened.trouble.spoil = async () => refusal(502);
    opened.record("webset.idle", { id: "hidden" });
    await opened.fake.advance(60_000);
    expect(reader.news.filter(({ kind }) => kind === "retrying").length).toBeGreaterThan(4);
    // Two tries each, one, two, four, eight and fifteen seconds apart.
    expect(polls(opened).length).toBeLessThan(20);
    opened.trouble.spoil = (_, next) => next();
    await opened.fake.advance(16_000);
    expect(reader.ids).toEqual(["hidden"]);
    reader.stop();
  });

  test("gives up on an answer that stalls, and asks again", async () => {
    const opened = openFeedWorld();
    const reader = follow(opened.feed);
    await opened.fake.advance(1_500);
    let stalls = 1;
    opened.trouble.spoil = async (request, next) => {
      if (stalls-- > 0) await opened.fake.sleep(3_600_000, request.signal);
      return next();
    };
    opened.record("webset.idle", { id: "behind it" });
    await opened.fake.advance(12_500);
    expect(reader.ids).toEqual(["behind it"]);
    reader.stop();
  });

  test("has patience for an upstream that is always slow", async () => {
    const opened = openFeedWorld({ latency: () => 12_000 });
    opened.upstreamClock.note({ serverTime: opened.start, sentAt: 0, receivedAt: 0 });
    const reader = follow(opened.feed);
    opened.record("webset.idle", { id: "slow", at: opened.start + 1_000 });
    await opened.fake.advance(200_000);
    expect(reader.ids).toEqual(["slow"]);
    reader.stop();
  });
});

describe("a reader that is slow to listen", () => {
  test("finds its news put together", async () => {
    const opened = openFeedWorld();
    const { signal } = new AbortController();
    const news = opened.feed.read({ signal, from: positionAt(opened.start) });
    await opened.fake.until(news.next());
    await opened.fake.until(news.next());
    for (let n = 0; n < 100; n++) {
      opened.record("webset.idle", { id: `e${100 + n}` });
      await opened.fake.advance(1_000);
    }
    opened.trouble.spoil = async () => refusal(503);
    await opened.fake.advance(100_000);
    const told = [await opened.fake.until(news.next()), await opened.fake.until(news.next())];
    expect(told.map(({ value }) => value?.kind)).toEqual(["read", "retrying"]);
    expect(told[0]?.value).toMatchObject({ events: Array.from({ length: 100 }, (_, n) => ({ id: `e${100 + n}` })) });
    opened.trouble.spoil = (_, next) => next();
    expect((await opened.fake.until(news.next())).value?.kind).toBe("read");
    await news.return(undefined as never);
    expect(opened.feed.tails).toBe(0);
  });
});
