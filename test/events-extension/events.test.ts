import { describe, expect, test } from "vitest";
import { eventsError, noSuchEvent } from "../../src/events-extension/protocol.ts";
import { streamEvents } from "../../src/events-extension/stream.ts";
import { readSubscription } from "../../src/events-extension/subscription.ts";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { deliveryOf } from "../../src/server.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { refusal } from "../support/pages.ts";
import { EventsClient, type Message, openEvents, SUBSCRIPTION_ID } from "./support.ts";

const DAY_MS = 86_400_000;
const idsOf = (events: Message[]) => events.map(({ eventId }) => eventId);

describe("events/list", () => {
  test("offers every event type and one for all, each to be polled and streamed, without a required argument", async () => {
    const { client } = await openEvents();
    const { events } = (await client.request("events/list")).result;
    expect(events.map(({ name }: Message) => name)).toEqual(["websets.event", ...EVENT_TYPES.map(({ type }) => type)]);
    for (const { name, description, delivery, inputSchema, payloadSchema } of events) {
      expect(name).not.toBe("");
      expect(description).not.toBe("");
      expect(delivery).toEqual(["poll", "push"]);
      expect(inputSchema).toMatchObject({ type: "object" });
      expect(inputSchema.required).toBeUndefined();
      expect(payloadSchema).toMatchObject({ type: "object" });
    }
  });

  test("is answered without a key", async () => {
    const { newProcess } = await openEvents();
    const client = await EventsClient.open(newProcess(), { hasKey: false });
    expect((await client.request("events/list")).result.events).toHaveLength(EVENT_TYPES.length + 1);
  });
});

