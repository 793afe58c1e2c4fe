import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { EVENTS_EXTENSION } from "../../src/events-extension/protocol.ts";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { A_KEY, B_KEY, messagesOf, openHttp, sendModern, streamed } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";
import { RawClient } from "../tasks/raw-client.ts";
import { type Message, SUBSCRIPTION_ID } from "./support.ts";

const FAST = ["--poll-interval", "0.2"];
const CAPABILITIES = { extensions: { [EVENTS_EXTENSION]: {} }, events: {} };
const ALL = { name: "websets.event" };
/** Longer than the pause before any poll at this interval, in milliseconds. */
const QUIET_MS = 2_500;

const messagesIn = (program: Program): Message[] => program.lines.map((line) => JSON.parse(line));
const newWebset = { search: { query: "Makers of cargo bikes", count: 3 } };

describe.concurrent("the built program on stdio", () => {
  test("tells a client of 2026-07-28 of each event once, by streams and by polls", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox();
    const client = new RawClient(startProgram(FAST, upstream.env));
    const { capabilities } = (await client.send("server/discover")).result;
    expect(capabilities).toMatchObject({
      ...CAPABILITIES,
      extensions: { [TASKS_EXTENSION]: {}, ...CAPABILITIES.extensions },
    });
    expect((await client.send("events/list")).result).toMatchObject({
      resultType: "complete",
      events: expect.any(Array),
    });
    const { cursor } = (await client.send("events/poll", ALL)).result;

    const told = (id: number, what: string): Message[] =>
      client.notifications
        .filter(
          ({ method, params }) => method === `notifications/events/${what}` && params._meta[SUBSCRIPTION_ID] === id,
        )
        .map(({ params }) => params);
    const open = async (params: object) => {
      void client.send("events/stream", params);
      const id = client.latestId;
      await eventually(() => told(id, "active").length === 1);
      return id;
    };
    const [all, ends, items] = [await open({ ...ALL, cursor }), await open({ name: "webset.idle" }), await open(ALL)];
    const { id: websetId } = upstream.world.createWebset(newWebset);
    await eventually(() => told(ends, "event").length === 1);
    const idle = told(ends, "event")[0];
    expect(idle).toMatchObject({ name: "webset.idle", data: { websetId }, cursor: expect.any(String) });
    await eventually(() => told(all, "event").some(({ eventId }) => eventId === idle.eventId));
    const { result } = await client.send("events/poll", { ...ALL, cursor });
    const ids = (events: Message[]) => events.map(({ eventId }) => eventId).sort();
    expect(ids(result.events)).toEqual(ids(told(all, "event")));

    for (const requestId of [all, ends]) client.notify("notifications/cancelled", { requestId });
    // What is asked after them is answered after they were taken off.
    await client.send("events/list");
    const before = told(all, "event").length;
    upstream.world.createWebset(newWebset);
    await eventually(() => told(items, "event").filter(({ data }) => data.type === "webset.idle").length === 2);
    expect([told(all, "event").length, told(ends, "event").length]).toEqual([before, 1]);
    client.notify("notifications/cancelled", { requestId: items });
    await client.send("events/list");
    await sleep(QUIET_MS);
    const { total } = upstream.requests;
    await sleep(QUIET_MS);
    expect(upstream.requests.total).toBe(total);
  });

  test("does so for a client of 2025, under ids of its own kind", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    const program = startProgram(FAST, upstream.env);
    const send = (message: object) => program.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    const clientInfo = { name: "raw", version: "1" };
    send({ id: "a", method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } });
    send({ method: "notifications/initialized" });
    send({ id: "7", method: "events/stream", params: { ...ALL, cursor: null } });
    const initialized = await eventually(() => messagesIn(program).find(({ id }) => id === "a"));
    expect(initialized.result.capabilities).toMatchObject(CAPABILITIES);
    const told = () => messagesIn(program).filter(({ params }) => params?._meta?.[SUBSCRIPTION_ID] === "7");
    await eventually(() => told().length === 1);
    upstream.world.createWebset(newWebset);
    await eventually(() => told().some(({ params }) => params.data?.type === "webset.idle"));
    expect(told()[0]).toMatchObject({ method: "notifications/events/active", params: { truncated: false } });
    expect(
      new Set(
        told()
          .slice(1)
          .map(({ method }) => method),
      ),
    ).toEqual(new Set(["notifications/events/event"]));
    program.child.stdin.end();
    expect(await program.exited).toMatchObject({ code: 0 });
  });
});

