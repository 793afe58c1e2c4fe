import { describe, expect, onTestFinished, test } from "vitest";
import { TOOLS } from "../../src/tools/index.ts";
import { checkArguments, runTool } from "../../src/tools/run-tool.ts";
import { openFeedWorld } from "../support/feed-world.ts";
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

  test("waits of 10 s on an externalId tell its events", async () => {
    const { world, clock, call } = await open();
    world.createWebset({ externalId: "my shop" });
    await clock.advance(100_000);
    const args = { websetId: "my shop", after: "5m", types: ["webset.created"], timeoutSeconds: 10 };
    await call("wait_for_webset_event", args);
    const { value } = await call("wait_for_webset_event", args);
    expect(value?.events).toHaveLength(1);
  });

  test.each(
    ["wait_for_webset_event", "wait_for_webset"].flatMap((name) =>
      [10, 25, 45].map((seconds) => [name, seconds] as const),
    ),
  )("%s says within its %i s that there is no such Webset", async (name, timeoutSeconds) => {
    const { world, clock, call } = await open();
    for (let n = 0; n < 60; n++) world.createWebset({});
    await clock.advance(100_000);
    const startedAt = clock.now();
    const { error } = await call(name, { websetId: "webset_mistyped", timeoutSeconds });
    expect(error).toMatch(/^not_found: .* Check the id: /);
    expect(clock.now() - startedAt).toBeLessThan(timeoutSeconds * 1_000 + 1_000);
  });

  test("a wait that goes on is not told that there is no such Webset where there was no time to look whether it is deleted", async () => {
    const { world, clock, call } = await open();
    const { id: websetId } = world.createWebset({});
    const { value } = await call("wait_for_webset_event", { after: "5m", timeoutSeconds: 25 });
    world.deleteWebset(websetId);
    await clock.advance(100_000);
    const args = { websetId, after: value?.cursor };
    expect((await call("wait_for_webset_event", { ...args, timeoutSeconds: 10 })).error).toMatch(/^unavailable: /);
    const longer = await call("wait_for_webset_event", { ...args, timeoutSeconds: 45 });
    expect(longer.value?.events).toMatchObject([{ type: "webset.deleted" }]);
  });

  test.each(["wait_for_webset_event", "wait_for_webset"])(
    "%s says of a wait that is over before an answer comes which one is not",
    async (name) => {
      const { world, call } = await open();
      const { id } = world.createWebset({});
      const { error } = await call(name, { websetId: id, timeoutSeconds: 5 });
      expect(error).toMatch(
        /^unavailable: .* did not answer .* Call wait_for_\w+ with timeoutSeconds 25\. Nothing is lost\.$/,
      );
    },
  );

  test("a wait that is too short to end quiet says which one is not", async () => {
    const { call } = await open();
    const { value } = await call("wait_for_webset_event", { after: "1m", timeoutSeconds: 10 });
    expect(value).toMatchObject({ outcome: "behind", next: expect.stringContaining("such as 25.") });
    const longer = await call("wait_for_webset_event", { after: value?.cursor, timeoutSeconds: 25 });
    expect(longer.value).toMatchObject({ outcome: "quiet" });
  });

  test.each(["wait_for_webset", "wait_for_webset_event"])(
    "%s without time left, as for a task that has ended elsewhere, finds what was found",
    async (name) => {
      const { fake, clock, world, newProcess } = openFeedWorld({ latency: () => SLOW_MS / 2 });
      const { id } = world.createWebset({});
      await fake.advance(60_000);
      const tool = TOOLS.find((one) => one.name === name) as (typeof TOOLS)[number];
      const args = { ...(name === "wait_for_webset" ? { websetId: id } : { after: "5m" }), timeoutSeconds: 0 };
      const context = {
        ...{ ...newProcess(), clock, signal: new AbortController().signal, firstReadingMs: 20_000 },
        ...{ maxWaitSeconds: 300, defaultTimeoutSeconds: 25, report() {}, mayTakeLong() {} },
      };
      const value = await fake.until(runTool(tool, { args: checkArguments(tool, args), given: args }, context));
      expect(value.outcome).toBe(name === "wait_for_webset" ? "reached" : "events");
    },
  );
});
