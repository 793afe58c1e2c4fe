import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { DEMO, LONG_MS, openWorld } from "./in-process.ts";
import { ERA_NAMES, openSession } from "./session.ts";

describe.each(ERA_NAMES)("resources, as a client of %s meets them", (era) => {
  async function open(options: Parameters<typeof openWorld>[0] = {}) {
    const opened = openWorld(options);
    return { ...opened, session: await openSession(era, opened) };
  }

  async function openFinished() {
    const opened = await open();
    const { id } = opened.world.createWebset(DEMO);
    await opened.clock.advance(LONG_MS);
    const events = [...opened.world.events.walk({ order: "oldest-first" })].map(({ event }) => event);
    return { ...opened, id, events };
  }

  test("the list and the templates are those of the design", async () => {
    const { session } = await open();
    const { resources } = await session.client.listResources();
    const { resourceTemplates } = await session.client.listResourceTemplates();
    expect(resources.map(({ uri }) => uri)).toEqual(["websets://event-types"]);
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "websets://event-types/{type}",
      "websets://events/{eventId}",
      "websets://websets/{websetId}/progress",
    ]);
    for (const { title, description, mimeType } of [...resources, ...resourceTemplates]) {
      expect(title).toMatch(/^Webset /);
      expect(description?.length).toBeGreaterThan(20);
      expect(mimeType).toBe("application/json");
    }
  });

  test("the server says that it takes subscriptions, and that its lists never change", async () => {
    const { session } = await open();
    expect(session.capabilities()).toMatchObject({
      tools: { listChanged: false },
      resources: { subscribe: true, listChanged: false },
      prompts: { listChanged: false },
      completions: {},
    });
  });

  test("the catalogue of event types holds all of them", async () => {
    const { session } = await open();
    expect(await session.read("websets://event-types")).toEqual({ eventTypes: EVENT_TYPES });
  });

  test("each event type has its facts, a schema and an example", async () => {
    const { session } = await open();
    for (const facts of EVENT_TYPES) {
      const { dataSchema, example, ...rest } = await session.read(`websets://event-types/${facts.type}`);
      expect(rest).toEqual(facts);
      expect(dataSchema.title).toBe(facts.resource);
      expect(example.type).toBe(facts.type);
    }
  });

  test("an unknown event type is refused with the nearest ones", async () => {
    const { session } = await open();
    const { code, message, data } = await session.refusal("websets://event-types/webset.search.complete");
    expect(code).toBe(-32602);
    expect(message).toContain('not_found: There is no event type "webset.search.complete"');
    expect(message).toContain("did you mean webset.search.completed?");
    expect(data).toEqual({ uri: "websets://event-types/webset.search.complete" });
  });

  test("an event comes whole, as the upstream has it", async () => {
    const { session, events, world, clock } = await openFinished();
    const content = "A long page. ".repeat(40_000);
    const odd = world.record("webset.item.created", { id: "item_1", properties: { content }, unheardOf: [1, null] });
    for (const event of [...events, odd]) {
      expect(await clock.until(session.read(`websets://events/${event.id}`))).toEqual(event);
    }
  });

  test("an unknown event is refused with the retention", async () => {
    const { session } = await open();
    const { code, message, data } = await session.refusal("websets://events/event_nowhere");
    expect(code).toBe(-32602);
    expect(message).toMatch(/^not_found: .*"event_nowhere".*60 days/);
    expect(data).toEqual({ uri: "websets://events/event_nowhere" });
  });

  test("progress is what get_webset_progress gives, by id and by an externalId that needs encoding", async () => {
    const { session, world } = await open();
    const { id } = world.createWebset({ ...DEMO, externalId: "our robots: 100 %20" });
    const called = await session.client.callTool({ name: "get_webset_progress", arguments: { websetId: id } });
    const { progress } = called.structuredContent as { progress: { websetId: string } };
    expect(progress.websetId).toBe(id);
    expect(await session.read(`websets://websets/${id}/progress`)).toEqual(progress);
    const encoded = encodeURIComponent("our robots: 100 %20");
    expect(await session.read(`websets://websets/${encoded}/progress`)).toEqual(progress);
  });

  test("an unknown Webset is refused", async () => {
    const { session } = await open();
    const { code, message, data } = await session.refusal("websets://websets/ws_nowhere/progress");
    expect(code).toBe(-32602);
    expect(message).toMatch(/^not_found: .*"ws_nowhere"/);
    expect(data).toEqual({ uri: "websets://websets/ws_nowhere/progress" });
  });

  test.each([
    ["an encoded slash", "websets://websets/a%2Fb/progress", "websetId contains a slash"],
    ["a slash", "websets://websets/a/b/progress", "websetId contains a slash"],
    ["a slash", "websets://events/a/b", "eventId contains a slash"],
    ["an encoded backslash", "websets://events/a%5Cb", "eventId contains a slash"],
    ["dots", "websets://events/a%2F..%2F..%2Fwebsets", "eventId contains a slash"],
    ["a control character", "websets://events/a%0Ab", "eventId contains a control character"],
    ["nothing", "websets://events/", "eventId is empty"],
    ["a blank", "websets://websets/%20/progress", "websetId is empty"],
    ["too much", `websets://events/${"a".repeat(301)}`, "eventId is longer than 300 characters"],
  ])("an id with %s in it is refused before the upstream hears of it: %s", async (_, uri, text) => {
    const { session, sandbox } = await open();
    const { code, message } = await session.refusal(uri);
    expect(code).toBe(-32602);
    expect(message).toContain(`invalid_request: ${text}. Pass `);
    expect(sandbox.requests.total).toBe(0);
  });

  test("a broken encoding stands for itself", async () => {
    const { session } = await open();
    const { message } = await session.refusal("websets://events/100%");
    expect(message).toMatch(/^not_found: .*"100%"/);
  });

  test.each([
    "websets://websets/ws_1",
    "websets://websets/progress",
    "websets://nothing",
    "websets://events",
    "https://api.exa.ai/",
  ])("%s is no resource", async (uri) => {
    const { session, sandbox } = await open();
    const { code, data } = await session.refusal(uri);
    expect(code).toBe(-32602);
    expect(data).toEqual({ uri });
    expect(sandbox.requests.total).toBe(0);
  });

  test("a missing key is explained", async () => {
    const { session } = await open({ apiKey: undefined });
    for (const uri of ["websets://events/event_1", "websets://websets/ws_1/progress"]) {
      const { code, message } = await session.refusal(uri);
      expect(code).toBe(-32603);
      expect(message).toMatch(/^missing_key: .*Set EXA_API_KEY/);
    }
    expect((await session.read("websets://event-types")).eventTypes).toHaveLength(19);
  });

  test.each([
    [401, /^unauthorized: .*Check EXA_API_KEY/],
    [403, /^forbidden: /],
    [429, /^rate_limited: /],
  ])("an upstream that answers %i is explained without its own words", async (status, text) => {
    const { session, clock, trouble } = await open({ apiKey: "secret-key" });
    trouble.answer = { status };
    const { code, message } = await clock.until(session.refusal("websets://events/event_1"));
    expect(code).toBe(-32603);
    expect(message).toMatch(text);
    expect(message).not.toContain("secret-key");
    expect(message).not.toMatch(/ at .*\.ts/);
  });

  test("templates complete event types by what was typed", async () => {
    const { session } = await open();
    const ref = { type: "ref/resource" as const, uri: "websets://event-types/{type}" };
    expect(await session.complete(ref, "type", "webset.search.")).toEqual([
      "webset.search.created",
      "webset.search.updated",
      "webset.search.completed",
      "webset.search.canceled",
    ]);
    expect(await session.complete(ref, "type", "")).toHaveLength(EVENT_TYPES.length);
    expect(await session.complete(ref, "type", "x")).toEqual([]);
  });

  test("templates complete the ids that were seen, the latest first", async () => {
    const { session, id, events } = await openFinished();
    const eventRef = { type: "ref/resource" as const, uri: "websets://events/{eventId}" };
    const websetRef = { type: "ref/resource" as const, uri: "websets://websets/{websetId}/progress" };
    expect(await session.complete(eventRef, "eventId", "")).toEqual([]);
    const [first, second] = events as unknown as [{ id: string }, { id: string }];
    await session.read(`websets://events/${first.id}`);
    await session.read(`websets://events/${second.id}`);
    expect(await session.complete(eventRef, "eventId", "event_")).toEqual([second.id, first.id]);
    expect(await session.complete(eventRef, "eventId", second.id.slice(0, -1))).toEqual([second.id]);
    expect(await session.complete(websetRef, "websetId", "webset_")).toEqual([id]);
  });
});

