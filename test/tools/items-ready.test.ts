import { describe, expect, onTestFinished, test } from "vitest";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const wait = async (args: Record<string, unknown>) =>
    (await opened.clock.until(opened.call("wait_for_webset_event", { itemsReady: true, ...args }))).value;
  return { ...opened, wait };
}

describe("wait_for_webset_event with itemsReady", () => {
  test("tells each item of the demo once, with its values, and how the Webset ends, in few calls", async () => {
    const { world, clock, wait } = await open();
    const { id } = world.createWebset(DEMO_WEBSET);
    const startedAt = clock.now();
    let bytes = 0;
    let calls = 0;
    const told: { id: string; type: string; summary: string; resource: { kind: string; id: string } }[] = [];
    let after = "1m";
    for (let isOver = false; !isOver; calls++) {
      const value = await wait({ websetId: id, after, atLeast: 50 });
      bytes += Buffer.byteLength(JSON.stringify(value));
      isOver = value.outcome === "quiet" && told.some(({ type }) => type === "webset.idle");
      told.push(...value.events);
      after = value.cursor;
    }
    const minutes = (clock.now() - startedAt) / 60_000;
    const stored = [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item);
    const items = told.filter(({ resource }) => resource.kind === "item");
    expect(items.map(({ resource }) => resource.id).toSorted()).toEqual(stored.map((item) => item.id).toSorted());
    for (const { resource, summary } of items) {
      const item = stored.find((one) => one.id === resource.id);
      expect(summary).toContain(item?.properties.url);
      for (const { result } of item?.enrichments ?? []) expect(summary).toContain(result?.[0] ?? "none found");
    }
    expect(told.filter(({ resource }) => resource.kind !== "item").map(({ type }) => type)).toEqual(["webset.idle"]);
    expect(calls).toBeLessThanOrEqual(2 + 3 * minutes);
    expect(bytes).toBeLessThanOrEqual(23_000);
  });
});
