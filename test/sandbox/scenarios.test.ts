import { describe, expect, test } from "vitest";
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
    expect(Math.max(...gaps)).toBeLessThan(3_100);
  });
});
