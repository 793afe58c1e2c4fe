import { describe, expect, test } from "vitest";
import { ResponseTooLargeError } from "../../src/exa/http.ts";
import {
  type CollectRequest,
  collectEvents,
  FIRST_READING_MS,
  GRACE_MS,
  nothingAnswered,
} from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import type { Feed } from "../../src/feed/feed.ts";
import { type Crowd, crowdTypes, type Position, positionAt } from "../../src/feed/position.ts";
import type { ReadNews } from "../../src/feed/reader.ts";
import { abortError, WebsetsError } from "../../src/shared/errors.ts";
import { collect } from "../support/collect.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { ACCOUNT_REFUSALS, refusal } from "../support/pages.ts";

const idsOf = ({ events }: { events: { id: string }[] }) => events.map(({ id }) => id);

describe("a wait for events", () => {
  test("returns as soon as enough matched, oldest first, and goes on right after them", async () => {
    const opened = openFeedWorld();
    for (const id of ["c", "a", "b"]) opened.record("webset.idle", { id, at: opened.start - 3_000 });
    opened.record("webset.idle", { id: "first", at: opened.start - 4_000 });
    const from = positionAt(opened.start - 10_000);
    const first = await opened.fake.until(collect(opened, { from, atLeast: 2, limit: 2 }));
    expect(idsOf(first)).toEqual(["first", "a"]);
    expect(opened.fake.now()).toBe(0);
    const second = await opened.fake.until(collect(opened, { from: first.position, atLeast: 100, timeoutMs: 0 }));
    expect(idsOf(second)).toEqual(["b", "c"]);
    const third = await opened.fake.until(collect(opened, { from: second.position, timeoutMs: 0 }));
    expect(idsOf(third)).toEqual([]);
  });

  test("hands out what fits, ends with it, and goes on right after it", async () => {
    const opened = openFeedWorld();
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) opened.record("webset.idle", { id, at: opened.start - 3_000 });
    const fits = ({ length }: { length: number }) => Math.min(2, length);
    const met: string[] = [];
    let from = positionAt(opened.start - 10_000);
    for (let call = 0; call < 3; call++) {
      const waited = await opened.fake.until(collect(opened, { from, atLeast: 100, timeoutMs: 5_000, fits }));
      expect(waited.more).toBe(call < 2);
      expect(waited.waitedMs).toBe(call < 2 ? 0 : 5_000);
      expect(waited.events.length).toBeLessThanOrEqual(2);
      met.push(...idsOf(waited));
      from = decodeCursor(encodeCursor(waited.position));
    }
    expect(met).toEqual(ids);
  });

  test("that runs out of time gives what it found, at its time", async () => {
    const opened = openFeedWorld();
    const waiting = collect(opened, { atLeast: 5, limit: 5, timeoutMs: 10_000 });
    await opened.fake.advance(2_000);
    opened.record("webset.idle", { id: "only" });
    const waited = await opened.fake.until(waiting);
    expect(idsOf(waited)).toEqual(["only"]);
    expect(waited.waitedMs).toBe(10_000);
    expect(waited.lastError).toBeUndefined();
  });

  test.each([
    ["first", -1],
    ["after the timer", 1],
  ])(
    "whose process was stopped past its time reads anew, also where an answer was on its way then, met %s",
    async (_, afterMs) => {
      const opened = openFeedWorld();
      const { fake, clock } = opened;
      const wokenAt = 10_000;
      // All that falls due while the process is stopped comes at its end.
      const stopped = {
        now: () => clock.now(),
        wallTime: () => clock.wallTime(),
        sleep: (ms: number, signal?: AbortSignal) => clock.sleep(Math.max(ms, wokenAt - clock.now()), signal),
      };
      const waiting = collectEvents({
        ...{ feed: opened.feed, clock: stopped, atLeast: 1, limit: 10, timeoutMs: 3_000 },
        signal: new AbortController().signal,
      });
      await fake.advance(1_500);
      opened.trouble.spoil = async (_, next) => {
        const answer = await next();
        await fake.sleep(wokenAt + afterMs - fake.now());
        return answer;
      };
      await fake.advance(1_000);
      opened.trouble.spoil = (_, next) => next();
      opened.record("webset.idle", { id: "meanwhile" });
      const waited = await fake.until(waiting);
      expect(idsOf(waited)).toEqual(["meanwhile"]);
      expect(fake.now()).toBeLessThan(wokenAt + FIRST_READING_MS);
    },
  );

  test("whose process was stopped while it looked at an answer does not take it for what there is now", async () => {
    const opened = openFeedWorld();
    const { fake, clock } = opened;
    let stoppedMs = 0;
    clock.now = () => fake.now() + stoppedMs;
    const waiting = collect(opened, {
      timeoutMs: 3_000,
      sift: async () => {
        if (stoppedMs === 0) opened.record("webset.idle", { id: "meanwhile" });
        stoppedMs = 5_000;
        return { hidden: [], more: [], owes: false };
      },
    });
    expect(idsOf(await fake.until(waiting))).toEqual(["meanwhile"]);
  });

  test("gives events in their order, also those that became visible out of it", async () => {
    const opened = openFeedWorld();
    opened.record("webset.idle", { id: "first", at: opened.start + 1_000, late: 4_500 });
    opened.record("webset.idle", { id: "third", at: opened.start + 3_000 });
    opened.record("webset.idle", { id: "second", at: opened.start + 2_000, late: 2_000 });
    const waited = await opened.fake.until(collect(opened, { atLeast: 5, limit: 5, timeoutMs: 9_000 }));
    expect(idsOf(waited)).toEqual(["first", "second", "third"]);
  });

  test("keeps for the next call what it has met, even twice, and not handed out", async () => {
    for (const age of [1_000, 200_000]) {
      const opened = openFeedWorld();
      const tie = opened.start - 500;
      for (const id of ["b", "c", "d", "e"]) opened.record("webset.idle", { id, at: tie });
      opened.record("webset.idle", { id: "a", at: tie, late: 2_000 });
      opened.record("webset.idle", { id: "first", at: tie - 100, late: 2_000 });
      let from = positionAt(opened.start - age);
      const ids: string[] = [];
      for (let call = 0; call < 4; call++) {
        const waited = await opened.fake.until(collect(opened, { from, atLeast: 5, limit: 5, timeoutMs: 4_000 }));
        ids.push(...idsOf(waited));
        from = decodeCursor(encodeCursor(waited.position));
      }
      expect(ids).toEqual(["first", "a", "b", "c", "d", "e"]);
    }
  });

  test("learns when the events behind a cursor were, so that it forgets each as soon as it may", async () => {
    const opened = openFeedWorld();
    for (const at of [1_000, 4_000]) opened.record("webset.idle", { at: opened.start + at });
    const from = positionAt(opened.start);
    const first = await opened.fake.until(collect(opened, { from, atLeast: 2, limit: 2 }));
    const cursor = decodeCursor(encodeCursor(first.position));
    expect(cursor.seen.size).toBe(2);
    const second = await opened.fake.until(collect(opened, { from: cursor, timeoutMs: 5_000 }));
    expect(second.position.since).toBeGreaterThan(opened.start + 1_000);
    expect(second.position.since).toBeLessThan(opened.start + 4_000);
    expect(second.position.seen.size).toBe(1);
  });

  test("of no time at all looks once", async () => {
    const opened = openFeedWorld({ latency: () => 150 });
    opened.record("webset.idle", { id: "there", at: opened.start - 10_000 });
    const from = positionAt(opened.start - 20_000);
    expect(idsOf(await opened.fake.until(collect(opened, { from, timeoutMs: 0, atLeast: 9, limit: 9 })))).toEqual([
      "there",
    ]);
    // The time, and the look.
    expect(opened.fake.now()).toBe(600);
    expect(idsOf(await opened.fake.until(collect(opened, { timeoutMs: 0 })))).toEqual([]);
    expect(opened.feed.tails).toBe(0);
  });

  test("of no time at all looks once even while others are in a long pause", async () => {
    const opened = openFeedWorld({ latency: () => 20 });
    const other = collect(opened, { timeoutMs: 300_000 });
    await opened.fake.advance(123_456);
    const from = positionAt(opened.now() - 1_000);
    opened.record("webset.paused", { id: "there", at: opened.now() });
    expect(idsOf(await opened.fake.until(collect(opened, { from, timeoutMs: 0 })))).toEqual(["there"]);
    expect(idsOf(await opened.fake.until(other))).toEqual(["there"]);
  });

  test("always returns within its time and a second, and a short one within 5 s of reading", async () => {
    for (const latency of [0, 300, 900, 40_000]) {
      for (const timeoutMs of [0, 500, 3_000, 25_000]) {
        const opened = openFeedWorld({ latency: () => latency, dates: latency !== 300 });
        const waiting = collect(opened, { from: positionAt(opened.start - 3_600_000), timeoutMs });
        await opened.fake.until(waiting.catch(() => {}));
        expect(opened.fake.now()).toBeLessThanOrEqual(Math.max(FIRST_READING_MS, timeoutMs + GRACE_MS));
        expect(opened.fake.now()).toBeGreaterThanOrEqual(timeoutMs);
        expect(opened.fake.sleeping).toBe(0);
      }
    }
  });

  test("without any answer in its whole time says since when", async () => {
    const opened = openFeedWorld({ spoil: async () => refusal(503) });
    const waiting = collect(opened, { timeoutMs: 5_000 });
    waiting.catch(() => {});
    await expect(opened.fake.until(waiting)).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("since 2026-11-01T12:00:00.000Z"),
    });
    expect(opened.fake.now()).toBe(5_000 + GRACE_MS);
  });

  test("passes on how long the upstream asks to wait", async () => {
    const opened = openFeedWorld({ spoil: async () => refusal(429, { "retry-after": "40" }) });
    const waiting = collect(opened, { timeoutMs: 5_000 });
    waiting.catch(() => {});
    await expect(opened.fake.until(waiting)).rejects.toMatchObject({ kind: "unavailable", retryAfterMs: 40_000 });
  });

  test("with one answer in its time ends as usual, with a warning while trouble lasts", async () => {
    const opened = openFeedWorld();
    const waiting = collect(opened, { timeoutMs: 10_000 });
    await opened.fake.advance(1_500);
    opened.trouble.spoil = async () => refusal(500);
    const waited = await opened.fake.until(waiting);
    expect(waited.events).toEqual([]);
    expect(waited.lastError).toMatchObject({ kind: "unavailable" });
    opened.trouble.spoil = (_, next) => next();
    const again = await opened.fake.until(collect(opened, { from: waited.position, timeoutMs: 10_000 }));
    expect(again.lastError).toBeUndefined();
  });

  test("warns of an API that has fallen silent, before any request has failed", async () => {
    const opened = openFeedWorld();
    const waiting = collect(opened, { timeoutMs: 10_000 });
    await opened.fake.advance(1_500);
    opened.trouble.spoil = () => new Promise(() => {});
    const waited = await opened.fake.until(waiting);
    expect(waited).toMatchObject({ events: [], more: true });
    expect(waited.lastError?.message).toContain("the API did not answer for the list of events");
  });

  test("that trouble only delayed gives no warning", async () => {
    const opened = openFeedWorld();
    opened.record("webset.idle", { id: "there", at: opened.start - 10_000 });
    let failures = 5;
    opened.trouble.spoil = async (_, next) => (failures-- > 0 ? refusal(500) : next());
    const waited = await opened.fake.until(collect(opened, { from: positionAt(opened.start - 20_000) }));
    expect(idsOf(waited)).toEqual(["there"]);
    expect(waited.lastError).toBeUndefined();
  });

  test("moves its cursor with every slice it finished", async () => {
    const opened = openFeedWorld({ latency: () => 300 });
    for (let n = 0; n < 3_000; n++) opened.record("webset.idle", { at: opened.start - 40_000_000 + n * 10_000 });
    let from = positionAt(opened.start - 40_000_000);
    const ids: string[] = [];
    for (let call = 0; ids.length < 3_000; call++) {
      expect(call).toBeLessThan(100);
      const waited = await opened.fake.until(collect(opened, { from, atLeast: 100, timeoutMs: 1_000 }));
      expect(waited.events.length).toBeGreaterThan(0);
      ids.push(...idsOf(waited));
      from = decodeCursor(encodeCursor(waited.position));
    }
    expect(new Set(ids).size).toBe(3_000);
    expect(ids).toEqual([...ids].sort());
  });

  /** Waits on a feed that tells this from a position on, and then nothing any more. */
  async function waitOn(
    opened: FeedWorld,
    position: Position,
    read: readonly Partial<ReadNews>[],
    onLook?: CollectRequest["onLook"],
  ) {
    const none = { again: [], late: [], events: [], unreadable: 0, repeats: false, isCaughtUp: false };
    const told: ReadNews = { kind: "read", ...none, asked: true, settledUpTo: position.since };
    const feed: Pick<Feed, "read" | "answeredAt" | "upstreamClock"> = {
      upstreamClock: opened.upstreamClock,
      answeredAt: 0,
      async *read({ signal }) {
        yield { kind: "positioned", position };
        for (const news of read) yield { ...told, ...news };
        await opened.clock.sleep(60_000, signal);
        throw abortError();
      },
    };
    return opened.fake.until(
      collect(opened, { feed: feed as Feed, from: position, atLeast: 5, ...(onLook && { onLook }) }),
    );
  }

  test("goes on behind the slices it has read, also where the memory of a tail that it joined then knows less", async () => {
    const opened = openFeedWorld();
    const position = positionAt(opened.start - 60_000);
    const event = opened.record("webset.idle", { at: position.since });
    const waited = await waitOn(opened, position, [
      { events: [event], settledUpTo: event.time + 1, crowd: { page: undefined, next: undefined } },
      { asked: false, settledUpTo: event.time - 5_000 },
    ]);
    expect(idsOf(waited)).toEqual([event.id]);
    expect(waited.position).toEqual(positionAt(event.time + 1));
  });

  test("keeps its place in a crowd while an event that came late waits to be handed out", async () => {
    const opened = openFeedWorld();
    const at = opened.start - 60_000;
    const [page, next] = ["one", "two"].map((cursor) => ({ cursor, types: 0 }));
    const position = { ...positionAt(at), crowd: page as Crowd };
    const event = opened.record("webset.idle", { at });
    const late = opened.record("webset.idle", { at: at - 10_000 });
    const places: Position[] = [];
    const read = [{ events: [event], crowd: { page, next } }, { late: [late] }];
    const waited = await waitOn(opened, position, read, (_, look) => void places.push(look.position));
    expect(places).toEqual([position, position, position]);
    expect(idsOf(waited)).toEqual([late.id, event.id]);
  });

  test.each([
    ["is refused at first", 503, 0],
    ["takes over a second at first", undefined, 1_200],
  ])("gives a late event whose Webset has to be asked for where that %s", async (_, status, slowMs) => {
    const opened = openFeedWorld();
    let asked = 0;
    opened.trouble.spoil = async ({ url }, next) => {
      if (!url.pathname.includes("/monitors/")) return next();
      if (asked++ === 0) {
        await opened.fake.sleep(slowMs);
        if (status !== undefined) return refusal(status);
      }
      return { status: 200, headers: {}, body: JSON.stringify({ id: "m", websetId: "ws", status: "enabled" }) };
    };
    const data = { id: "run", monitorId: "m" };
    const { id } = opened.record("monitor.run.created", { data, late: 15_000 });
    const from = positionAt(opened.start);
    const collecting = collect(opened, { websetId: "ws", from, resumes: true, timeoutMs: 60_000 });
    const waited = await opened.fake.until(collecting);
    expect(idsOf(waited)).toEqual([id]);
    expect(waited.late).toBe(1);
  });

  test("gives an event once that it has read in a slice, and that the polls of others then find to be late", async () => {
    const opened = openFeedWorld();
    const following = collect(opened, { websetId: "other", timeoutMs: 60_000 });
    await opened.fake.advance(40_000);
    const { id } = opened.record("webset.idle", { at: opened.now() - 20_000 });
    const from = positionAt(opened.now() - 300_000);
    const waited = await opened.fake.until(collect(opened, { from, atLeast: 2, timeoutMs: 18_000 }));
    expect(idsOf(waited)).toEqual([id]);
    await opened.fake.until(following);
  });

  test("can begin weeks ago also where only the newest event, of weeks ago itself, tells what time it is", async () => {
    let answers = 0;
    const opened = openFeedWorld({ dates: () => answers++ > 0 });
    const dayMs = 24 * 3_600_000;
    const { id } = opened.record("webset.idle", { at: opened.start - 12 * dayMs });
    const waited = await opened.fake.until(collect(opened, { from: { agoMs: 51 * dayMs } }));
    expect(idsOf(waited)).toEqual([id]);
  });

  test("that ends on a rare Webset's silence has moved past the events of others", async () => {
    const opened = openFeedWorld();
    for (let n = 0; n < 500; n++) opened.record("webset.idle", { at: opened.start - 3_600_000 + n * 1_000 });
    const from = positionAt(opened.start - 3_600_000);
    const waited = await opened.fake.until(collect(opened, { from, websetId: "ws_rare", timeoutMs: 2_000 }));
    expect(waited.events).toEqual([]);
    expect(waited.position.since).toBeGreaterThanOrEqual(opened.start - 6_000);
    expect(waited.position.seen.size).toBe(0);
  });

  test("can be canceled at any moment, and leaves no listener, timer, reader or request", async () => {
    for (const after of [0, 20, 60, 110, 170, 260, 1_000, 1_190, 3_000]) {
      for (const from of [undefined, positionAt(0)]) {
        const opened = openFeedWorld({ latency: () => 60, dates: from === undefined });
        opened.record("webset.idle", { at: opened.start - 90_000_000, websetId: "ws_other" });
        const stop = new AbortController();
        const waiting = collect(opened, { from, websetId: "ws", signal: stop.signal });
        waiting.catch(() => {});
        await opened.fake.advance(after);
        stop.abort();
        await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
        await opened.fake.advance(0);
        expectNothingLeft(opened, stop.signal);
        const { length } = opened.requests;
        await opened.fake.advance(30_000);
        expect(opened.requests.length).toBe(length);
      }
    }
  });

  test("in whose whole time nothing came tells of the attempts under way: of one that stalls, and of one that failed", async () => {
    const stalling = openFeedWorld({ spoil: () => new Promise(() => {}) });
    const alone = stalling.fake.until(collect(stalling, { timeoutMs: 1_000 }));
    await expect(alone).rejects.toThrow(
      /^There was no usable answer since .*: the API did not answer for the list of events .*\(asked at 127\.0\.0\.1:1\)$/,
    );
    const failing = openFeedWorld({
      async spoil() {
        await failing.fake.sleep(3_000);
        return { status: 503, headers: {}, body: "" };
      },
    });
    const retried = failing.fake.until(collect(failing, { timeoutMs: 1_000 }));
    await expect(retried).rejects.toThrow(/^There was no usable answer since .*\(503\)$/);
  });

  test.each([
    ["a proxy's password", { kind: "unavailable", advice: "Put those it accepts into HTTPS_PROXY." }, /^Put those/],
    ["trouble that passes", { kind: "unavailable" }, undefined],
    ["something else in the API's place", { kind: "unexpected_response" }, /EXA_BASE_URL/],
    ["what may be an accident", { kind: "not_found", advice: "Check the id." }, undefined],
  ] as const)("in whose whole time nothing came says what to do about %s", (_, { kind, ...facts }, advice) => {
    const error = nothingAnswered(0, new WebsetsError(kind, { what: "no", ...facts }));
    expect(error.kind).toBe("unavailable");
    expect(error.advice).toEqual(advice && expect.stringMatching(advice));
  });

  test("leaves nothing behind when it ends by itself either", async () => {
    const opened = openFeedWorld();
    const { signal } = new AbortController();
    for (let call = 0; call < 5; call++) await opened.fake.until(collect(opened, { signal, timeoutMs: 3_000 }));
    expectNothingLeft(opened, signal);
  });

  test("that was canceled before it began does not begin", async () => {
    const opened = openFeedWorld();
    await expect(collect(opened, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await opened.fake.advance(10);
    expect(opened.requests.length).toBe(0);
    expect(opened.fake.sleeping).toBe(0);
  });

  test.each(ACCOUNT_REFUSALS)("ends within one poll when the key comes to be %s", async (kind, answer) => {
    const opened = openFeedWorld();
    const waiting = collect(opened);
    waiting.catch(() => {});
    await opened.fake.advance(3_500);
    opened.trouble.spoil = async () => answer;
    await opened.fake.advance(1_000);
    await expect(waiting).rejects.toMatchObject({ kind });
  });

  test("brings an event once along its cursors, under another filter at most some seconds of older ones", async () => {
    const opened = openFeedWorld();
    const types = ["webset.idle"];
    let from = positionAt(opened.start);
    for (let n = 0; n < 20; n++) {
      opened.record("webset.idle", { id: `idle_${10 + n}`, at: opened.start + n * 700 });
      opened.record("webset.paused", { id: `paused_${10 + n}`, at: opened.start + n * 700 });
    }
    const ids: string[] = [];
    for (let call = 0; call < 12; call++) {
      const waited = await opened.fake.until(collect(opened, { from, types, timeoutMs: 1_500, atLeast: 3, limit: 3 }));
      ids.push(...idsOf(waited));
      from = decodeCursor(encodeCursor(waited.position));
    }
    expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => `idle_${10 + n}`));
    const other = await opened.fake.until(
      collect(opened, { from, types: ["webset.paused"], atLeast: 50, limit: 50, timeoutMs: 0 }),
    );
    expect(idsOf(other).length).toBeLessThanOrEqual(9);
    const oldest = Math.min(...other.events.map(({ time }) => time), opened.now());
    expect(opened.now() - oldest).toBeLessThan(opened.now() - from.since + 1);
  });

  test("tells before the first look and after each how far it is", async () => {
    const opened = openFeedWorld();
    const looks: number[] = [];
    const waiting = collect(opened, { atLeast: 3, limit: 3, timeoutMs: 4_500, onLook: (found) => looks.push(found) });
    await opened.fake.advance(1_500);
    opened.record("webset.idle");
    await opened.fake.until(waiting);
    expect(looks).toEqual([0, 0, 0, 1, 1, 1]);
  });
});

