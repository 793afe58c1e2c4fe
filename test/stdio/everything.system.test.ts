import { describe, expect } from "vitest";
import { findScenario } from "../../src/sandbox/scenarios.ts";
import { ERAS } from "../support/eras.ts";
import { test } from "../support/stdio-test.ts";

describe.concurrent.each(ERAS)("over stdio in the era of $name", (era) => {
  test("imports, monitor runs and exports are waited for like all else, by their Webset", async ({
    startProgram,
    startSandbox,
  }) => {
    const sandbox = await startSandbox({ speed: 0.05 });
    // The story as if it had been told almost to its end, which is long in coming: then its Websets are deleted.
    sandbox.world.past(106_000, () => findScenario("everything")?.begin(sandbox.world));
    const types = ["import.completed", "monitor.run.completed", "webset.export.completed"];
    const told = [...sandbox.world.events.walk({ order: "oldest-first", types })].map(({ event }) => event);
    const created = [...sandbox.world.events.walk({ order: "oldest-first", types: ["webset.created"] })];
    const websetIds = created.map(({ event }) => (event.data as { id: string }).id);
    const after = new Date(Date.now() - 10_800_000).toISOString();
    const session = await era.open(startProgram(["--poll-interval", "0.2"], sandbox.env));

    for (const type of types) {
      const all = told.filter((event) => event.type === type);
      expect(all.length).toBeGreaterThan(0);
      const args = { types: [type], after, atLeast: all.length, timeoutSeconds: 10 };
      const { value } = await session.call("wait_for_webset_event", args);
      expect(value.outcome).toBe("events");
      expect(value.events.map(({ id }: { id: string }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      for (const { resource, summary } of value.events) {
        if (type === "webset.export.completed") expect(resource.downloadUrl).toMatch(/^https?:/);
        if (resource.status === "failed") expect(summary).toMatch(/failed.*[:(]/);
      }
      // Each kind is found by its Webset, too, though runs and imports do not name it themselves.
      const own: string[] = [];
      for (const websetId of websetIds) {
        const byWebset = await session.call("list_webset_events", { types: [type], websetId, limit: 200 });
        own.push(...byWebset.value.events.map(({ id }: { id: string }) => id));
      }
      expect(own.length).toBeGreaterThan(0);
      expect(new Set(own).size).toBe(own.length);
      expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(own));
    }
    const failed = await session.call("list_webset_events", { types: ["import.completed", "monitor.run.completed"] });
    expect(failed.value.events.filter(({ summary }: { summary: string }) => summary.includes("failed")).length).toBe(2);
  });
});
