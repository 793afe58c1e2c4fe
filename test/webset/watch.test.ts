import { describe, expect, onTestFinished, test } from "vitest";
import { parseWebset } from "../../src/exa/schemas.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { type Progress, progressOf } from "../../src/webset/progress.ts";
import { watchProgress } from "../../src/webset/watch.ts";
import { DEMO, LONG_MS, openWorld, type World } from "../resources/in-process.ts";

const INTERVAL_MS = 1_000;

/** Watches a Webset until the test is over, and keeps what it was told with the time of the clock. */
function watch(opened: World, websetId: string, known?: string) {
  const { clock, feed, states } = opened;
  const stop = new AbortController();
  const told: { at: number; progress: Progress | null }[] = [];
  const watched = { told, stop, begun: 0, end: undefined as unknown };
  const promise = watchProgress({
    clock,
    feed,
    states,
    websetId,
    signal: stop.signal,
    known: () => known,
    onBegun: () => watched.begun++,
    onChange: (progress) => told.push({ at: clock.now(), progress }),
  });
  promise.then(
    () => (watched.end = "deleted"),
    (error: unknown) => (watched.end = error),
  );
  onTestFinished(() => stop.abort());
  return watched;
}

function progressIn({ world }: World, websetId: string): Progress {
  return progressOf(parseWebset(world.getWebset(websetId)));
}

/** The progress without what the API estimates anew for each answer. */
function lasting(progress: Progress): string {
  const { summary: _, ...rest } = progress;
  return JSON.stringify({ ...rest, searches: rest.searches.map((search) => ({ ...search, secondsLeft: 0 })) });
}

function finished(opened: World): string {
  return opened.world.past(600_000, () => opened.world.createWebset(DEMO)).id;
}

/** How often a Webset was looked at. */
function looksIn({ sandbox }: World): number {
  return sandbox.requests.counts["GET /websets/v0/websets/:id"] ?? 0;
}

