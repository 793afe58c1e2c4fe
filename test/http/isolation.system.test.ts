import { expect, test } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { createSandbox } from "../../src/sandbox/server.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { eventually } from "../support/eventually.ts";
import { sandboxTransport } from "../support/sandbox-transport.ts";
import { A_KEY, B_KEY, messagesOf, openHttp, sendModern, streamed } from "./support.ts";

/** In everything of B's: its Webset, its queries, what it finds. */
const MARK = "bravo-mark";

/** Two keys whose accounts are two worlds, as on the API. */
async function openTwo() {
  const clock = systemClock;
  const ofB = createSandbox({ clock, speed: 1, seed: 8 });
  const { id: bWebset } = ofB.world.createWebset({
    title: MARK,
    externalId: `${MARK}-external`,
    search: { query: MARK, count: 500 },
  });
  const world = await openHttp({
    via: (ofA): Transport => {
      const toB = sandboxTransport(ofB, clock, () => 0);
      return (request) => (Object.values(request.headers).includes(B_KEY) ? toB(request) : ofA(request));
    },
  });
  const ask = (key: string) => async (method: string, params: object, id?: string) =>
    (await messagesOf(await sendModern(world.url, { key, method, params, ...(id !== undefined && { id }) }))).at(-1);
  return { ...world, ofB, bWebset, a: ask(A_KEY), b: ask(B_KEY) };
}

const call = (name: string, args: object) => ["tools/call", { name, arguments: args }] as const;

test("tenant A finds nothing of tenant B's, whatever it tries", async () => {
  const { a, b, url, bWebset, ofB, entries, lines, post, origin } = await openTwo();
  const uri = `websets://websets/${bWebset}/progress`;

  // What B has: events, a cursor, a task under way and one that has ended, a stream of updates, a session, ids to be completed.
  const { result: listed } = await b(...call("list_webset_events", {}));
  const { cursor, events } = listed.structuredContent;
  expect(JSON.stringify(events)).toContain(MARK);
  const waiting = { types: ["webset.export.created"], timeoutSeconds: 300 };
  const { result: task } = await b(...call("wait_for_webset_event", waiting));
  expect(task).toMatchObject({ resultType: "task", taskId: expect.any(String) });
  const updatesOfB: unknown[] = [];
  const listening = await sendModern(url, {
    key: B_KEY,
    method: "subscriptions/listen",
    params: listenTo([uri], [task.taskId]),
    id: "l",
  });
  void (async () => {
    for await (const message of streamed(listening)) updatesOfB.push(message);
  })();
  await eventually(() => updatesOfB.length >= 2);
  const initialized = await post(initialize(), { "x-exa-api-key": B_KEY });
  const session = initialized.headers.get("mcp-session-id") ?? "";
  expect(session).toMatch(/^[0-9a-f-]{36}$/);
  const open = await post(callOf2025("wait_for_webset_event", { timeoutSeconds: 25 }, "wait"), {
    "x-exa-api-key": B_KEY,
    "mcp-session-id": session,
  });

  // A tries to see each of them.
  const tried: unknown[] = [
    await a("tasks/get", { taskId: task.taskId }),
    await a("tasks/cancel", { taskId: task.taskId }),
    await a(...call("get_webset_progress", { websetId: bWebset })),
    await a(...call("list_webset_items", { websetId: bWebset })),
    await a(...call("get_webset_event", { eventId: events[0].id })),
    await a(...call("list_webset_events", { websetId: bWebset })),
    await a(...call("list_websets", {})),
    await a(...call("wait_for_webset_event", { after: cursor, timeoutSeconds: 0 })),
    await a("events/poll", { name: "websets.event", cursor }),
    await a("events/poll", { name: "websets.event", arguments: { websetId: bWebset } }),
    await a("resources/read", { uri }),
    await a("resources/read", { uri: `websets://events/${events[0].id}` }),
  ];
  for (const [name, template] of [
    ["websetId", "websets://websets/{websetId}/progress"],
    ["eventId", "websets://events/{eventId}"],
  ] as const) {
    const ref = { type: "ref/resource", uri: template };
    const completed = await a("completion/complete", { ref, argument: { name, value: "" } });
    expect(completed.result.completion.values).toEqual([]);
  }
  const updatesOfA: unknown[] = [];
  const overheard = await sendModern(url, {
    key: A_KEY,
    method: "subscriptions/listen",
    params: listenTo([uri], [task.taskId]),
    id: "l",
  });
  void (async () => {
    for await (const message of streamed(overheard)) updatesOfA.push(message);
  })();
  // B's session under A's key: its stream, its end, and a cancel of its wait.
  const stream = await fetch(url, {
    headers: { accept: "text/event-stream", "x-exa-api-key": A_KEY, "mcp-session-id": session },
  });
  tried.push(
    await messagesOf(
      await post(
        { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "wait" } },
        { "mcp-session-id": session },
      ),
    ),
  );
  await fetch(url, { method: "DELETE", headers: { "x-exa-api-key": A_KEY, "mcp-session-id": session } });

  // Now something happens at B's.
  ofB.world.cancelWebset(bWebset);
  await eventually(() => updatesOfB.length >= 3);

  // A learned nothing that it had not said itself, and changed nothing.
  expect(JSON.stringify(tried)).not.toContain(MARK);
  expect(tried[0]).toMatchObject({ error: { code: -32_602 } });
  expect(updatesOfA.every((one) => JSON.stringify(one).includes("acknowledged"))).toBe(true);
  expect(JSON.stringify(updatesOfA)).not.toContain(task.taskId);
  const [ofWait] = await Promise.all([messagesOf(open), stream.body?.cancel()]);
  expect(ofWait).toMatchObject([{ id: "wait", result: { structuredContent: { outcome: "events" } } }]);
  expect(await b("tasks/get", { taskId: task.taskId })).toMatchObject({ result: { status: "working" } });
  await b("tasks/cancel", { taskId: task.taskId });

  // And nothing of anybody's stands where operators read.
  const page = await (await fetch(`${origin}/metrics`)).text();
  const seen = JSON.stringify([entries, lines, page]);
  for (const secret of [MARK, A_KEY, B_KEY, task.taskId, cursor, session]) expect(seen).not.toContain(secret);
  await listening.body?.cancel().catch(() => {});
  await overheard.body?.cancel().catch(() => {});
});

test("a key never leaves, whatever the API says of it", async () => {
  const said =
    (status: number): Transport =>
    async ({ headers }) => ({
      status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        error: `key ${Object.values(headers).join(" ")}`,
        message: `your key is ${B_KEY}`,
        tag: "X",
      }),
    });
  for (const status of [400, 401, 403, 404, 500]) {
    const { url, entries, lines } = await openHttp({ via: () => said(status) });
    const answers = [];
    for (const [name, args] of [
      ["list_websets", {}],
      ["get_webset_progress", { websetId: "x" }],
      ["get_webset_progress", { websetId: B_KEY }],
    ] as const) {
      answers.push(
        await messagesOf(
          await sendModern(url, { key: B_KEY, method: "tools/call", params: { name, arguments: args } }),
        ),
      );
    }
    expect(JSON.stringify([answers, entries, lines])).not.toContain(B_KEY);
  }
});

function listenTo(resourceSubscriptions: string[], taskIds: string[]) {
  return { notifications: { resourceSubscriptions, taskIds } };
}

function initialize() {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  return { jsonrpc: "2.0", id: 0, method: "initialize", params };
}

function callOf2025(name: string, args: object, id: string) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}