test("a chain of waits goes through thousands of events of one time with short cursors", async () => {
  for (const listOrder of ["newest-first", "oldest-first"] as const) {
    const opened = openFeedWorld({ listOrder });
    const at = opened.start - 3_600_000;
    const ids = Array.from({ length: 2_500 }, () => opened.record("webset.item.created", { at }).id);
    const { signal } = new AbortController();
    const given: string[] = [];
    let after = encodeCursor(positionAt(at));
    while (given.length < ids.length) {
      const request = {
        feed: opened.feed,
        clock: opened.clock,
        atLeast: 100,
        limit: 100,
        timeoutMs: 25_000,
        signal,
        resumes: true,
      };
      const { events, position } = await opened.fake.until(collectEvents({ ...request, from: decodeCursor(after) }));
      expect(events.length).toBe(100);
      given.push(...events.map(({ id }) => id));
      after = encodeCursor(position);
      expect(after.length).toBeLessThanOrEqual(256);
    }
    // Each page comes in the API's order.
    expect(given.sort()).toEqual(ids);
  }
});

test("a wait that begins inside a crowded millisecond goes on there, also where a poll could read all of it", async () => {
  const opened = openFeedWorld();
  const at = opened.start - 60_000;
  for (const id of ["a", "b", "c", "d"]) opened.record("webset.idle", { id, at });
  // The API lists ties by their ids, here from the last to the first, and its cursor is the id of the last one told.
  const from = { since: at, seen: new Map(), crowd: { cursor: "c", types: crowdTypes(undefined) } };
  const waited = await opened.fake.until(collect(opened, { from, resumes: true, atLeast: 100, timeoutMs: 0 }));
  expect(idsOf(waited)).toEqual(["a", "b"]);
  expect(waited).toMatchObject({ more: false, repeats: false });
});

