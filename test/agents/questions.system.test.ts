import { describe, expect } from "vitest";
import { DEMO_WEBSET, findScenario } from "../../src/sandbox/scenarios.ts";
import { CountingAgent } from "../support/agent.ts";
import { type Starters, test } from "../support/stdio-test.ts";

type Start = Pick<Starters, "startProgram" | "startSandbox">;

/** An agent on an account in which a scenario was begun so many milliseconds ago. */
async function begin({ startProgram, startSandbox }: Start, scenario: string, ms: number, speed = 1) {
  const sandbox = await startSandbox({ speed });
  sandbox.world.past(ms, () => findScenario(scenario)?.begin(sandbox.world));
  return { sandbox, world: sandbox.world, agent: await CountingAgent.start(startProgram([], sandbox.env)) };
}

describe("a question is answered in few calls:", () => {
  test("what is going on in the account", async ({ startProgram, startSandbox }) => {
    const { agent, world } = await begin({ startProgram, startSandbox }, "busy", 60_000);
    for (let n = 0; n < 5; n++) {
      world.past(300_000, () => world.createWebset({ ...DEMO_WEBSET, externalId: `list-${n}` }));
    }
    const { text, value } = await agent.call("list_websets");
    expect(value.websets).toHaveLength(10);
    expect(value.websets.filter(({ status }: { status: string }) => status === "running")).toHaveLength(5);
    for (const { summary } of value.websets) expect(summary).toMatch(/\d+ (?:of \d+ )?found/);
    expect(text).toContain("list-4");
    expect(agent.bytes).toBeLessThanOrEqual(3_000);
  });

  test("what was found, with which values", async ({ startProgram, startSandbox }) => {
    const { agent, world } = await begin({ startProgram, startSandbox }, "finished", 0);
    const [webset] = (await agent.call("list_websets")).value.websets;
    const before = { ...agent };
    const { value } = await agent.call("list_webset_items", { websetId: webset.websetId, limit: 50 });
    expect(value.nextPage).toBeNull();
    const items = [...world.events.walk({ order: "oldest-first", types: ["webset.item.created"] })];
    expect(value.items.map(({ itemId }: { itemId: string }) => itemId).toSorted()).toEqual(
      items.map(({ event }) => (event.data as { id: string }).id).toSorted(),
    );
    for (const { name, url, criteria, enrichments } of value.items) {
      expect({ name, url, criteria }).toEqual({
        name: expect.any(String),
        url: expect.stringMatching(/^https:/),
        criteria: expect.stringMatching(/^\d of 3$/),
      });
      expect(Object.keys(enrichments)).toEqual(DEMO_WEBSET.enrichments?.map(({ description }) => description));
    }
    expect(agent.calls - before.calls).toBe(1);
    expect(agent.bytes - before.bytes).toBeLessThanOrEqual(16_000);
  });

  test("tell me when the export is ready", async ({ startProgram, startSandbox }) => {
    const { agent, world } = await begin({ startProgram, startSandbox }, "exports", 0, 10);
    const [begun] = world.events.walk({ order: "newest-first", types: ["webset.export.created"] });
    // It may be ready before the wait begins: whoever ordered it knows since when to look.
    const { value, text } = await agent.call("wait_for_webset_event", {
      types: ["webset.export.completed"],
      after: begun?.event.createdAt,
    });
    const [{ resource, summary }] = value.events;
    expect(value.events, text).toHaveLength(1);
    expect(summary).toBe("Export completed, json: ready to download");
    expect(resource).toMatchObject({
      id: (begun?.event.data as { id?: string } | undefined)?.id,
      downloadUrl: expect.stringMatching(/^https:.*\.json$/),
    });
    expect(agent.calls).toBe(1);
  });

  describe("about a story in which every event type occurs,", () => {
    const STORY_MS = 106_000;

    test("did an import fail and why", async ({ startProgram, startSandbox }) => {
      const { agent } = await begin({ startProgram, startSandbox }, "everything", STORY_MS);
      const { text } = await agent.call("list_webset_events", { types: ["import.completed"] });
      expect(text).toContain("Import failed (missing_identifier)");
      expect(text).toContain("No column has the address of every record");
      expect(text).toContain("Known suppliers");
    });

    test("when did the monitor last run and what came of it", async ({ startProgram, startSandbox }) => {
      const { agent } = await begin({ startProgram, startSandbox }, "everything", STORY_MS);
      const listed = (await agent.call("list_webset_events", { types: ["monitor.run.*"], limit: 1 })).value;
      const { websetId } = listed.events[0];
      const { text, value } = await agent.call("get_webset_progress", { websetId });
      const [monitor] = value.progress.monitors;
      expect(monitor.lastRun.startedAt).toMatch(/^20/);
      expect(text).toMatch(/last run 20\S+Z (?:completed, 3 found|failed)/);
      expect(agent.calls).toBe(2);
    });

    test("what went wrong in the last hour", async ({ startProgram, startSandbox }) => {
      const { agent } = await begin({ startProgram, startSandbox }, "everything", STORY_MS + 30_000);
      const { value } = await agent.call("list_webset_events", { problems: true, after: "1h" });
      expect(value.nextPage).toBeNull();
      const told = value.events.map(({ type, problem }: { type: string; problem: string }) => `${type}: ${problem}`);
      expect(told.toSorted()).toEqual([
        "import.completed: missing_identifier",
        expect.stringMatching(/^monitor\.run\.completed: \S/),
        "webset.deleted: deleted",
        "webset.paused: paused",
        "webset.search.canceled: canceled",
      ]);
    });

    test("how long did each search take", async ({ startProgram, startSandbox }) => {
      const { agent } = await begin({ startProgram, startSandbox }, "everything", STORY_MS);
      const { value } = await agent.call("list_webset_events", { types: ["webset.search.c*"] });
      const ended = value.events.filter(({ type }: { type: string }) => type !== "webset.search.created");
      expect(ended.length).toBeGreaterThanOrEqual(3);
      for (const { summary } of ended) expect(summary).toMatch(/ (?:completed|canceled) after \d+ s: \d+ of \d+ found/);
    });
  });
});