describe("events/poll", () => {
  test("tells where now is, without a cursor or with null, and each event from there on once", async () => {
    const { poll, record, fake } = await openEvents();
    record("webset.idle");
    await fake.advance(20_000);
    const begun = [await poll(), await poll({ cursor: null })].map(({ result }) => result);
    expect(begun[0]).toEqual({
      events: [],
      cursor: expect.any(String),
      truncated: false,
      hasMore: false,
      nextPollMs: 5_000,
    });
    expect(begun[1]).toEqual({ ...begun[0], cursor: expect.any(String) });
    await fake.advance(2_000);
    const { id, createdAt } = record("webset.item.created", { websetId: "ws_7" });
    const { result } = await poll({ cursor: begun[0].cursor });
    expect(result.events).toEqual([
      {
        eventId: id,
        name: "websets.event",
        timestamp: createdAt,
        data: {
          type: "webset.item.created",
          websetId: "ws_7",
          resource: { kind: "item", id: `of_${id}` },
          summary: expect.any(String),
        },
      },
    ]);
    const quiet = (await poll({ cursor: result.cursor })).result;
    expect(quiet).toMatchObject({ events: [], truncated: false, hasMore: false });
    expect(decodeCursor(quiet.cursor).since).toBeGreaterThan(0);
  });

  test("gives at most maxEvents, and says that there are more", async () => {
    const { poll, record, fake } = await openEvents();
    const { cursor } = (await poll()).result;
    await fake.advance(2_000);
    const ids = [1, 2, 3].map(() => record("webset.item.created").id);
    const first = (await poll({ cursor, maxEvents: 1 })).result;
    expect(idsOf(first.events)).toEqual(ids.slice(0, 1));
    expect(first.hasMore).toBe(true);
    const rest = (await poll({ cursor: first.cursor })).result;
    expect(idsOf(rest.events)).toEqual(ids.slice(1));
    expect(rest.hasMore).toBe(false);
  });

  test("tells events also where each answer takes longer than waits give their first reading", async () => {
    const { poll, record, fake } = await openEvents({ latency: () => 4_500 });
    const { cursor } = (await poll()).result;
    const { id } = record("webset.created");
    await fake.advance(10_000);
    const { result } = await poll({ cursor });
    expect(idsOf(result.events)).toEqual([id]);
  });

  test("keeps to its name and arguments", async () => {
    const { poll, record, fake } = await openEvents();
    const { cursor } = (await poll()).result;
    await fake.advance(2_000);
    const [idle, paused, other] = [
      record("webset.idle"),
      record("webset.paused"),
      record("webset.item.created", { websetId: "ws_2" }),
    ].map(({ id }) => id);
    const found = async (params: object) => idsOf((await poll({ cursor, ...params })).result.events);
    expect(await found({})).toEqual([idle, paused, other]);
    expect(await found({ name: "webset.idle" })).toEqual([idle]);
    expect(await found({ arguments: { types: ["webset.i*"] } })).toEqual([idle, other]);
    expect(await found({ arguments: { problems: true } })).toEqual([paused]);
    expect(await found({ arguments: { types: null } })).toEqual([idle, paused, other]);
  });

  test("begins later, and says so, where its cursor cannot be gone on from", async () => {
    const { poll, record, fake, now } = await openEvents();
    const old = record("webset.idle", { at: now() - 50 * DAY_MS });
    record("webset.idle", { at: now() - 3_600_000 });
    const recent = record("webset.idle", { at: now() - 60_000 });
    await fake.advance(20_000);
    const from = (agoMs: number) => encodeCursor(positionAt(now() - agoMs));
    const polled = async (params: object) => (await poll(params)).result;

    const beyondAge = await polled({ cursor: from(2 * 3_600_000), maxAgeMs: 300_000 });
    expect(beyondAge.truncated).toBe(true);
    expect(idsOf(beyondAge.events)).toEqual([recent.id]);
    const withinAge = await polled({ cursor: from(100_000), maxAgeMs: 300_000 });
    expect(withinAge.truncated).toBe(false);
    expect(idsOf(withinAge.events)).toEqual([recent.id]);
    const withoutCursor = await polled({ maxAgeMs: 300_000 });
    expect(withoutCursor).toMatchObject({ truncated: false, events: [] });

    const beyondRetention = await polled({ cursor: from(61 * DAY_MS) });
    expect(beyondRetention.truncated).toBe(true);
    expect(idsOf(beyondRetention.events)[0]).toBe(old.id);

    const notOurs = await polled({ cursor: "historyId_99842" });
    expect(notOurs).toMatchObject({ truncated: true, events: [], cursor: expect.any(String) });
    expect((await polled({ cursor: notOurs.cursor })).truncated).toBe(false);
  });

  test.each<[string, object, number, RegExp]>([
    ["an unknown event", { name: "webset.finished" }, -32011, /did you mean webset\.idle\? events\/list/],
    ["no name", { name: undefined }, -32602, /name/],
    ["a number for a Webset", { arguments: { websetId: 7 } }, -32602, /arguments\.websetId/],
    ["a text for types", { arguments: { types: "webset.idle" } }, -32602, /arguments\.types/],
    ["a misspelt type", { arguments: { types: ["webset.finished"] } }, -32602, /webset\.idle/],
    ["an argument of another event", { name: "webset.idle", arguments: { types: [] } }, -32602, /types/],
    ["arguments that are none", { arguments: ["webset.idle"] }, -32602, /arguments/],
    ["a cursor that is no text", { cursor: 5 }, -32602, /cursor/],
    ["no events at most", { maxEvents: 0 }, -32602, /maxEvents/],
    ["a Webset that is not there", { arguments: { websetId: "ws_none" } }, -32602, /not_found/],
  ])("refuses %s, and so does events/stream before it opens", async (_, params, code, says) => {
    const { poll, client, fake } = await openEvents();
    const { error } = await poll(params);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    const opened = client.request("events/stream", { name: "websets.event", ...params });
    expect((await fake.until(opened)).error).toEqual(error);
    expect(client.notifications).toEqual([]);
  });

  test("without a key says how to set it", async () => {
    const { newProcess, poll } = await openEvents();
    const { error } = await poll({}, await EventsClient.open(newProcess(), { hasKey: false }));
    expect(error).toMatchObject({
      code: -32012,
      message: expect.stringContaining("EXA_API_KEY"),
      data: { kind: "missing_key" },
    });
  });
});

