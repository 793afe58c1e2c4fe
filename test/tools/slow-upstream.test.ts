import { describe, expect, onTestFinished, test } from "vitest";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

/** How long each request takes, in milliseconds. */
const SLOW_MS = 9_000;

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld({ latencyMs: SLOW_MS / 2, ...options });
  onTestFinished(() => opened.close());
  const call = (name: string, args: Record<string, unknown>) => opened.clock.until(opened.call(name, args));
  return { ...opened, call };
}

describe("where each request takes 9 s", () => {
  test.each([10, 25, 45])("waits of %i s tell the items that are ready", async (timeoutSeconds) => {
    const { world, clock, call } = await open();
    const { id, enrichments } = world.createWebset({
      search: { query: "Makers of cargo bikes", count: 3 },
      enrichments: [{ description: "Phone of the head office", format: "phone" }],
    });
    const items = () => [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item.id);
    while (items().length < 3) await clock.advance(50);
    // So that no event tells of them that they are ready.
    world.cancelEnrichment(id, enrichments[0]?.id ?? "");
    const told: string[] = [];
    let after = "5m";
    for (let calls = 0; calls < 6; calls++) {
      const { value } = await call("wait_for_webset_event", { itemsReady: true, websetId: id, after, timeoutSeconds });
      for (const { resource } of value?.events ?? []) if (resource.kind === "item") told.push(resource.id);
      after = value?.cursor ?? after;
    }
    expect(told.toSorted()).toEqual(items().toSorted());
  });
});
