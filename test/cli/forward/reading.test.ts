import { expect, onTestFinished, test } from "vitest";
import { callerOf } from "../../../src/cli/command-context.ts";
import { type Read, Reading } from "../../../src/cli/forward/reading.ts";
import type { Entry, Filter } from "../../../src/cli/forward/state-file.ts";
import { readConfig } from "../../../src/config.ts";
import { WHOLE } from "../../../src/shared/bounded-json.ts";
import type { Tenant } from "../../../src/tenant.ts";
import type { ToolDeps } from "../../../src/tools/define.ts";
import { type FeedWorldOptions, openFeedWorld } from "../../support/feed-world.ts";

const DAY_MS = 86_400_000;

function openReading(filter: Filter = {}, options: FeedWorldOptions = {}) {
  const world = openFeedWorld(options);
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const told = { trouble: [] as boolean[], cursors: [] as string[], tooLate: [] as string[] };
  const newReading = () => {
    const tools = world.newProcess() as ToolDeps;
    const tenant = { tools, missingKey: undefined } as unknown as Tenant;
    const config = readConfig({}, { EXA_API_KEY: "any" });
    const context = { tenant, config, clock: world.clock, call: callerOf(tenant, ending.signal) };
    return new Reading({
      context,
      filter,
      onTransientError: (error) => void told.trouble.push(error !== undefined),
      onMoved: (cursor) => void told.cursors.push(cursor),
      onTooLate: (until) => void told.tooLate.push(until),
    });
  };
  const reading = newReading();
  /** The first events from a point on. */
  const read = async (since?: string, from = reading): Promise<Read> => {
    const { value } = await world.fake.until(from.from(since, ending.signal).next());
    return value as Read;
  };
  const whole = (entry: Entry, kept: string | undefined) => world.fake.until(reading.whole(entry, kept, ending.signal));
  return { ...world, told, reading, newReading, read, whole, signal: ending.signal };
}

test("without a point it begins now, and tells where that is before anything happens", async () => {
  const { read, told, record, fake, newReading } = openReading();
  record("webset.idle", { id: "event_0" });
  await fake.advance(1_000);
  const reading = read();
  await fake.advance(2_000);
  const [first] = told.cursors;
  record("webset.idle", { id: "event_1" });
  const expected = [{ eventId: "event_1", type: "webset.idle", createdAt: expect.any(String), websetId: "ws_1" }];
  expect((await reading).events.map(({ entry }) => entry)).toEqual(expected);
  expect((await read(first, newReading())).events.map(({ entry }) => entry)).toEqual(expected);
});

test("an event is told as Exa sends it", async () => {
  const { read, record, world } = openReading();
  record("webset.search.completed", { id: "event_1", data: { id: "wsearch_1", websetId: "ws_1", query: "Zürich" } });
  const { events } = await read("1h");
  expect(JSON.parse(events[0]?.kept ?? "")).toEqual({ ...world.events.get("event_1") });
  expect(Object.keys(JSON.parse(events[0]?.kept ?? ""))).toEqual(["id", "object", "type", "data", "createdAt"]);
});

test("where whole events are kept, none has to be read again", async () => {
  const { read, record, world, whole, requests } = openReading({}, { keeps: WHOLE });
  const data = { id: "witem_1", websetId: "ws_1", properties: { content: "page text ".repeat(20_000) } };
  record("webset.item.created", { id: "event_1", data });
  const { events } = await read("1h");
  const [{ entry, kept } = { entry: undefined as never, kept: "" }] = events;
  const asked = requests.length;
  expect(JSON.parse((await whole(entry, kept)) ?? "")).toEqual({ ...world.events.get("event_1") });
  expect(requests.length).toBe(asked);
});

test("an event that was cut, or of which nothing was kept, is read whole", async () => {
  const { read, record, world, whole } = openReading();
  const data = { id: "witem_1", websetId: "ws_1", properties: { content: "page text ".repeat(2_000) } };
  record("webset.item.created", { id: "event_1", data });
  const { events } = await read("1h");
  const [{ entry, kept } = { entry: undefined as never, kept: "" }] = events;
  expect(kept.length).toBeLessThan(5_000);
  expect(JSON.parse((await whole(entry, kept)) ?? "")).toEqual({ ...world.events.get("event_1") });
  expect(JSON.parse((await whole(entry, undefined)) ?? "")).toEqual({ ...world.events.get("event_1") });
});