describe("events/stream", () => {
  test("confirms itself, tells events as they happen, and where it is while none do", async () => {
    const { client, stream, record, fake } = await openEvents();
    const id = await stream({ name: "webset.idle" });
    expect(client.told(id)).toEqual([
      { what: "active", cursor: expect.any(String), truncated: false, _meta: { [SUBSCRIPTION_ID]: id } },
    ]);
    await fake.advance(5_000);
    record("webset.paused");
    const idle = record("webset.idle");
    await fake.advance(2_000);
    expect(client.told(id).slice(1)).toEqual([
      {
        what: "event",
        eventId: idle.id,
        name: "webset.idle",
        timestamp: idle.createdAt,
        data: expect.objectContaining({ type: "webset.idle" }),
        cursor: expect.any(String),
        _meta: { [SUBSCRIPTION_ID]: id },
      },
    ]);
    await fake.advance(60_000);
    const beats = client.told(id, "heartbeat");
    expect(beats.length).toBeGreaterThanOrEqual(2);
    const places = beats.map(({ cursor }) => decodeCursor(cursor).since);
    expect(places).toEqual([...places].sort());
    expect(places.at(-1)).toBeGreaterThan(idle.time);
    expect(client.notifications.every(({ method }) => method.startsWith("notifications/events/"))).toBe(true);
  });

  test("goes on after any of its events, with what came behind it", async () => {
    const { client, stream, record, fake } = await openEvents();
    const id = await stream();
    await fake.advance(3_000);
    const ids = [0, 1, 2, 3].map(() => record("webset.item.created").id);
    await fake.advance(2_000);
    expect(idsOf(client.told(id, "event"))).toEqual(ids);
    for (const [index, { cursor }] of client.told(id, "event").entries()) {
      const again = await stream({ cursor });
      await fake.advance(2_000);
      expect(idsOf(client.told(again, "event"))).toEqual(ids.slice(index + 1));
      client.cancel(again);
    }
  });

  test.each([
    ["of the last seconds", 0],
    ["of long ago, at one moment", 600_000],
  ])("loses nothing of a crowd %s that has no room in a cursor, wherever it is cut", async (_, agoMs) => {
    const { client, stream, record, fake, now, poll } = await openEvents();
    const { cursor: begin } = (await poll()).result;
    const from = agoMs === 0 ? begin : encodeCursor(positionAt(now() - agoMs - 60_000));
    await fake.advance(2_000);
    const at = now() - agoMs;
    const ids = Array.from(
      { length: 400 },
      (_, n) => record("webset.item.created", { at: agoMs === 0 ? at + n : at }).id,
    );
    await fake.advance(1_000);
    const whole = await stream({ cursor: from });
    await fake.advance(30_000);
    const told = client.told(whole, "event");
    expect(idsOf(told).sort()).toEqual(ids);
    client.cancel(whole);
    for (const cut of [10, 140, 200, 399]) {
      const { cursor } = told[cut - 1];
      expect(cursor.length).toBeLessThanOrEqual(1_000);
      const rest = await stream({ cursor });
      await fake.advance(30_000);
      const heard = new Set([...idsOf(told.slice(0, cut)), ...idsOf(client.told(rest, "event"))]);
      expect(heard.size).toBe(ids.length);
      client.cancel(rest);
    }
  });

  test("shares one poll loop with all others of its key, and each ends alone and at once", async () => {
    const { client, stream, record, fake, requests } = await openEvents();
    const ids = [await stream({ name: "webset.idle" }), await stream({ name: "webset.paused" }), await stream()];
    const { feed } = client.process;
    expect(ids.map((id) => client.told(id, "active").length)).toEqual([1, 1, 1]);
    await fake.advance(1_000);
    expect(feed.tails).toBe(1);
    client.cancel(ids[0] as number);
    await fake.advance(0);
    record("webset.idle");
    await fake.advance(2_000);
    expect(ids.map((id) => client.told(id, "event").length)).toEqual([0, 0, 1]);
    client.cancel(ids[1] as number);
    client.cancel(ids[2] as number);
    await fake.advance(0);
    expect(feed.tails).toBe(0);
    expect(fake.sleeping).toBe(0);
    const [notifications, asked] = [client.notifications.length, requests.length];
    record("webset.idle");
    await fake.advance(60_000);
    expect([client.notifications.length, requests.length]).toEqual([notifications, asked]);
  });

  test("outlasts trouble that passes, and tells of it once", async () => {
    const { client, stream, record, fake, trouble } = await openEvents();
    const id = await stream();
    await fake.advance(2_000);
    trouble.spoil = async () => refusal(503);
    await fake.advance(60_000);
    const event = record("webset.idle");
    expect(client.told(id, "error")).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code: -32603, data: { kind: "unavailable" } }) }),
    ]);
    trouble.spoil = (_, next) => next();
    await fake.advance(60_000);
    expect(idsOf(client.told(id, "event"))).toEqual([event.id]);
  });

  test("ends where nothing more can come, and says why", async () => {
    const { client, fake, trouble } = await openEvents();
    const answer = client.request("events/stream", { name: "websets.event" });
    const id = client.latestId;
    await fake.advance(2_000);
    trouble.spoil = async () => refusal(401);
    expect((await fake.until(answer)).result).toEqual({ _meta: { [SUBSCRIPTION_ID]: id } });
    expect(client.told(id).at(-1)).toMatchObject({
      what: "terminated",
      error: { code: -32012, data: { kind: "unauthorized" } },
    });
    expect(client.process.feed.tails).toBe(0);
    expect(fake.sleeping).toBe(0);
  });

  test("is answered with an error where the API cannot be asked when it opens", async () => {
    const { client, fake, trouble } = await openEvents();
    trouble.spoil = async () => refusal(503);
    const { error } = await fake.until(client.request("events/stream", { name: "websets.event" }));
    expect(error).toMatchObject({ code: -32603, data: { kind: "unavailable" } });
    expect(client.notifications).toEqual([]);
  });

  test("ends also where nobody reads what it tells", async () => {
    const { newProcess, fake, record } = await openEvents();
    const { feed, ...process } = newProcess();
    const stop = new AbortController();
    const sent: string[] = [];
    const streaming = streamEvents(readSubscription({ name: "webset.idle" }), deliveryOf({ feed, ...process }), {
      signal: stop.signal,
      async send(what) {
        sent.push(what);
        if (what === "event") await new Promise(() => {});
      },
    });
    await fake.advance(2_000);
    record("webset.idle");
    record("webset.idle");
    await fake.advance(60_000);
    stop.abort();
    await expect(streaming).rejects.toThrow("aborted");
    expect(sent).toEqual(["active", "event"]);
    expect([feed.tails, fake.sleeping]).toEqual([0, 0]);
  });

  test("ends in peace when the process is about to", async () => {
    const { newProcess, fake } = await openEvents();
    const closing = new AbortController();
    const client = await EventsClient.open(newProcess(), { closing: closing.signal });
    const answer = client.request("events/stream", { name: "websets.event" });
    await fake.advance(2_000);
    closing.abort();
    expect((await fake.until(answer)).result).toEqual({ _meta: { [SUBSCRIPTION_ID]: client.latestId } });
    expect(client.process.feed.tails).toBe(0);
  });
});

describe("the numbers of errors", () => {
  test("are those of the sketch, and with the switch those of the draft", () => {
    const errors = (["forbidden", "out_of_credits", "not_found", "unavailable"] as const).map(
      (kind) => new WebsetsError(kind, { what: "x" }),
    );
    expect(noSuchEvent("x.").code).toBe(-32011);
    expect(errors.map((error) => eventsError(error).code)).toEqual([-32012, -32013, -32602, -32603]);
    expect(noSuchEvent("x.", "draft").code).toBe(-32023);
    expect(errors.map((error) => eventsError(error, "draft").code)).toEqual([-32024, -32025, -32602, -32603]);
  });
});