describe("a chain of waits, each too short to read all there is at once,", () => {
  // An answer is there before a wait of no time at all gives up, but not two of them.
  const latency = () => 300;

  test.each([
    ["an hour", 3_600_000, 600, 6_000],
    ["a minute", 60_000, 600, 80],
  ])("gets through a backlog of %s", async (_, age, count, spread) => {
    for (const listOrder of ["newest-first", "oldest-first"] as const) {
      const opened = openFeedWorld({ listOrder, latency });
      const ids = Array.from({ length: count }, (_, n) => {
        return opened.record("webset.item.created", { at: opened.start - age + n * spread }).id;
      });
      const given: string[] = [];
      let after = encodeCursor(positionAt(opened.start - age));
      for (let call = 0; call < 200 && given.length < ids.length; call++) {
        const waiting = collect(opened, { from: decodeCursor(after), atLeast: 100, timeoutMs: 0 });
        const { events, position } = await opened.fake.until(waiting);
        given.push(...events.map(({ id }) => id));
        after = encodeCursor(position);
      }
      expect(given).toEqual(ids);
    }
  });

  test("asks for no more of large pages than it can hold again and again", async () => {
    const opened = openFeedWorld();
    opened.trouble.spoil = async ({ url }, next) => {
      // Every event has half a MiB of page text, which comes at 5 MiB a second.
      const mebibytes = Number(url.searchParams.get("limit")) / 2;
      await opened.clock.sleep(200 * Math.min(32, mebibytes));
      if (mebibytes > 32) throw new ResponseTooLargeError(32 * 2 ** 20);
      return next();
    };
    const age = 3_600_000;
    for (let n = 0; n < 150; n++) opened.record("webset.item.created", { at: opened.start - age + n * 100 });
    const from = positionAt(opened.start - age);
    const failed = collect(opened, { from, atLeast: 1, limit: 1, timeoutMs: 7_000 });
    expect(idsOf(await opened.fake.until(failed))).toEqual([]);
    expect(
      (await opened.fake.until(collect(opened, { from, atLeast: 1, limit: 1, timeoutMs: 25_000 }))).events,
    ).toHaveLength(1);
    const sizes = opened.lists().map(({ query }) => query.get("limit"));
    expect(sizes.filter((size) => size === "200")).toHaveLength(1);
  });
});

test("a wait gives only events of its types, also where the API does not go by them", async () => {
  const opened = openFeedWorld();
  opened.trouble.spoil = (request, next) => {
    request.url.searchParams.delete("types");
    return next();
  };
  for (const type of ["webset.idle", "webset.paused", "webset.idle"]) opened.record(type, { at: opened.start - 9_000 });
  const from = positionAt(opened.start - 10_000);
  const waited = await opened.fake.until(
    collect(opened, { from, types: ["webset.idle"], atLeast: 3, limit: 3, timeoutMs: 0 }),
  );
  expect(waited.events.map(({ type }) => type)).toEqual(["webset.idle", "webset.idle"]);
});