describe("watching the progress of a Webset", () => {
  test("tells of every change within a poll interval and a second, and at most once a second", async () => {
    const opened = openWorld();
    const { id } = opened.world.createWebset(DEMO);
    const { told } = watch(opened, id);
    await opened.clock.advance(0);
    const changes: number[] = [];
    let before = lasting(progressIn(opened, id));
    while (opened.clock.now() < LONG_MS) {
      await opened.clock.advance(50);
      const now = lasting(progressIn(opened, id));
      if (now !== before) changes.push(opened.clock.now());
      before = now;
    }
    expect(changes.length).toBeGreaterThan(20);
    for (const change of changes) {
      const next = told.find(({ at }) => at >= change - 50);
      expect((next?.at ?? Number.POSITIVE_INFINITY) - change).toBeLessThanOrEqual(INTERVAL_MS + 1_000);
    }
    const gaps = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(told.at(-1)?.progress).toEqual(progressIn(opened, id));
  });

  test("tells at most once a second, however often it polls and whatever happens", async () => {
    const opened = openWorld({ intervalMs: 200, speed: 10 });
    const { id } = opened.world.createWebset({ ...DEMO, search: { ...DEMO.search, count: 200 } });
    const { told } = watch(opened, id);
    await opened.clock.advance(10_000);
    const gaps = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
    // So frequent polls use up the budget, and looks have time.
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });

  test("tells nothing of a Webset at rest, and asks little", async () => {
    const opened = openWorld();
    const { told } = watch(opened, finished(opened));
    await opened.clock.advance(10_000);
    // The first look, and one every five seconds.
    expect(looksIn(opened)).toBeLessThanOrEqual(3);
    await opened.clock.advance(50_000);
    const before = opened.sandbox.requests.total;
    await opened.clock.advance(60_000);
    expect(told).toEqual([]);
    // One poll and one look every five seconds.
    expect(opened.sandbox.requests.total - before).toBeLessThanOrEqual(26);
  });

  test("tells nothing of a paused Webset, and when it goes on, which no event says", async () => {
    // So slow that no event comes to help.
    const opened = openWorld({ speed: 0.01 });
    const { id } = opened.world.past(10_000, () => opened.world.createWebset(DEMO));
    opened.world.pauseWebset(id);
    const { told } = watch(opened, id);
    await opened.clock.advance(60_000);
    expect(told).toEqual([]);
    expect(looksIn(opened)).toBeLessThanOrEqual(24);
    opened.world.resumeWebset(id);
    await opened.clock.advance(6_000);
    expect(told[0]?.progress?.status).toBe("running");
  });

  test("finds out that an enrichment was added, which no event says", async () => {
    const opened = openWorld({ speed: 0.01 });
    const id = finished(opened);
    const { told } = watch(opened, id);
    await opened.clock.advance(60_000);
    opened.world.createEnrichment(id, { description: "Year founded" });
    await opened.clock.advance(6_000);
    expect(told[0]?.progress?.enrichments).toHaveLength(2);
  });

  test("tells of a change that an event announces as soon as a Webset at rest is polled", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const { told } = watch(opened, id);
    await opened.clock.advance(2_000);
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(INTERVAL_MS + 200);
    expect(told[0]?.progress?.searches).toHaveLength(2);
  });

  test("looks again when the state lags behind the event", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const { told } = watch(opened, id);
    await opened.clock.advance(60_000);
    opened.world.record("webset.search.created", { ...opened.world.getWebset(id).searches[0], id: "search_2" });
    await opened.clock.advance(6_000);
    expect(told).toEqual([]);
    opened.world.createEnrichment(id, { description: "Year founded" });
    await opened.clock.advance(INTERVAL_MS + 500);
    expect(told).toHaveLength(1);
  });

  test("serves all Websets with one poll loop, which ends with the last watch", async () => {
    const opened = openWorld();
    const ids = [1, 2, 3].map(() => finished(opened));
    const watches = ids.map((id) => watch(opened, id));
    await opened.clock.advance(5_000);
    expect(opened.feed.tails).toBe(1);
    for (const { stop } of watches) stop.abort();
    await opened.clock.advance(0);
    expect(opened.feed.tails).toBe(0);
    const before = opened.sandbox.requests.total;
    await opened.clock.advance(60_000);
    expect(opened.sandbox.requests.total).toBe(before);
    expect(opened.clock.sleeping).toBe(0);
    for (const { end } of watches) expect((end as Error).name).toBe("AbortError");
  });

  test("ends with its signal while a change is held back", async () => {
    const opened = openWorld();
    const { id } = opened.world.createWebset(DEMO);
    const watched = watch(opened, id);
    while (watched.told.length === 0) await opened.clock.advance(10);
    watched.stop.abort();
    await opened.clock.advance(5_000);
    expect(watched.told).toHaveLength(1);
    expect((watched.end as Error).name).toBe("AbortError");
  });

  test("tells at once what changed since the watcher last looked", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const known = JSON.stringify(progressIn(opened, id));
    opened.world.createEnrichment(id, { description: "Year founded" });
    const { told } = watch(opened, id, known);
    await opened.clock.advance(100);
    expect(told).toHaveLength(1);
  });

  test("outlasts trouble, and tells of what changed meanwhile", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const watched = watch(opened, id);
    await opened.clock.advance(3_000);
    opened.trouble.answer = { status: 503 };
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(60_000);
    expect(watched.told).toEqual([]);
    opened.trouble.answer = undefined;
    await opened.clock.advance(16_000);
    expect(watched.told[0]?.progress?.searches).toHaveLength(2);
    expect(watched.end).toBeUndefined();
  });

  test("outlasts trouble that only its looks have", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const watched = watch(opened, id);
    await opened.clock.advance(3_000);
    opened.trouble.answer = { status: 503, path: id };
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(30_000);
    expect(watched).toMatchObject({ told: [], end: undefined });
    opened.trouble.answer = undefined;
    await opened.clock.advance(6_000);
    expect(watched.told[0]?.progress?.searches).toHaveLength(2);
  });

  test("does not look again before the time that the API asks to wait", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const watched = watch(opened, id);
    await opened.clock.advance(3_000);
    opened.trouble.answer = { status: 429, headers: { "retry-after": "30" }, path: `/websets/${id}` };
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    const before = looksIn(opened);
    await opened.clock.advance(29_000);
    expect(looksIn(opened) - before).toBe(1);
    opened.trouble.answer = undefined;
    await opened.clock.advance(8_000);
    expect(watched.told[0]?.progress?.searches).toHaveLength(2);
  });

  test("begins even if the first look fails in passing", async () => {
    const opened = openWorld();
    const id = finished(opened);
    opened.trouble.answer = { status: 429, headers: { "retry-after": "7" } };
    const watched = watch(opened, id);
    await opened.clock.advance(60_000);
    expect(watched.begun).toBe(1);
    const times = opened.sandbox.requests.latest.map(({ time }) => time);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(7_000);
    opened.trouble.answer = undefined;
    await opened.clock.advance(20_000);
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(5_000);
    expect(watched.told.length).toBeGreaterThan(0);
  });

  test("tells a last time when the Webset is deleted", async () => {
    const opened = openWorld();
    const id = finished(opened);
    const watched = watch(opened, id);
    await opened.clock.advance(3_000);
    opened.world.deleteWebset(id);
    await opened.clock.advance(INTERVAL_MS + 200);
    expect(watched.told.map(({ progress }) => progress)).toEqual([null]);
    expect(watched.end).toBe("deleted");
    expect(opened.feed.tails).toBe(0);
  });

  test("does without the upstream's clock", async () => {
    const opened = openWorld();
    opened.trouble.dates = false;
    const id = finished(opened);
    const { told } = watch(opened, id);
    await opened.clock.advance(3_000);
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(INTERVAL_MS + 500);
    expect(told[0]?.progress?.searches).toHaveLength(2);
  });

  test("takes an externalId, and goes on with the id behind it", async () => {
    const opened = openWorld();
    const { id } = opened.world.past(600_000, () => opened.world.createWebset({ ...DEMO, externalId: "mine" }));
    const { told } = watch(opened, "mine");
    await opened.clock.advance(3_000);
    opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await opened.clock.advance(INTERVAL_MS + 200);
    expect(told[0]?.progress).toMatchObject({ websetId: id, externalId: "mine" });
  });

  test("does not go on with another Webset that was given the same externalId", async () => {
    const opened = openWorld();
    const { id } = opened.world.past(600_000, () => opened.world.createWebset({ ...DEMO, externalId: "mine" }));
    const watched = watch(opened, "mine");
    await opened.clock.advance(3_000);
    opened.world.deleteWebset(id);
    opened.world.createWebset({ ...DEMO, externalId: "mine" });
    await opened.clock.advance(6_000);
    expect(watched.told.map(({ progress }) => progress)).toEqual([null]);
  });

  test("says so where there is nothing to watch", async () => {
    const opened = openWorld();
    const watched = watch(opened, "ws_nowhere");
    // It may just have been created.
    await opened.clock.advance(2_100);
    expect(watched.end).toMatchObject({ kind: "not_found" });
    expect(watched.begun).toBe(0);
  });

  test.each(["/events", "/websets/webset_"])("ends with what cannot pass by itself, at %s", async (path) => {
    const opened = openWorld();
    const watched = watch(opened, finished(opened));
    await opened.clock.advance(3_000);
    opened.trouble.answer = { status: 401, path };
    await opened.clock.advance(6_000);
    expect(watched.end).toBeInstanceOf(WebsetsError);
    expect(watched.end).toMatchObject({ kind: "unauthorized" });
    expect(watched.told).toEqual([]);
    expect(opened.feed.tails).toBe(0);
  });
});
