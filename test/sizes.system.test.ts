import { describe, expect } from "vitest";
import { DEMO_WEBSET, findScenario } from "../src/sandbox/scenarios.ts";
import { ERAS } from "./support/eras.ts";
import { test } from "./support/stdio-test.ts";
import type { Upstream } from "./support/upstream.ts";

const [era] = ERAS;
if (era === undefined) throw new Error("there is no era");

/** What an agent pays for a result: the bytes of its structured content. */
const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("what an agent pays for", () => {
  test.for(["demo", "busy", "everything", "exports"])(
    "twenty events of the scenario %s is at most 9,500 bytes",
    async (name, { startProgram, startSandbox }) => {
      const sandbox = await startSandbox({ speed: 1 });
      // The whole story as if it had been told already.
      sandbox.world.past(150_000, () => findScenario(name)?.begin(sandbox.world));
      const session = await (era as (typeof ERAS)[number]).open(startProgram([], sandbox.env));
      let page: string | undefined;
      let pages = 0;
      do {
        const { value } = await session.call("list_webset_events", { limit: 20, ...(page !== undefined && { page }) });
        expect(value.events.length).toBeGreaterThan(0);
        expect(sizeOf(value)).toBeLessThanOrEqual(9_500);
        page = value.nextPage ?? undefined;
        pages++;
      } while (page !== undefined && pages < 6);
      expect(pages).toBeGreaterThan(1);
    },
  );

  test("a wait that is not over is at most 1,300 bytes", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox({ speed: 1 });
    const websetId = begun(sandbox, 40_000).id;
    const session = await (era as (typeof ERAS)[number]).open(startProgram([], sandbox.env));
    const [webset, event] = await Promise.all([
      session.call("wait_for_webset", { websetId, timeoutSeconds: 0.3 }),
      session.call("wait_for_webset_event", { websetId, types: ["webset.deleted"], timeoutSeconds: 0.3 }),
    ]);
    expect([webset.value.outcome, event.value.outcome]).toEqual(["still_running", "quiet"]);
    for (const { value } of [webset, event]) {
      expect(sizeOf(value)).toBeLessThanOrEqual(1_300);
    }
  });

  test("the progress of two searches, three enrichments and a monitor is at most 2,000 bytes", async ({
    startProgram,
    startSandbox,
  }) => {
    const sandbox = await startSandbox({ speed: 1 });
    const { id } = begun(sandbox, 40_000);
    sandbox.world.createSearch(id, { query: DEMO_WEBSET.search?.query ?? "", count: 100, behavior: "append" });
    sandbox.world.createEnrichment(id, {
      description: "What the company is best known for, in a sentence",
      format: "text",
    });
    sandbox.world.monitors.create({
      websetId: id,
      cadence: { cron: "0 9 * * 1", timezone: "Europe/Berlin" },
      behavior: { type: "search", config: { count: 10, behavior: "append" } },
    });
    const session = await (era as (typeof ERAS)[number]).open(startProgram([], sandbox.env));
    const { value } = await session.call("get_webset_progress", { websetId: id });
    expect(value.progress).toMatchObject({ searches: [{}, {}], enrichments: [{}, {}, {}], monitors: [{}] });
    expect(sizeOf(value)).toBeLessThanOrEqual(2_000);
  });

  test("one event in full, with 500 KB of page text, is at most 20,000 bytes", async ({
    startProgram,
    startSandbox,
  }) => {
    const sandbox = await startSandbox();
    const item = {
      id: "item_long",
      object: "webset_item",
      websetId: "ws_1",
      properties: {
        type: "company",
        url: "https://long.example/",
        content: "word ".repeat(100_000),
        company: { name: "Long" },
      },
    };
    const { id } = sandbox.world.record("webset.item.created", item);
    const session = await (era as (typeof ERAS)[number]).open(startProgram([], sandbox.env));
    const { value } = await session.call("get_webset_event", { eventId: id, detail: "full" });
    expect(value.event.data.properties.content).toContain("[cut: 500000 characters in all");
    expect(sizeOf(value)).toBeLessThanOrEqual(20_000);
  });
});

/** The demo's Webset as it is that many milliseconds after it was created. */
function begun({ world }: Upstream, ms: number): { id: string } {
  return world.past(ms, () => world.createWebset(DEMO_WEBSET));
}
