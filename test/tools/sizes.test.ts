import { describe, expect, onTestFinished, test } from "vitest";
import { openToolWorld } from "../support/tool-world.ts";

const MOST_BYTES = 40_000;

async function open() {
  const world = await openToolWorld();
  onTestFinished(() => world.close());
  return world;
}

type World = Awaited<ReturnType<typeof open>>;

/** Calls a tool while time passes, and holds both of its result's forms to the bound. */
async function call({ client, clock }: World, name: string, args: Record<string, unknown>) {
  const result = await clock.until(client.callTool({ name, arguments: args }));
  expect(result.isError, JSON.stringify(result.content)).toBeFalsy();
  for (const part of [result.content, result.structuredContent]) {
    expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThanOrEqual(MOST_BYTES);
  }
  const value = result.structuredContent as Record<string, unknown>;
  // What an agent goes on with comes before what a host may cut.
  const keys = Object.keys(value);
  const list = keys.findIndex((key) => Array.isArray(value[key]) || key === "progress");
  for (const key of ["outcome", "now", "cursor", "more", "next", "nextPage", "warning", "note"]) {
    if (list !== -1 && key in value) expect(keys.indexOf(key), key).toBeLessThan(list);
  }
  // biome-ignore lint/suspicious/noExplicitAny: what a result holds is what the test is about.
  return value as any;
}

/** Records events of items with much in them: `size` texts of 2,000 characters each. */
function recordItems({ world, clock }: World, count: number, size: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const properties = Object.fromEntries(Array.from({ length: size }, (_, key) => [`text${key}`, '"é" '.repeat(500)]));
    const data = { id: `item_${n}`, object: "webset_item", websetId: "ws_1", properties };
    return world.record("webset.item.created", data, { createdAt: clock.wallTime() - 100_000 + n * 10 }).id;
  });
}

describe("a result is at most 40,000 bytes:", () => {
  test.each([
    ["full", 5, 60],
    ["full", 100, 12],
    ["summary", 5, 60],
  ])(
    "a listing of events with detail %s and %s long texts each, which come with the next pages",
    async (detail, size, count) => {
      const opened = await open();
      const ids = recordItems(opened, count, size);
      const met: string[] = [];
      for (let page: string | null | undefined; page !== null; ) {
        const value = await call(opened, "list_webset_events", { limit: 200, detail, ...(page && { page }) });
        met.push(...value.events.map(({ id }: { id: string }) => id));
        page = value.nextPage;
      }
      expect(met).toEqual(ids.toReversed());
    },
  );

  test("a wait for full events, which hands out the others with the next calls", async () => {
    const opened = await open();
    const ids = recordItems(opened, 60, 5);
    const met: string[] = [];
    let after = new Date(opened.clock.wallTime() - 200_000).toISOString();
    for (let more = true; more; ) {
      const value = await call(opened, "wait_for_webset_event", {
        after,
        limit: 100,
        detail: "full",
        timeoutSeconds: 5,
      });
      met.push(...value.events.map(({ id }: { id: string }) => id));
      ({ cursor: after, more } = value);
    }
    expect(met).toEqual(ids);
  });

  test("one event with thousands of fields, which is cut and marked", async () => {
    const opened = await open();
    const data = {
      id: "item_1",
      websetId: "ws_1",
      status: "s".repeat(100_000),
      fields: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field ${n}`, '\u2028\ud800"'.repeat(50)])),
    };
    const { id } = opened.world.record("webset.item.created", data);
    const { event } = await call(opened, "get_webset_event", { eventId: id });
    expect(event).toMatchObject({ id, data: { id: "item_1", websetId: "ws_1" } });
    expect(JSON.stringify(event.data)).toContain("[cut: 5000 fields in all]");
    expect(JSON.stringify(event)).not.toMatch(/\\ud800/);
  });

  test("progress of a Webset with 365 searches, of which the newest five are told one by one", async () => {
    const opened = await open();
    const { id } = opened.world.createWebset({ search: { query: "é".repeat(3_000), count: 10 } });
    for (let n = 0; n < 364; n++) {
      await opened.clock.advance(1_000);
      opened.world.createSearch(id, { query: `"${"é".repeat(3_000)}`, count: 10, behavior: "append" });
    }
    for (let n = 0; n < 70; n++) opened.world.createEnrichment(id, { description: '"é"'.repeat(100), format: "text" });
    const { progress } = await call(opened, "get_webset_progress", { websetId: id });
    expect(progress.searches).toHaveLength(5);
    expect(progress.earlierSearches).toEqual({ count: 360, found: expect.any(Number) });
    expect(progress.enrichments).toHaveLength(50);
    expect(progress.summary).toContain("the first 50 of 70 enrichments are listed");
    const waited = await call(opened, "wait_for_webset", { websetId: id, timeoutSeconds: 0 });
    expect(waited.progress.searches).toHaveLength(5);
  });
});
