import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { expect, test } from "vitest";
import { Listening, Subscriptions } from "../../src/resources/subscriptions.ts";
import { silentLog } from "../../src/shared/log.ts";
import { DEMO, openWorld } from "./in-process.ts";

/** What goes by on a connection, and how many poll loops follow from it. */
async function open() {
  const { world, clock, feed, states, sandbox } = openWorld();
  const { id } = world.createWebset(DEMO);
  const listening = new Listening(new Subscriptions({ states, feed, clock, log: silentLog }));
  const uri = `websets://websets/${id}/progress`;
  const after = async (what: () => void) => {
    what();
    await clock.advance(2_000);
    return feed.tails;
  };
  const listen = (requestId: string | number, notifications: unknown = { resourceSubscriptions: [uri] }) =>
    listening.received(request(requestId, { notifications }));
  return { listening, after, listen, sandbox, uri };
}

function request(id: string | number, params: unknown): JSONRPCMessage {
  return { jsonrpc: "2.0", id, method: "subscriptions/listen", params } as JSONRPCMessage;
}

function cancelled(requestId: string | number): JSONRPCMessage {
  return { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } };
}

test("a listen is followed until it is cancelled", async () => {
  const { listening, after, listen } = await open();
  expect(await after(() => listen(7))).toBe(1);
  expect(await after(() => listening.received(cancelled(8)))).toBe(1);
  expect(await after(() => listening.received(cancelled("7")))).toBe(1);
  expect(await after(() => listening.received(cancelled(7)))).toBe(0);
});

test("a listen that is cancelled in the same breath is not followed", async () => {
  const { listening, after, listen } = await open();
  const both = () => {
    listen("one");
    listening.received(cancelled("one"));
  };
  expect(await after(both)).toBe(0);
});

test("a listen that is refused is not followed", async () => {
  const { listening, after, listen } = await open();
  await after(() => listen(7));
  const refused = (id: number): JSONRPCMessage => ({ jsonrpc: "2.0", id, error: { code: -32602, message: "no" } });
  expect(await after(() => listening.sent(refused(8)))).toBe(1);
  expect(await after(() => listening.sent(refused(7)))).toBe(0);
});

test("a listen under the id of another takes its place", async () => {
  const { after, listen } = await open();
  await after(() => listen(7));
  expect(await after(() => listen(7, { toolsListChanged: true }))).toBe(0);
});

test.each([undefined, null, {}, { resourceSubscriptions: "all" }, { resourceSubscriptions: [null, 3, "x"] }])(
  "a listen to %j asks nothing of the API",
  async (notifications) => {
    const { listening, after, sandbox } = await open();
    expect(await after(() => listening.received(request(7, { notifications })))).toBe(0);
    expect(await after(() => listening.received(request(8, undefined)))).toBe(0);
    expect(sandbox.requests.total).toBe(0);
  },
);
