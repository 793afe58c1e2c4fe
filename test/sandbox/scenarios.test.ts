import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { findScenario, SCENARIOS } from "../../src/sandbox/scenarios.ts";
import { LONG_MS, openSandbox } from "./support.ts";

function begin(name: string, speed = 1) {
  const opened = openSandbox({ speed });
  findScenario(name)?.begin(opened.world);
  const websets = [...opened.world.listWebsets({ order: "oldest-first" })].map(({ webset }) => webset);
  return { ...opened, websets };
}

describe("scenarios", () => {
  test("have names and one-line descriptions", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    for (const { description } of SCENARIOS) expect(description).toMatch(/^[^\n]{10,90}$/);
    expect(findScenario("no such thing")).toBeUndefined();
  });

  test("demo runs when it begins", () => {
    expect(begin("demo").websets.map(({ status }) => status)).toEqual(["running"]);
  });

  test("quiet is quiet", async () => {
    const { clock, events } = begin("quiet");
    await clock.advance(LONG_MS);
    expect(events()).toEqual([]);
  });

  test.each([1, 50])("finished, paused and canceled are so at speed %i, with their past behind them", (speed) => {
    const finished = begin("finished", speed);
    expect(finished.websets[0]?.status).toBe("idle");
    expect(finished.events().at(-1)?.type).toBe("webset.idle");
    expect(Date.parse(finished.events()[0]?.createdAt ?? "")).toBe(finished.clock.wallTime() - 600_000 / speed);
    const paused = begin("paused", speed);
    expect(paused.websets[0]?.status).toBe("paused");
    expect(paused.websets[0]?.searches[0]?.progress.found).toBeGreaterThan(0);
    const canceled = begin("canceled", speed);
    expect(canceled.websets[0]?.searches[0]?.status).toBe("canceled");
  });

  test("busy and burst have many Websets at once, which all come to their end", async () => {
    for (const name of ["busy", "burst"]) {
      const { clock, world, websets, sandbox } = begin(name);
      expect(websets.filter(({ status }) => status === "running").length).toBeGreaterThanOrEqual(4);
      await clock.advance(LONG_MS);
      for (const { id } of websets) expect(world.getWebset(id).status).toBe("idle");
      await sandbox.close();
    }
  });

  test("queued has one Webset that waits behind the others, and lives when it is resumed", async () => {
    const { clock, world, websets } = begin("queued");
    const [id = ""] = websets.filter(({ status }) => status === "pending").map((webset) => webset.id);
    await clock.advance(10_000);
    const limits = { maxConcurrent: 2, maxQueued: null };
    expect(world.team()).toMatchObject({ concurrency: { active: 2, queued: 1 }, limits });
    await clock.advance(LONG_MS);
    expect(world.getWebset(id)).toMatchObject({ status: "pending", searches: [{ status: "created" }] });
    world.resumeWebset(id);
    expect(world.getWebset(id)).toMatchObject({ status: "running", searches: [{ status: "running" }] });
    await clock.advance(LONG_MS);
    expect(world.getWebset(id)).toMatchObject({ status: "idle", searches: [{ progress: { found: 50 } }] });
  });

  test("exports has one that is ready and one that soon is", async () => {
    const { clock, events } = begin("exports");
    const completed = () => events().filter(({ type }) => type === "webset.export.completed").length;
    expect(completed()).toBe(1);
    await clock.advance(10_000);
    expect(completed()).toBe(2);
  });

  test("a life that began in the past goes on in the present without a gap", async () => {
    const { world, clock, events } = openSandbox();
    world.past(20_000, () => world.createWebset({ search: { query: "Robot makers", count: 20 } }));
    const before = events().length;
    expect(before).toBeGreaterThan(5);
    await clock.advance(LONG_MS);
    expect(events().length).toBeGreaterThan(before);
    const times = events().map(({ createdAt }) => Date.parse(createdAt));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // But for its beginning and the time from its last item to its end.
    const [, ...between] = gaps.slice(1, -2);
    expect(Math.max(...between)).toBeLessThan(3_100);
  });
});

describe("everything", () => {
  test("has every event type there is, in an order that makes sense, and comes to its end", async () => {
    const { clock, world, events, websets } = begin("everything");
    expect(websets).toEqual([]);
    await clock.advance(LONG_MS);
    const all = events();
    expect([...new Set(all.map(({ type }) => type))].toSorted()).toEqual(
      EVENT_TYPES.map(({ type }) => type).toSorted(),
    );
    const later = all.length;
    await clock.advance(30 * 86_400_000);
    expect(events()).toHaveLength(later);
    for (const { webset } of world.listWebsets({ order: "oldest-first" })) expect(webset.status).toBe("idle");

    // For each resource: what is created comes first, and what ends it last.
    const stories = new Map<string, string[]>();
    for (const { type, data } of all) stories.set(data.id, [...(stories.get(data.id) ?? []), type]);
    for (const story of stories.values()) {
      expect(story[0]).toMatch(/\.created$/);
      const ends = story.filter((type) => EVENT_TYPES.find((facts) => facts.type === type)?.terminal);
      expect(ends.length).toBeLessThanOrEqual(1);
      if (ends.length === 1) expect(story.at(-1)).toBe(ends[0]);
    }
    const when = (type: string) => all.findIndex((event) => event.type === type);
    expect(when("import.completed")).toBeLessThan(when("webset.created"));
    expect(when("webset.idle")).toBeLessThan(when("webset.export.created"));
    expect(when("monitor.run.completed")).toBeGreaterThan(when("monitor.run.created"));
    expect(when("webset.deleted")).toBeGreaterThan(when("monitor.deleted"));
  });

  test("has an import and a monitor run that fail, and ones that do not", async () => {
    const { clock, events } = begin("everything");
    await clock.advance(LONG_MS);
    for (const type of ["import.completed", "monitor.run.completed"]) {
      const ends = events().filter((event) => event.type === type);
      expect(ends.map(({ data }) => data.status)).toEqual(["completed", "failed"]);
      expect(ends.map(({ data }) => data.failedReason === null)).toEqual([true, false]);
    }
  });

  test("goes on though somebody deletes what it is about", async () => {
    const { clock, world, events } = begin("everything");
    await clock.advance(14_000);
    for (const { id } of [...world.listWebsets({ order: "oldest-first" })]) world.deleteWebset(id);
    await clock.advance(LONG_MS);
    expect(events().at(-1)?.type).toBe("webset.deleted");
    world.createWebset({ search: { query: "Robot makers", count: 1 } });
    await clock.advance(LONG_MS);
    expect(events().at(-1)?.type).toBe("webset.idle");
  });
});
