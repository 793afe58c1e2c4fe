import { describe, expect, test } from "vitest";
import { abortError } from "../../src/shared/errors.ts";
import { eventually } from "../support/eventually.ts";
import {
  A_KEY,
  callTool,
  type Legacy,
  messagesOf,
  openHttp,
  openLegacy,
  openModern,
  sendModern,
  streamed,
} from "./support.ts";

const HEADERS = { "x-exa-api-key": A_KEY };

const ERAS = [
  ["2025-11-25", async (url: string) => (await openLegacy(url, HEADERS)).client],
  // The calls of the tests are the same in both.
  ["2026-07-28", async (url: string) => (await openModern(url, HEADERS)) as unknown as Legacy],
] as const;

/** How many calls the server answers at present. */
async function callsAt(origin: string): Promise<number> {
  const page = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^websets_events_mcp_calls (\d+)$/m.exec(page)?.[1]);
}

describe.each(ERAS)("a client of %s over HTTP", (_, open) => {
  test("finds what there is on stdio", async () => {
    const { url, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 3 } });
    const client = await open(url);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("wait_for_webset_event");
    expect(client.getInstructions()).toContain("Follow Exa Websets");
    const found = await client.callTool({ name: "wait_for_webset", arguments: { websetId: id, until: "idle" } });
    expect(found.structuredContent).toMatchObject({ outcome: "reached", progress: { websetId: id } });
    const { contents } = await client.readResource({ uri: `websets://websets/${id}/progress` });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining(id) });
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["track_webset"]);
    const ref = { type: "ref/prompt" as const, name: "track_webset" };
    const completed = await client.complete({ ref, argument: { name: "websetId", value: id.slice(0, 3) } });
    expect(completed.completion.values).toContain(id);
  });

  test("hears of a wait's progress", async () => {
    const { url } = await openHttp();
    const client = await open(url);
    const heard: unknown[] = [];
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 1 } };
    const waited = await callTool(client, args, { onprogress: (progress: unknown) => heard.push(progress) });
    expect(waited.structuredContent).toMatchObject({ outcome: expect.any(String), cursor: expect.any(String) });
    expect(heard[0]).toMatchObject({ progress: 0, message: "0 of 1 events" });
  });

  test("ends a wait at once by cancelling it, down to the request to the API", async () => {
    const asked: AbortSignal[] = [];
    const { url, origin } = await openHttp({
      via:
        () =>
        ({ signal }) =>
          hung(signal, asked),
    });
    const client = await open(url);
    const cancel = new AbortController();
    const options = { signal: cancel.signal, timeout: 60_000 };
    const args = { name: "wait_for_webset_event", arguments: { timeoutSeconds: 25 } };
    const waiting = callTool(client, args, options).catch(() => "cancelled");
    await eventually(() => asked.length > 0);
    expect(await callsAt(origin)).toBe(1);
    cancel.abort();
    expect(await waiting).toBe("cancelled");
    await eventually(async () => (await callsAt(origin)) === 0);
    await eventually(() => asked.every(({ aborted }) => aborted));
  });
});

/** A request to an API that never answers. */
function hung(signal: AbortSignal, asked: AbortSignal[]): Promise<never> {
  asked.push(signal);
  return new Promise((_, reject) => void signal.addEventListener("abort", () => reject(abortError())));
}

test.each([["initialize"], ["resources/subscribe"], ["resources/unsubscribe"]])(
  "a client of 2026-07-28 is told that %s is no method any more",
  async (method) => {
    const { url } = await openHttp();
    const response = await sendModern(url, { key: A_KEY, method });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ id: 1, error: { code: -32_601 } });
  },
);

describe("a task", () => {
  test("is told of to who listens for nothing else, until it has ended", async () => {
    const { url, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 5 } });
    const args = { websetId: id, until: "idle", timeoutSeconds: 300 };
    const params = { name: "wait_for_webset", arguments: args };
    const [{ result: task }] = await messagesOf(await sendModern(url, { key: A_KEY, method: "tools/call", params }));
    expect(task).toMatchObject({ resultType: "task", status: "working" });
    expect(task).not.toHaveProperty("content");
    const notifications = { taskIds: [task.taskId] };
    const listening = await sendModern(url, {
      key: A_KEY,
      method: "subscriptions/listen",
      params: { notifications },
      id: "listen",
    });
    const heard: { method: string; params: Record<string, unknown> }[] = [];
    for await (const message of streamed(listening)) {
      heard.push(message);
      if (message.params?.status === "completed") break;
    }
    expect(heard[0]).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds: [task.taskId] } },
    });
    expect(heard[0]?.params.notifications).not.toHaveProperty("resourceSubscriptions");
    expect(heard[1]).toMatchObject({ method: "notifications/tasks", params: { taskId: task.taskId } });
    expect(heard.at(-1)?.params.result).toMatchObject({ structuredContent: { outcome: "reached" } });
  });
});

describe("updates", () => {
  test("come on the stream of a session of 2025-11-25", async () => {
    const { url, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 5 } });
    const uri = `websets://websets/${id}/progress`;
    const { client } = await openLegacy(url, HEADERS);
    const updates: unknown[] = [];
    client.fallbackNotificationHandler = async ({ params }) => void updates.push(params);
    await client.subscribeResource({ uri });
    sandbox.world.cancelWebset(id);
    await eventually(() => updates.length > 0);
    expect(updates[0]).toMatchObject({ uri });
  });

  test("come on a listen of 2026-07-28, which ends with it", async () => {
    const { url, origin, sandbox } = await openHttp();
    const { id } = sandbox.world.createWebset({ search: { query: "robots", count: 5 } });
    const uri = `websets://websets/${id}/progress`;
    const client = await openModern(url, HEADERS);
    const updates: unknown[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updates.push(params));
    const listening = await client.listen({ resourceSubscriptions: [uri] });
    sandbox.world.cancelWebset(id);
    await eventually(() => updates.length > 0);
    expect(updates[0]).toMatchObject({ uri });
    await listening.close();
    const watched = async () => (await (await fetch(`${origin}/metrics`)).text()).includes("watched_websets 0\n");
    await eventually(watched);
  });
});
