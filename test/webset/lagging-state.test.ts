import { describe, expect, test } from "vitest";
import { type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";
import { stateRequests, wait } from "./waiting.ts";

describe("a state that lags behind the events", () => {
  const QUIET = { status: "running", searches: [{ id: "search_1", status: "running" }], updatedAt: null };

  /** A Webset whose state is as told, by the milliseconds since the world was opened. */
  function scripted(stateAt: (ms: number) => object, options: FeedWorldOptions = {}) {
    const opened = openFeedWorld({ latency: () => 10, ...options });
    opened.trouble.spoil = async ({ url }, next) => {
      const answer = await next();
      if (!url.pathname.endsWith("/websets/ws_1")) return answer;
      return { ...answer, status: 200, body: JSON.stringify({ id: "ws_1", ...stateAt(opened.fake.now()) }) };
    };
    return opened;
  }

  const done = [{ id: "search_1", status: "completed" }];
  const updatedAt = "2026-11-01T11:59:00.000Z";
  test.each([
    { what: "paused", type: "webset.paused", shown: { status: "paused" } },
    { what: "idle", type: "webset.idle", first: { searches: done, updatedAt }, shown: { status: "idle", updatedAt } },
    { what: "idle, without a snapshot", type: "webset.idle", first: { searches: done }, shown: { status: "idle" } },
    { what: "completed", type: "webset.search.completed", shown: { searches: done } },
    { what: "canceled", type: "webset.search.canceled", shown: { searches: [{ id: "search_1", status: "canceled" }] } },
  ])("does not let a wait forget that it is $what", async ({ what, type, first, shown }) => {
    const until = type === "webset.idle" ? "idle" : "search_completed";
    const known = { ...QUIET, ...first };
    for (const dates of [true, false]) {
      for (const lag of [500, 2_000, 4_900]) {
        const opened = scripted((ms) => (ms < 5_000 + lag ? known : { ...known, ...shown }), { dates });
        const told = what === "idle" ? { ...known, ...shown } : {};
        opened.record("webset.search.updated", { at: opened.start - 60_000 });
        opened.record(type, { at: opened.start + 5_000, data: { id: "ws_1", websetId: "ws_1", ...told } });
        const waited = await opened.fake.until(wait(opened, "ws_1", { until, timeoutMs: 120_000 }));
        expect(waited.outcome).toBe(what === "paused" || what === "canceled" ? what : "reached");
        expect(waited.waitedMs).toBeLessThan(5_000 + lag + 1_300);
        expect(stateRequests(opened)).toBeLessThanOrEqual(4 + Math.ceil(lag / 1_000));
      }
    }
  });

  test("is looked at until it must show the change, and no longer or more often", async () => {
    for (const intervalMs of [200, 1_000]) {
      const opened = scripted(() => QUIET, { intervalMs });
      opened.record("webset.paused", { at: opened.start + 5_000 });
      await opened.fake.until(wait(opened, "ws_1", { timeoutMs: 60_000 }));
      const looks = opened.requests.filter(({ path }) => path.endsWith("/ws_1")).map(({ at }) => at);
      const since = looks.filter((time) => time >= 5_000 && time < 13_000);
      expect(since.length).toBeGreaterThanOrEqual(6);
      expect(since.length).toBeLessThanOrEqual(9);
      // The first look, three that come besides the events, and the last one.
      expect(looks.length - since.length).toBeLessThanOrEqual(5);
    }
  });

  test("is looked at once for what ends no wait", async () => {
    const opened = scripted(() => QUIET);
    opened.record("webset.search.updated", { at: opened.start + 5_000, data: { id: "ws_1", websetId: "ws_1" } });
    await opened.fake.until(wait(opened, "ws_1", { timeoutMs: 14_000 }));
    expect(stateRequests(opened)).toBe(3);
  });

  test("is looked at with every poll while polls would be few for all the time a search has left", async () => {
    const progress = { found: 0, analyzed: 0, completion: 0, timeLeft: 600 };
    const busy = { status: "running", searches: [{ id: "search_1", status: "running", progress }] };
    const opened = scripted((ms) => (ms < 24_000 ? busy : { ...busy, status: "paused" }));
    opened.record("webset.paused", { at: opened.start + 20_000 });
    const waited = await opened.fake.until(wait(opened, "ws_1", { timeoutMs: 120_000 }));
    expect(waited.outcome).toBe("paused");
    expect(waited.waitedMs).toBeLessThan(26_200);
  });

  /** Idle for half a second between two searches, by a state that lags two seconds behind. */
  function idleAt(idle: number, tellsUpdates = true) {
    const stamp = (ms: number) =>
      tellsUpdates ? new Date(Date.parse("2026-11-01T12:00:00Z") + ms).toISOString() : null;
    const resting = { status: "idle", searches: done, updatedAt: stamp(idle) };
    const opened = scripted((ms) => {
      if (ms - 2_000 < idle) return { status: "running", searches: done, updatedAt: stamp(0) };
      if (ms - 2_000 < idle + 500) return resting;
      const searches = [...done, { id: "search_2", status: "running" }];
      return { status: "running", searches, updatedAt: stamp(idle + 500) };
    });
    opened.record("webset.idle", { at: opened.start + idle, data: { id: "ws_1", ...resting } });
    return opened;
  }

  test("does not make an idle moment of before the call one of after it", async () => {
    const opened = idleAt(8_500);
    await opened.fake.advance(10_000);
    const waiting = wait(opened, "ws_1", { until: "idle", timeoutMs: 30_000 });
    expect((await opened.fake.until(waiting)).outcome).toBe("still_running");
  });

  test("is not idle where the search asked for is under way, which it does not list yet", async () => {
    const search = { id: "search_2", websetId: "ws_1", status: "running" };
    const opened = scripted((ms) =>
      ms < 1_000
        ? { status: "idle", searches: done, updatedAt: null }
        : { ...QUIET, searches: [...done, search, { ...search, id: "search_3" }] },
    );
    const { spoil } = opened.trouble;
    opened.trouble.spoil = async (request, next) => {
      const answer = await spoil(request, next);
      if (!request.url.pathname.endsWith("/searches/search_2")) return answer;
      return { ...answer, status: 200, body: JSON.stringify(search) };
    };
    opened.record("webset.search.completed", { at: opened.start + 3_000, data: { ...search, status: "completed" } });
    const waiting = wait(opened, "ws_1", { until: "idle", searchId: "search_2", timeoutMs: 10_000 });
    expect(await opened.fake.until(waiting)).toMatchObject({
      outcome: "still_running",
      progress: { status: "running", searches: [{}, { status: "completed" }, { status: "running" }] },
    });
  });

  test("goes on where a search that it never listed cannot be asked for any more", async () => {
    const search = { id: "search_2", websetId: "ws_1", status: "running" };
    const opened = scripted((ms) => (ms < 5_000 ? QUIET : { ...QUIET, status: "paused" }));
    const { spoil } = opened.trouble;
    opened.trouble.spoil = async (request, next) => {
      const answer = await spoil(request, next);
      if (!request.url.pathname.endsWith("/searches/search_2")) return answer;
      return opened.fake.now() < 2_000 ? { ...answer, status: 200, body: JSON.stringify(search) } : refusal(404);
    };
    opened.record("webset.paused", { at: opened.start + 5_000 });
    const waited = await opened.fake.until(wait(opened, "ws_1", { searchId: "search_2" }));
    expect(waited).toMatchObject({ outcome: "paused", progress: { searches: [{}, { searchId: "search_2" }] } });
  });

  test("does not hide an idle moment of after the call, also before the first look", async () => {
    for (const after of [5, 100, 900, 3_100]) {
      const opened = idleAt(10_000 + after);
      await opened.fake.advance(10_000);
      opened.trouble.latency = () => 200;
      const waited = await opened.fake.until(wait(opened, "ws_1", { until: "idle", timeoutMs: 30_000 }));
      expect(waited).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
      expect(waited.waitedMs).toBeLessThan(after + 2_700);
    }
  });

  test("does not hide an idle moment that only the time of its event puts after the call", async () => {
    const opened = idleAt(10_000, false);
    await opened.fake.advance(7_500);
    // Each look that could see it fails.
    const { spoil } = opened.trouble;
    const unseen = () => opened.fake.now() > 9_000 && opened.fake.now() < 13_500;
    opened.trouble.spoil = async (request, next) =>
      unseen() && request.url.pathname.endsWith("/ws_1") ? refusal(503) : spoil(request, next);
    const waited = await opened.fake.until(wait(opened, "ws_1", { until: "idle", timeoutMs: 30_000 }));
    expect(waited.outcome).toBe("reached");
    expect(waited.waitedMs).toBeLessThan(5_000);
  });

  test("is not looked at before the time that the API asks to wait, not even at the end", async () => {
    for (const timeoutMs of [25_000, 60_000]) {
      const opened = scripted((ms) => (ms < 5_000 ? QUIET : { ...QUIET, status: "paused" }));
      const { spoil } = opened.trouble;
      const limited = () => opened.fake.now() > 2_000 && opened.fake.now() < 30_000;
      opened.trouble.spoil = async (request, next) =>
        limited() && request.url.pathname.endsWith("/ws_1")
          ? refusal(429, { "retry-after": "30" })
          : spoil(request, next);
      opened.record("webset.paused", { at: opened.start + 3_000 });
      const waited = await opened.fake.until(wait(opened, "ws_1", { timeoutMs }));
      const [, refused, again] = opened.requests.filter(({ path }) => path.endsWith("/ws_1")).map(({ at }) => at);
      expect(refused).toBeLessThan(4_200);
      if (timeoutMs < 30_000) {
        expect(waited).toMatchObject({ outcome: "still_running", lastError: { kind: "rate_limited" } });
        expect(again).toBeUndefined();
      } else {
        expect(waited.outcome).toBe("paused");
        expect(again).toBeGreaterThanOrEqual((refused ?? 0) + 30_000);
        // A poll may be up to five intervals after the one before.
        expect(waited.waitedMs).toBeLessThan((refused ?? 0) + 35_000);
      }
    }
  });
});
