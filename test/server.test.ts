import { setImmediate } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { WebsetParameters } from "../src/sandbox/bodies.ts";
import { refused, spoiling } from "./support/faulty.ts";
import { openToolWorld, type ToolWorldOptions } from "./support/tool-world.ts";

async function open(options: ToolWorldOptions = {}) {
  const world = await openToolWorld(options);
  onTestFinished(() => world.close());
  const { requests } = world;
  const lists = () => requests.latest.filter(({ route }) => route === "GET /websets/v0/events");
  /** A poll whose answer does not fit a page has more than one request: those that go on with a cursor. */
  const polls = () => lists().filter(({ query }) => !new URLSearchParams(query).has("cursor"));
  return { ...world, lists, polls };
}

const search = (count: number): WebsetParameters => ({ search: { query: "Makers of cargo bikes", count } });

describe("many waits at once", () => {
  test("50 on 50 running Websets cost at most 100 looks at a state, and one poll a second for all", async () => {
    const { call, clock, world, requests, lists, polls } = await open();
    const websets = Array.from({ length: 50 }, () => world.createWebset(search(20)));
    const startedAt = clock.now();
    const waits = websets.map(({ id }) => call("wait_for_webset", { websetId: id, timeoutSeconds: 200 }));
    const answers = await clock.until(Promise.all(waits));
    const seconds = (clock.now() - startedAt) / 1_000;
    expect(answers.map(({ value }) => value.outcome)).toEqual(websets.map(() => "reached"));
    expect(answers.map(({ value }) => value.progress.websetId)).toEqual(websets.map(({ id }) => id));
    expect(seconds).toBeGreaterThan(30);
    expect(requests.total - lists().length).toBeLessThanOrEqual(100);
    expect(polls().length).toBeLessThanOrEqual(seconds + 1);
    expect(lists().length).toBeLessThanOrEqual(1.5 * seconds);
  });

  test("50 for different events of one set of types share one poll loop, which ends with the last of them", async () => {
    const { call, clock, feed, polls } = await open();
    const types = ["monitor.created"];
    const waits = Array.from({ length: 50 }, (_, index) =>
      call("wait_for_webset_event", { types, timeoutSeconds: 5 + index / 10 }),
    );
    const all = Promise.all(waits);
    await clock.advance(3_000);
    expect(feed.tails).toBe(1);
    const answers = await clock.until(all);
    expect(answers.every(({ value }) => value.outcome === "quiet")).toBe(true);
    expect(polls().length).toBeLessThanOrEqual(12);
    await setImmediate();
    expect(feed.tails).toBe(0);
  });

  test("nobody waiting, nobody polling: after the last wait the API is left alone", async () => {
    const { call, clock, world, requests } = await open();
    const { id } = world.createWebset(search(5));
    await clock.until(call("wait_for_webset", { websetId: id }));
    const asked = requests.total;
    await clock.advance(600_000);
    expect(requests.total).toBe(asked);
  });
});