describe("over HTTP", () => {
  const open = (params: object, key = A_KEY) => ({ key, method: "events/stream", params });

  test("a stream tells events, keeps alive, and ends its reading with its response", async () => {
    const { url, sandbox } = await openHttp();
    const [{ result }] = await messagesOf(await sendModern(url, { key: A_KEY, method: "server/discover" }));
    expect(result.capabilities).toMatchObject(CAPABILITIES);
    const response = await sendModern(url, open({ ...ALL, cursor: null }));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const reading = (async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        text += Buffer.from(value).toString();
      }
    })().catch(() => {});
    const told = (): Message[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
    await eventually(() => told().length === 1);
    expect(told()[0]).toMatchObject({
      method: "notifications/events/active",
      params: { cursor: expect.any(String), truncated: false, _meta: { [SUBSCRIPTION_ID]: 1 } },
    });
    sandbox.world.createWebset(newWebset);
    await eventually(() => told().some(({ params }) => params.data?.type === "webset.idle"));
    const { length } = text;
    await eventually(() => text.slice(length).includes("\n: "), { what: "a sign of life" });
    await reader.cancel();
    await reading;
    await sleep(QUIET_MS);
    const { total } = sandbox.requests;
    await sleep(QUIET_MS);
    expect(sandbox.requests.total).toBe(total);
  });

  test("a poll goes on where a stream was, and refusals are told in words", async () => {
    const { url, sandbox } = await openHttp();
    const ask = async (method: string, params: object) =>
      (await messagesOf(await sendModern(url, { key: A_KEY, method, params }))).at(-1);
    const { cursor } = (await ask("events/poll", ALL)).result;
    sandbox.world.createWebset(newWebset);
    let last: Message;
    const response = await sendModern(url, open({ ...ALL, cursor }));
    for await (const message of streamed(response)) {
      last = message;
      if (message.params.data?.type === "webset.search.completed") break;
    }
    await eventually(async () => {
      const { events } = (await ask("events/poll", { ...ALL, cursor: last.params.cursor })).result;
      return events.map(({ data }: Message) => data.type).join() === "webset.idle";
    });
    expect((await ask("events/stream", { name: "webset.none" })).error.code).toBe(-32011);
    expect((await ask("events/poll", { name: "webset.idle", arguments: { websetId: 5 } })).error.code).toBe(-32602);
  });

  test("streams are none of the calls of which there may be so many, but have a limit of their own", async () => {
    const { url, entries } = await openHttp({ limits: { calls: 1, subscriptions: 2 } });
    const opened = [await sendModern(url, open(ALL)), await sendModern(url, open(ALL))];
    for (const response of opened) {
      const active = await streamed(response).next();
      expect(active.value.method).toBe("notifications/events/active");
    }
    expect((await sendModern(url, open(ALL))).status).toBe(429);
    expect((await sendModern(url, { key: A_KEY, method: "events/poll", params: ALL })).status).toBe(200);
    expect((await sendModern(url, open(ALL, B_KEY))).status).toBe(200);
    expect(entries.map(({ method }) => method)).toContain("events/poll");
  });

  test("streams end with an answer when the server is about to stop", async () => {
    const { url, server } = await openHttp();
    const response = await sendModern(url, open(ALL));
    const messages: Message[] = [];
    const reading = (async () => {
      for await (const message of streamed(response)) {
        messages.push(message);
        if (messages.length === 1) void server.close();
      }
    })();
    await reading;
    expect(messages.at(-1)).toMatchObject({
      id: 1,
      result: { resultType: "complete", _meta: { [SUBSCRIPTION_ID]: 1 } },
    });
  });
});