test("of an event that the API has no more what was kept is told, or nothing", async () => {
  const { whole } = openReading();
  const entry = { eventId: "event_9", type: "webset.idle", createdAt: "", websetId: "ws_1" };
  expect(await whole(entry, '{"text":"a… [cut: 3 characters in all]"}')).toContain("cut");
  expect(await whole(entry, undefined)).toBeUndefined();
});

test("only what is asked for is read, of the Webset asked for", async () => {
  const { read, record, world } = openReading({ types: ["webset.idle"], webset: "mine" });
  const { id } = world.createWebset({ externalId: "mine" });
  record("webset.idle", { id: "event_1", websetId: id });
  record("webset.idle", { id: "event_2", websetId: "ws_2" });
  record("webset.paused", { id: "event_3", websetId: id });
  const { events } = await read("1h");
  expect(events.filter(({ entry }) => /_\d$/.test(entry.eventId))).toMatchObject([
    { entry: { eventId: "event_1", websetId: id } },
  ]);
});

test("trouble that passes is told and outlasted", async () => {
  const { read, told, trouble, record, fake } = openReading();
  let isDown = true;
  trouble.spoil = async (_, go) => (isDown ? { status: 503, headers: {}, body: "{}" } : go());
  record("webset.idle", { id: "event_1" });
  const reading = read("1h");
  await fake.advance(400_000);
  expect(new Set(told.trouble)).toEqual(new Set([true]));
  isDown = false;
  expect((await reading).events).toHaveLength(1);
  expect(told.trouble.at(-1)).toBe(false);
});

test("a cursor of more than 60 days ago loses what the API has no more, says so, and goes on", async () => {
  const { read, told, fake, record, newReading, now } = openReading();
  record("webset.idle", { id: "event_0" });
  const { cursor } = await read("1h");
  record("webset.idle", { id: "event_old" });
  await fake.advance(61 * DAY_MS);
  record("webset.idle", { id: "event_new", at: now() - 2 * DAY_MS });
  const { events } = await read(cursor, newReading());
  expect(events.map(({ entry }) => entry.eventId)).toEqual(["event_new"]);
  expect(told.tooLate).toEqual([expect.stringMatching(/^20/)]);
});

test("what does not pass is thrown", async () => {
  const { read, trouble } = openReading();
  trouble.spoil = async () => ({ status: 401, headers: {}, body: JSON.stringify({ error: "x" }) });
  await expect(read("1h")).rejects.toMatchObject({ kind: expect.stringMatching(/unauthorized|no_access/) });
});

test("items that are ready are told with what they are by then, also read again", async () => {
  const { reading, world, fake, whole, signal } = openReading({ itemsReady: true, types: ["webset.item.*"] });
  world.createWebset({
    search: { query: "Companies", count: 2 },
    enrichments: [{ description: "Email", format: "email" }],
  });
  await fake.advance(120_000);
  const told: Read["events"] = [];
  const all = reading.from("1h", signal);
  while (told.length < 2) told.push(...((await fake.until(all.next())).value as Read).events);
  for (const { entry, kept } of told) {
    expect(entry).toMatchObject({
      type: expect.stringMatching(/^webset\.item\./),
      websetId: expect.any(String),
      item: { values: 1 },
    });
    const event = JSON.parse(kept);
    expect(event).toMatchObject({ object: "event", data: { enrichments: [{ status: "completed" }] } });
    expect(JSON.parse((await whole(entry, undefined)) ?? "")).toEqual(event);
  }
});

test("a run of a monitor is its Webset's", async () => {
  const { read, record, world } = openReading();
  const { id } = world.createWebset({ externalId: "mine" });
  const { id: monitorId } = world.monitors.create({
    websetId: id,
    cadence: { cron: "0 0 * * *" },
    behavior: { type: "search", config: { query: "Companies", count: 1 } },
  } as never);
  record("monitor.run.completed", { id: "event_1", data: { id: "mrun_1", monitorId, object: "monitor_run" } });
  const { events } = await read("1h");
  expect(events.find(({ entry }) => entry.eventId === "event_1")?.entry.websetId).toBe(id);
});