describe("what a client of 2026-07-28 may keep", () => {
  const DAY_MS = 86_400_000;

  test("is said with each answer", async () => {
    const opened = openWorld();
    const { id } = opened.world.createWebset(DEMO);
    const event = opened.world.record("webset.idle", {});
    const { client } = await openSession("2026-07-28", opened);
    const forAll = { ttlMs: DAY_MS, cacheScope: "public" };
    expect(await client.listTools()).toMatchObject(forAll);
    expect(await client.listResources()).toMatchObject(forAll);
    expect(await client.listResourceTemplates()).toMatchObject(forAll);
    expect(await client.listPrompts()).toMatchObject(forAll);
    expect(await client.readResource({ uri: "websets://event-types" })).toMatchObject(forAll);
    expect(await client.readResource({ uri: "websets://event-types/webset.idle" })).toMatchObject(forAll);
    const past = await client.readResource({ uri: `websets://events/${event.id}` });
    expect(past).toMatchObject({ ttlMs: DAY_MS, cacheScope: "private" });
    const progress = await client.readResource({ uri: `websets://websets/${id}/progress` });
    expect(progress).toMatchObject({ ttlMs: 0, cacheScope: "private" });
  });

  test("is not said in the era before", async () => {
    const { client } = await openSession("2025-11-25", openWorld());
    expect(await client.readResource({ uri: "websets://event-types" })).not.toHaveProperty("ttlMs");
    expect(await client.listResources()).not.toHaveProperty("ttlMs");
  });
});
