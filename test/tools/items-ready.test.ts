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

  test("tells an item of a Webset without enrichments when it is created", async () => {
    const { world, wait } = await open();
    const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    const value = await wait({ websetId: id, after: "1m", atLeast: 4 });
    const types = value.events.map(({ type }: { type: string }) => type);
    expect(types).toEqual(["webset.item.created", "webset.item.created", "webset.item.created", "webset.idle"]);
    expect(value.events[0].summary).toMatch(/^Item ready: "[^"]+"; https:\/\/\S+$/);
    expect(value.next).toContain(`itemsReady true, websetId "${id}", atLeast 4 and this cursor as after`);
  });

  test("says with atLeast 1 that more at once take fewer calls", async () => {
    const { world, wait } = await open();
    const { id } = world.createWebset(DEMO_WEBSET);
    const { next } = await wait({ websetId: id, after: "1m" });
    expect(next).toMatch(/and this cursor as after\. With atLeast 50 it takes fewer calls\.$/);
    expect((await wait({ websetId: id, after: "1m", atLeast: 2 })).next).not.toContain("fewer calls");
  });

  test("reads items of which no event tells that they are ready: an enrichment was canceled", async () => {
    const { world, clock, wait } = await open();
    const { id, enrichments } = world.createWebset({
      search: { query: "Makers of cargo bikes", count: 3 },
      enrichments: [{ description: "Phone of the head office", format: "phone" }],
    });
    const items = () => [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item);
    while (items().length < 3) await clock.advance(50);
    world.cancelEnrichment(id, enrichments[0]?.id ?? "");
    const value = await wait({ websetId: id, after: "2m", atLeast: 4, timeoutSeconds: 40 });
    const told = value.events.filter(({ resource }: { resource: { kind: string } }) => resource.kind === "item");
    expect(told.map(({ resource }: { resource: { id: string } }) => resource.id).toSorted()).toEqual(
      items()
        .map((item) => item.id)
        .toSorted(),
    );
  });

  test("hands out the rest with the next calls, each item once, also where a result was lost", async () => {
    const { world, clock, wait } = await open();
    const { id } = world.createWebset(DEMO_WEBSET);
    await clock.advance(200_000);
    const told: string[] = [];
    let after = "10m";
    let more = true;
    for (let calls = 0; more; calls++) {
      // The first answer never gets there: the same call is made again.
      if (calls < 2) await wait({ websetId: id, after, limit: 7, timeoutSeconds: 0 });
      const value = await wait({ websetId: id, after, limit: 7, timeoutSeconds: 0, detail: "full" });
      expect(value.events.length).toBeLessThanOrEqual(7);
      told.push(...value.events.map(({ resource }: { resource: { id: string } }) => resource.id));
      for (const { data, resource } of value.events) expect(data.id).toBe(resource.id);
      ({ cursor: after, more } = value);
    }
    expect(told).toHaveLength(51);
    expect(new Set(told).size).toBe(51);
  });

  test.each([
    [undefined, ["webset.paused"]],
    [["webset.search.*"], ["webset.search.created"]],
    [["webset.item.*"], []],
    [["webset.item.enriched"], []],
  ])("lets events of other types pass: with types %j %j", async (types, others) => {
    const { world, clock, wait } = await open();
    const { id } = world.createWebset({ ...DEMO_WEBSET, enrichments: [] });
    while ([...world.listItems(id, { order: "oldest-first" })].length < 2) await clock.advance(100);
    world.pauseWebset(id);
    const { events } = await wait({
      websetId: id,
      after: "5m",
      limit: 100,
      timeoutSeconds: 0,
      ...(types && { types }),
    });
    const told = events.map(({ type }: { type: string }) => type);
    const items = told.filter((type: string) => type === "webset.item.created");
    expect(items.length).toBeGreaterThan(1);
    const rest = told.filter((type: string) => !type.startsWith("webset.item.") && type !== "webset.search.updated");
    expect(rest).toEqual(others);
  });

  test("takes problems for events of other types, and refuses a misspelt one", async () => {
    const { world, clock, wait, call } = await open();
    const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    await clock.advance(60_000);
    const { events, note } = await wait({ websetId: id, after: "5m", timeoutSeconds: 0, problems: true });
    expect(note).toMatch(/^problems holds for events of other types/);
    expect(events.map(({ type }: { type: string }) => type)).toEqual(Array(3).fill("webset.item.created"));
    const asked = { itemsReady: true, types: ["webset.item.enrich"] };
    expect((await clock.until(call("wait_for_webset_event", asked))).error).toContain("webset.item.enriched");
  });

  test("hands out as it is what tells of an item without saying of which one", async () => {
    const { world, clock, wait } = await open();
    const { id } = world.record("webset.item.enriched", { object: "webset_item" });
    await clock.advance(10_000);
    const value = await wait({ after: "1m", timeoutSeconds: 0 });
    expect(value.events).toMatchObject([{ id, summary: "Item enriched: without a name; 0 of 0 done" }]);
    expect((await wait({ after: value.cursor, timeoutSeconds: 8 })).outcome).toBe("quiet");
  });
});
