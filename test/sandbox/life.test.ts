import { describe, expect, test } from "vitest";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { type AnyEvent, LONG_MS, openSandbox, ROBOTS } from "./support.ts";

const typesOf = (events: AnyEvent[]) => events.map(({ type }) => type);
const ofType = (events: AnyEvent[], type: string) => events.filter((event) => event.type === type);

describe("the life of a Webset", () => {
  test("goes from created over searching and enriching to idle", async () => {
    const { world, clock, events } = openSandbox();
    const webset = world.createWebset(ROBOTS);
    expect(webset.status).toBe("running");
    expect(webset.searches[0]?.status).toBe("running");
    await clock.advance(LONG_MS);

    const types = typesOf(events());
    expect(types.slice(0, 3)).toEqual(["webset.created", "webset.search.created", "webset.search.updated"]);
    expect(types.at(-1)).toBe("webset.idle");
    expect(types.filter((type) => type === "webset.search.completed")).toHaveLength(1);
    expect(types.filter((type) => type === "webset.item.created")).toHaveLength(8);
    expect(types.filter((type) => type === "webset.item.enriched")).toHaveLength(16);
    expect(types.indexOf("webset.item.enriched")).toBeLessThan(types.indexOf("webset.search.completed"));
    const after = world.getWebset(webset.id);
    expect(after.status).toBe("idle");
    expect(after.searches[0]?.status).toBe("completed");
    expect(after.enrichments.map(({ status }) => status)).toEqual(["completed", "completed"]);
  });

  /** The seconds from the creation of a Webset to each of the moments of its life. */
  async function moments(seed: number, count: number, enrichments: typeof ROBOTS.enrichments | []) {
    const { world, clock } = openSandbox({ seed });
    const { id } = world.createWebset({ search: { query: "Robot makers", count }, enrichments });
    const begun = clock.now();
    const at: Record<string, number> = {};
    const happened = (what: string, is: boolean | undefined) => {
      if (is === true) at[what] ??= (clock.now() - begun) / 1000;
    };
    for (let looks = 0; looks < 800; looks++) {
      const webset = world.getWebset(id);
      const [search] = webset.searches;
      happened("title", webset.title !== null);
      happened("progress", search !== undefined && search.progress.analyzed > 0);
      happened("found", search?.progress.completion === 100 && search.status === "running");
      happened("completed", search?.status === "completed");
      happened("idle", webset.status === "idle");
      happened(
        "enrichmentTitles",
        webset.enrichments.every(({ title }) => title !== null),
      );
      await clock.advance(100);
    }
    return at as Record<"title" | "progress" | "found" | "completed" | "idle" | "enrichmentTitles", number>;
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("takes the times that were recorded, whatever the seed (%i)", async (seed) => {
    const within = (value: number, low: number, high: number) => {
      // Looks come every tenth of a second.
      expect(value).toBeGreaterThanOrEqual(low - 0.1);
      expect(value).toBeLessThanOrEqual(high + 0.1);
    };
    const bare = await moments(seed, 1 + (seed % 5), []);
    within(bare.title, 1, 3);
    within(bare.progress, 3, 9);
    within(bare.found, 5, 14);
    within(bare.completed - bare.found, 7, 13);
    within(bare.idle - bare.completed, 0, 1);
    const enriched = await moments(seed, 1 + (seed % 5), ROBOTS.enrichments);
    within(enriched.enrichmentTitles, 2, 14);
    within(enriched.completed - enriched.found, 7, 13);
    within(enriched.idle - enriched.completed, 10, 16);
  });

  test("brings the fifty items and two enrichments of the demo to their end in about ninety seconds", async () => {
    const { world, clock, events } = openSandbox();
    world.createWebset(DEMO_WEBSET);
    await clock.advance(LONG_MS);
    const all = events();
    const seconds = (Date.parse(all.at(-1)?.createdAt ?? "") - Date.parse(all[0]?.createdAt ?? "")) / 1000;
    expect(all.at(-1)?.type).toBe("webset.idle");
    expect(seconds).toBeGreaterThan(80);
    expect(seconds).toBeLessThan(100);
  });

  test("tells growing progress, and what is left at the pace so far", async () => {
    const { world, clock, events } = openSandbox();
    const { createdAt: begun } = world.createWebset(DEMO_WEBSET);
    await clock.advance(LONG_MS);
    const updates = ofType(events(), "webset.search.updated");
    expect(updates.length).toBeGreaterThan(30);
    let before = { found: 0, analyzed: 0, completion: 0 };
    for (const { createdAt, data } of updates) {
      const { found, analyzed, completion, timeLeft } = data.progress;
      expect(found).toBeGreaterThanOrEqual(before.found);
      expect(analyzed).toBeGreaterThanOrEqual(Math.max(1, found, before.analyzed));
      expect(completion).toBeGreaterThanOrEqual(before.completion);
      expect(completion).toBeGreaterThanOrEqual(found / 0.5 - 0.05);
      const seconds = (Date.parse(createdAt) - Date.parse(begun)) / 1000;
      expect(timeLeft).toBe(Math.round((seconds * (100 - completion)) / completion));
      before = data.progress;
    }
    expect(updates.at(-1)?.data).toMatchObject({
      status: "running",
      progress: { found: 50, completion: 100, timeLeft: 0 },
    });
  });

  test("keeps each event as it was when it happened", async () => {
    const { world, clock, events } = openSandbox();
    world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const first = ofType(events(), "webset.item.created")[0];
    expect(first?.data.enrichments.map((result: { status: string }) => result.status)).not.toContain("completed");
    const enriched = ofType(events(), "webset.item.enriched").filter(({ data }) => data.id === first?.data.id);
    const done = enriched.map(
      ({ data }) => data.enrichments.filter((result: { status: string }) => result.status === "completed").length,
    );
    expect(done).toEqual([1, 2]);
  });

  test("stamps events with the clock's time, to the millisecond", async () => {
    const { world, clock, events } = openSandbox();
    world.createWebset(ROBOTS);
    await clock.advance(10_000);
    for (const { createdAt } of events()) {
      expect(createdAt).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
      expect(Date.parse(createdAt)).toBeLessThanOrEqual(clock.wallTime());
    }
  });

  test("runs its searches one after another", async () => {
    const { world, clock, events } = openSandbox();
    const { id } = world.createWebset({ search: { query: "Robot makers", count: 3 } });
    const second = world.createSearch(id, { query: "Drone makers", count: 2, behavior: "append" });
    expect(second.status).toBe("running");
    await clock.advance(LONG_MS);
    const story = events().filter(({ type }) => /search\.(updated|completed)$/.test(type));
    const switches = story.filter((event, index) => event.data.id !== story[index - 1]?.data.id);
    expect(switches).toHaveLength(2);
    expect(ofType(events(), "webset.idle")).toHaveLength(1);
    expect([...world.listItems(id, { order: "oldest-first" })]).toHaveLength(5);
  });

  test("discards items that a later search with override no longer matches", async () => {
    const { world, clock } = openSandbox();
    const { id } = world.createWebset({ search: { query: "Robot makers", count: 20 } });
    await clock.advance(LONG_MS);
    const { id: searchId } = world.createSearch(id, { query: "Drone makers", count: 1 });
    await clock.advance(LONG_MS);
    const items = [...world.listItems(id, { order: "oldest-first" })].map(({ item }) => item);
    expect(items.length).toBeLessThan(20);
    expect(items.filter(({ sourceId }) => sourceId === searchId)).toHaveLength(1);
    expect(items[0]?.evaluations.map(({ criterion }) => criterion)).toEqual(["Drone makers"]);
  });

  test("wakes from idle for an enrichment that is added later", async () => {
    const { world, clock, events } = openSandbox();
    const { id } = world.createWebset({ search: { query: "Robot makers", count: 2 } });
    await clock.advance(LONG_MS);
    const { id: enrichmentId } = world.createEnrichment(id, { description: "Website of the company" });
    expect(world.getWebset(id).status).toBe("running");
    await clock.advance(LONG_MS);
    expect(typesOf(events()).slice(-3)).toEqual(["webset.item.enriched", "webset.item.enriched", "webset.idle"]);
    expect(world.getEnrichment(id, enrichmentId)).toMatchObject({ status: "completed", format: "url" });
  });

  test("makes an export, which can be downloaded a little later", async () => {
    const { world, clock, events } = openSandbox();
    const { id } = world.createWebset({});
    await clock.advance(1);
    const { id: exportId } = world.createExport(id, { format: "csv" });
    expect(world.getExport(id, exportId)).toMatchObject({ status: "pending", downloadUrl: null });
    await clock.advance(10_000);
    expect(typesOf(events())).toEqual(["webset.created", "webset.export.created", "webset.export.completed"]);
    expect(world.getExport(id, exportId).downloadUrl).toMatch(/^https:\/\/downloads\.example\/.*\.csv$/);
  });
});

describe("speed", () => {
  test("divides how long everything takes, and the time left with it", async () => {
    const { world, clock, events } = openSandbox({ speed: 10 });
    world.createWebset(DEMO_WEBSET);
    await clock.advance(10_000);
    const all = events();
    expect(all.at(-1)?.type).toBe("webset.idle");
    expect(Date.parse(all.at(-1)?.createdAt ?? "") - Date.parse(all[0]?.createdAt ?? "")).toBeGreaterThan(8_000);
    const half = ofType(all, "webset.search.updated").find(({ data }) => data.progress.found >= 25);
    expect(half?.data.progress.timeLeft).toBeGreaterThan(1);
    expect(half?.data.progress.timeLeft).toBeLessThan(10);
  });

  test("must be a positive number", () => {
    expect(() => openSandbox({ speed: 0 })).toThrow(RangeError);
  });
});

describe("the seed", () => {
  const history = async (seed: number) => {
    const { world, clock, events } = openSandbox({ seed });
    world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    return JSON.stringify(events());
  };

  test("makes the same world twice", async () => {
    expect(await history(7)).toBe(await history(7));
  });

  test("makes another world when it is another", async () => {
    expect(await history(7)).not.toBe(await history(8));
  });

  test("gives ids that do not sort by time", async () => {
    const { world, clock, events } = openSandbox();
    world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const ids = events().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const ascents = ids.filter((id, index) => id > (ids[index - 1] ?? "")).length;
    expect(ascents / ids.length).toBeGreaterThan(0.3);
    expect(ascents / ids.length).toBeLessThan(0.7);
  });
});