describe("a wait", () => {
  test.each([0, 1, 7.5, 25])(
    "of %d seconds in which nothing happens takes that long, and no second more",
    async (timeoutSeconds) => {
      const { call, clock, world } = await open({ speed: 0.001 });
      const { id } = world.createWebset(search(5));
      for (const [tool, args] of [
        ["wait_for_webset", { websetId: id }],
        ["wait_for_webset_event", { types: ["monitor.*"] }],
      ] as const) {
        const startedAt = clock.now();
        const { value } = await clock.until(call(tool, { ...args, timeoutSeconds }));
        const seconds = (clock.now() - startedAt) / 1_000;
        expect(value.outcome).toBe(tool === "wait_for_webset" ? "still_running" : "quiet");
        expect(seconds).toBeGreaterThanOrEqual(timeoutSeconds);
        expect(seconds).toBeLessThanOrEqual(timeoutSeconds + 1);
        expect(value.waitedSeconds).toBeCloseTo(seconds, 1);
      }
    },
  );

  test("without timeoutSeconds takes 25 seconds, or the longest the server allows", async () => {
    for (const [maxWaitSeconds, expected] of [
      [300, 25],
      [10, 10],
    ] as const) {
      const { call, clock } = await open({ maxWaitSeconds });
      const startedAt = clock.now();
      await clock.until(call("wait_for_webset_event", { types: ["monitor.*"] }));
      expect((clock.now() - startedAt) / 1_000).toBeCloseTo(expected, 0);
    }
  });

  test("sends progress at least every five seconds, and at once", async () => {
    const { call, clock } = await open();
    const seen: { at: number; progress: number; total?: number | undefined }[] = [];
    const wait = call(
      "wait_for_webset_event",
      { types: ["monitor.*"], timeoutSeconds: 24 },
      { onprogress: (progress) => seen.push({ at: clock.now(), ...progress }) },
    );
    await clock.until(wait);
    expect(seen[0]).toMatchObject({ at: 0, progress: 0, total: 24 });
    for (const [index, { at, progress }] of seen.slice(1).entries()) {
      expect(at - (seen[index]?.at ?? 0)).toBeLessThanOrEqual(5_000);
      expect(progress).toBeGreaterThan(seen[index]?.progress ?? Number.NaN);
      expect(progress).toBeCloseTo(at / 1_000, 0);
    }
    expect(24_000 - (seen.at(-1)?.at ?? 0)).toBeLessThanOrEqual(5_000);
  });

  test("that is canceled leaves nothing behind: no poll loop, no timer, no message", async () => {
    const { call, clock, feed, requests } = await open();
    const canceling = new AbortController();
    const seen: unknown[] = [];
    const wait = call(
      "wait_for_webset_event",
      { types: ["monitor.*"] },
      { signal: canceling.signal, onprogress: (progress) => seen.push(progress) },
    );
    wait.catch(() => {});
    await clock.advance(3_000);
    expect(feed.tails).toBe(1);
    canceling.abort();
    await expect(wait).rejects.toThrow();
    await clock.advance(0);
    const [asked, told] = [requests.total, seen.length];
    expect(clock.sleeping).toBe(0);
    await clock.advance(60_000);
    expect(feed.tails).toBe(0);
    expect(requests.total).toBe(asked);
    expect(seen.length).toBe(told);
  });

  test("that had no answer in its whole time says what the API said instead", async () => {
    const { call, clock } = await open({ faults: spoiling({ "/": refused(503, "sorry") }) });
    for (const [tool, args] of [
      ["wait_for_webset", { websetId: "webset_1" }],
      ["wait_for_webset_event", {}],
    ] as const) {
      const { error } = await clock.until(call(tool, { ...args, timeoutSeconds: 20 }));
      expect(error).toMatch(/^unavailable: .*no usable answer since .*\(503\)/);
    }
  });

  test("that was answered at least once times out with a warning where the API fails later", async () => {
    let isBroken = false;
    const { call, clock, world } = await open({
      speed: 0.001,
      faults: {
        intercept: async (_request, next) => {
          const answer = await next();
          return isBroken ? refused(500, "sorry")(answer) : answer;
        },
      },
    });
    const { id } = world.createWebset(search(5));
    const waits = Promise.all([
      call("wait_for_webset", { websetId: id, timeoutSeconds: 60 }),
      call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 60 }),
    ]);
    await clock.advance(5_000);
    isBroken = true;
    const answers = await clock.until(waits);
    expect(answers.map(({ value }) => value.outcome)).toEqual(["still_running", "behind"]);
    for (const { value } of answers) {
      expect(value.warning).toMatch(/unavailable: .*\(500\).*nothing is lost/);
      expect(value.cursor).toEqual(expect.any(String));
      expect(value.next).toMatch(/\bcall wait_for_webset/i);
    }
  });
});

describe("wait_for_webset ends with", () => {
  async function endedBy(act: (given: Awaited<ReturnType<typeof open>>, websetId: string) => void, args = {}) {
    const given = await open();
    const { id } = given.world.createWebset({
      ...search(50),
      enrichments: [{ description: "Phone", format: "phone" }],
    });
    await given.clock.advance(1_000);
    const wait = given.call("wait_for_webset", { websetId: id, timeoutSeconds: 300, ...args });
    await given.clock.advance(10_000);
    act(given, id);
    return (await given.clock.until(wait)).value;
  }

  test("reached once the search is completed, while enrichments may still be pending", async () => {
    const value = await endedBy(() => {});
    expect(value).toMatchObject({ outcome: "reached", progress: { searches: [{ status: "completed", found: 50 }] } });
    expect(value.next).toMatch(/^An enrichment still goes on: call wait_for_webset .* and until "idle"/);
  });

  test("reached once everything is idle, where that was asked for", async () => {
    const value = await endedBy(() => {}, { until: "idle" });
    expect(value).toMatchObject({
      outcome: "reached",
      progress: { status: "idle", enrichments: [{ status: "completed" }] },
    });
  });

  test("canceled", async () => {
    const value = await endedBy(({ world }, id) => world.cancelWebset(id));
    expect(value).toMatchObject({ outcome: "canceled", progress: { searches: [{ status: "canceled" }] } });
  });

  test("paused, and says what to do then", async () => {
    const value = await endedBy(({ world }, id) => world.pauseWebset(id));
    expect(value).toMatchObject({ outcome: "paused", progress: { status: "paused" } });
    expect(value.next).toContain("until somebody resumes it");
  });

  test("deleted", async () => {
    const value = await endedBy(({ world }, id) => world.deleteWebset(id));
    expect(value).toMatchObject({ outcome: "deleted", progress: { searches: [{ target: 50 }] } });
  });
});

test("a Webset's deletion leaves its events reachable by its id", async () => {
  const { call, clock, world } = await open();
  const { id } = world.createWebset(search(5));
  world.createWebset(search(5));
  await clock.advance(60_000);
  world.deleteWebset(id);
  await clock.advance(1_000);
  const { value } = await clock.until(call("list_webset_events", { websetId: id, limit: 200 }));
  expect(value.events.length).toBeGreaterThan(5);
  expect(value.events.filter(({ type }: { type: string }) => type === "webset.deleted")).toHaveLength(1);
  expect(value.events[0].type).toBe("webset.deleted");
});
