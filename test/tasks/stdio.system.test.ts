import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectedMcpSessionPort, resultFromTaskOutcome, withTasks } from "@modelcontextprotocol/ext-tasks/client";
import {
  CallToolResultV2Schema,
  CreateTaskResultV2Schema,
  GetTaskResultV2Schema,
  hasTaskServerCapabilityV2,
  isTaskStatusNotificationV2,
} from "@modelcontextprotocol/ext-tasks/core/v2";
import { describe, expect } from "vitest";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { eventually } from "../support/eventually.ts";
import { refused, spoiling } from "../support/faulty.ts";
import { heldClock } from "../support/held-clock.ts";
import { type Starters, test } from "../support/stdio-test.ts";
import type { Upstream } from "../support/upstream.ts";
import { DECLARED, type Message, RawClient, UNDECLARED } from "./raw-client.ts";

const FAST = ["--poll-interval", "0.2"];
const HOUR_MS = 3_600_000;
/** Slow enough that a search does not end within a test. */
const ENDLESS = { speed: 0.01 };

/** A client whose program is up: what its upstream begins from here on does not end while it starts. */
async function connect(start: Starters["startProgram"], { env }: Pick<Upstream, "env">, args: readonly string[] = []) {
  const client = new RawClient(start([...FAST, ...args], env));
  await client.send("server/discover");
  return client;
}

const newWebset = ({ world }: Upstream, count = 5) =>
  world.createWebset({ search: { query: "Makers of cargo bikes", count } });

const polls = ({ requests }: Upstream) => requests.counts["GET /websets/v0/events"] ?? 0;

/** A client, and a Webset of `count` items that it can wait for. */
async function connectToWebset(
  { startProgram, startSandbox }: Pick<Starters, "startProgram" | "startSandbox">,
  sandbox: Parameters<Starters["startSandbox"]>[0],
  count?: number,
) {
  const upstream = await startSandbox(sandbox);
  const client = await connect(startProgram, upstream);
  return { upstream, client, websetId: newWebset(upstream, count).id };
}

/** The same, with a Webset in which nothing happens before it is let go. */
async function connectToHeldWebset(starters: Pick<Starters, "startProgram" | "startSandbox">, speed = 20) {
  const clock = heldClock();
  return { ...(await connectToWebset(starters, { clock, speed }, 10)), letGo: clock.letGo };
}

describe.concurrent("a client that declares tasks", () => {
  test("finds them offered by server/discover", async ({ startProgram }) => {
    const client = new RawClient(startProgram());
    const { capabilities } = (await client.send("server/discover")).result;
    expect(hasTaskServerCapabilityV2(capabilities)).toBe(true);
    expect(capabilities.extensions[TASKS_EXTENSION]).toEqual({});
  });

  test("gets a task for a search under way, follows it, and finds in it what the tool would have answered", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId, letGo } = await connectToHeldWebset({ startProgram, startSandbox }, 4);
    const created = await client.call("wait_for_webset", { websetId });
    expect(CreateTaskResultV2Schema.safeParse(created).success).toBe(true);
    expect(created).toMatchObject({ resultType: "task", status: "working", ttlMs: 2 * HOUR_MS });
    expect(created.pollIntervalMs).toBeGreaterThanOrEqual(200);
    expect(created.pollIntervalMs).toBeLessThanOrEqual(1_000);
    for (const name of ["content", "structuredContent", "result", "task"]) expect(created).not.toHaveProperty(name);

    const { taskId } = created;
    const first = await client.get(taskId);
    expect(GetTaskResultV2Schema.safeParse(first).success).toBe(true);
    expect(first).toMatchObject({ resultType: "complete", taskId, status: "working", createdAt: created.createdAt });
    letGo();
    const messages = new Set<string>();
    const task = await client.ended(taskId, (now) => messages.add(now.statusMessage));
    expect(GetTaskResultV2Schema.safeParse(task).success).toBe(true);
    expect(
      [...messages].filter((message) => /\d+ of 10 found, \d+ %.*; cursor \S+$/.test(message)).length,
    ).toBeGreaterThan(2);
    expect(task.statusMessage).toMatch(/search completed .*10 of 10 found$/);
    expect(task.status).toBe("completed");

    const { result } = task;
    expect(CallToolResultV2Schema.safeParse(result).success).toBe(true);
    expect(result.content).toEqual([{ type: "text", text: JSON.stringify(result.structuredContent) }]);
    expect(result.structuredContent).toMatchObject({ outcome: "reached", progress: { searches: [{ found: 10 }] } });
    const direct = await client.call("wait_for_webset", { websetId }, UNDECLARED);
    const changing = {
      now: "",
      cursor: "",
      next: "",
      waitedSeconds: 0,
      progress: { updatedAt: "", status: "", summary: "", enrichments: [] },
    };
    expect({ ...result.structuredContent, ...changing }).toEqual({ ...direct.structuredContent, ...changing });
    expect(Object.keys(result).sort()).toEqual(
      Object.keys(direct)
        .filter((key) => key !== "_meta")
        .sort(),
    );
  });

  test("gets the answer itself where it is there already", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    const client = await connect(startProgram, upstream);
    const { id: websetId } = upstream.world.past(600_000, () => newWebset(upstream));
    const answer = await client.call("wait_for_webset", { websetId });
    expect(answer).toMatchObject({ resultType: "complete", structuredContent: { outcome: "reached" } });

    const all = { types: ["webset.item.created"], after: new Date(Date.now() - 900_000).toISOString(), limit: 5 };
    const events = await client.call("wait_for_webset_event", all);
    expect(events).toMatchObject({ resultType: "complete", structuredContent: { outcome: "events" } });
    expect(events.structuredContent.events).toHaveLength(5);

    const look = await client.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 0 });
    expect(look).toMatchObject({ resultType: "complete", structuredContent: { outcome: "quiet" } });
    const unknown = await client.call("wait_for_webset", { websetId: "webset_nowhere" });
    expect(unknown).toMatchObject({ resultType: "complete", isError: true });
    const progress = await client.call("get_webset_progress", { websetId });
    expect(progress).toMatchObject({ resultType: "complete", structuredContent: { progress: { websetId } } });
  });

  test("gets the answer itself also where somebody else's quiet wait shares the poll loop", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox(ENDLESS);
    // The longest interval: without hurry the next poll is a minute away.
    const client = new RawClient(startProgram(["--poll-interval", "60"], upstream.env));
    const waiting = await client.call("wait_for_webset_event", { types: ["webset.created"] });
    expect(waiting.resultType).toBe("task");
    const after = new Date(Date.now() - 2_000).toISOString();
    newWebset(upstream);
    const answer = await client.call("wait_for_webset_event", { types: ["webset.created"], after });
    expect(answer).toMatchObject({ resultType: "complete", structuredContent: { outcome: "events" } });
  });

  test("waits for events in the background, and loses none between one task and the next", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox(ENDLESS);
    const client = await connect(startProgram, upstream);
    const args = { types: ["webset.created"], atLeast: 2, limit: 2 };
    const created = await client.call("wait_for_webset_event", args);
    expect(created).toMatchObject({
      resultType: "task",
      statusMessage: expect.stringMatching(/^0 of 2 events; cursor \S+$/),
    });
    const ids = [newWebset(upstream).id];
    await client.until(created.taskId, ({ statusMessage }) => /^1 of 2 events; cursor \S+$/.test(statusMessage));
    for (let i = 0; i < 3; i++) ids.push(newWebset(upstream).id);
    const { result, statusMessage } = await client.ended(created.taskId);
    expect(statusMessage).toBe("2 of 2 events");
    const first = result.structuredContent;
    const rest = await client.call("wait_for_webset_event", { ...args, after: first.cursor });
    expect(rest.resultType).toBe("complete");
    const seen = [...first.events, ...rest.structuredContent.events].map((event: Message) => event.websetId);
    // Those of one millisecond come in the order of their ids.
    expect(seen.sort()).toEqual(ids.sort());
  });

  test("may name a time beyond what a call may wait, up to a day", async ({ startProgram, startSandbox }) => {
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, ENDLESS);
    const long = await client.call("wait_for_webset", { websetId, timeoutSeconds: 86_400 });
    expect(long).toMatchObject({ resultType: "task", ttlMs: 25 * HOUR_MS });
    const longer = await client.call("wait_for_webset", { websetId, timeoutSeconds: 86_401 });
    expect(longer).toMatchObject({ resultType: "task", ttlMs: 25 * HOUR_MS });
  });

  test("is bound by --max-task-wait, also for the time it does not name", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox(ENDLESS);
    const client = await connect(startProgram, upstream, ["--max-task-wait", "600"]);
    const { id: websetId } = newWebset(upstream);
    expect(await client.call("wait_for_webset", { websetId })).toMatchObject({ ttlMs: 600_000 + HOUR_MS });
    const longer = await client.call("wait_for_webset", { websetId, timeoutSeconds: 601 });
    expect(longer).toMatchObject({ ttlMs: 600_000 + HOUR_MS });
  });

  test("gets a task that runs out of time completed, with a result that says how to go on", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, ENDLESS);
    const startedAt = performance.now();
    const created = await client.call("wait_for_webset", { websetId, timeoutSeconds: 1.5 });
    expect(created.resultType).toBe("task");
    const { status, result } = await client.ended(created.taskId);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_500);
    expect(status).toBe("completed");
    expect(result.structuredContent).toMatchObject({
      outcome: "still_running",
      next: expect.stringContaining(websetId),
    });
  });

  test("finds a tool's error in a completed task", async ({ startProgram, startSandbox }) => {
    let refuses = false;
    const refuse = refused(401, "Invalid API key");
    const faults = spoiling({ "/events?": (answer) => (refuses ? refuse(answer) : answer) });
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, { ...ENDLESS, faults });
    const { taskId } = await client.call("wait_for_webset", { websetId });
    expect((await client.get(taskId)).status).toBe("working");
    refuses = true;
    const { status, result } = await client.ended(taskId);
    expect(status).toBe("completed");
    expect(CallToolResultV2Schema.safeParse(result).success).toBe(true);
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^unauthorized: /) }] });
  });

  test("ends a task with tasks/cancel, and the polling with it", async ({ startProgram, startSandbox }) => {
    const { upstream, client, websetId } = await connectToWebset({ startProgram, startSandbox }, ENDLESS);
    const { taskId } = await client.call("wait_for_webset", { websetId });
    await eventually(() => polls(upstream) >= 2);
    const { result } = await client.send("tasks/cancel", { taskId });
    expect(Object.keys(result).filter((key) => key !== "_meta")).toEqual(["resultType"]);
    const cancelled = await client.get(taskId);
    expect(GetTaskResultV2Schema.safeParse(cancelled).success).toBe(true);
    expect(cancelled).toMatchObject({
      status: "cancelled",
      statusMessage: expect.stringMatching(/^Cancelled at: .*found/),
    });
    // A poll that was under way has arrived before this request; in the time after it there would have been some more.
    await client.call("get_webset_progress", { websetId });
    const before = upstream.requests.total;
    await sleep(700);
    expect(upstream.requests.total).toBe(before);
    expect((await client.send("tasks/cancel", { taskId })).result.resultType).toBe("complete");
    expect(await client.get(taskId)).toEqual(cancelled);
  });

  test("does not end a task with notifications/cancelled for the call that began it", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId, letGo } = await connectToHeldWebset({ startProgram, startSandbox });
    const { taskId } = await client.call("wait_for_webset", { websetId });
    client.notify("notifications/cancelled", { requestId: client.latestId });
    expect((await client.get(taskId)).status).toBe("working");
    letGo();
    expect((await client.ended(taskId)).result.structuredContent.outcome).toBe("reached");
  });

  test("has no use for tasks/update, which is acknowledged and changes nothing", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, ENDLESS);
    const { taskId } = await client.call("wait_for_webset", { websetId });
    const { result } = await client.send("tasks/update", { taskId, inputResponses: { some: { action: "accept" } } });
    expect(Object.keys(result).filter((key) => key !== "_meta")).toEqual(["resultType"]);
    expect((await client.get(taskId)).status).toBe("working");
  });

  test("gets progress notifications for a call that is answered directly, and none for a task", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId, letGo } = await connectToHeldWebset({ startProgram, startSandbox });
    const params = { name: "wait_for_webset", arguments: { websetId }, _meta: { progressToken: "p" } };
    const { taskId } = (await client.send("tools/call", params)).result;
    const before = client.notifications.length;
    letGo();
    expect((await client.ended(taskId)).status).toBe("completed");
    expect(client.notifications.slice(before)).toEqual([]);
  });

  test("is told of its tasks through subscriptions/listen, until it cancels that", async ({
    startProgram,
    startSandbox,
  }) => {
    const clock = heldClock();
    const upstream = await startSandbox({ clock, speed: 20 });
    const client = await connect(startProgram, upstream);
    const websets = [newWebset(upstream, 20), newWebset(upstream, 20)];
    const [one, other] = await Promise.all(websets.map(({ id }) => client.call("wait_for_webset", { websetId: id })));
    const uri = `websets://websets/${websets[0]?.id}/progress`;
    const notifications = { resourceSubscriptions: [uri], taskIds: [one.taskId, "nonsense"] };
    void client.send("subscriptions/listen", { notifications });
    const listenId = client.latestId;
    const acknowledged = await eventually(() => client.notifications[0]);
    expect(acknowledged).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: {
        notifications: { resourceSubscriptions: [uri], taskIds: [one.taskId] },
        _meta: { "io.modelcontextprotocol/subscriptionId": listenId },
      },
    });
    clock.letGo();
    await client.ended(one.taskId);
    await client.ended(other.taskId);
    const told = client.notifications.filter(({ method }) => method === "notifications/tasks");
    for (const message of told) {
      expect(isTaskStatusNotificationV2(message)).toBe(true);
      expect(message.params).toMatchObject({
        taskId: one.taskId,
        _meta: { "io.modelcontextprotocol/subscriptionId": listenId },
      });
    }
    expect(told.length).toBeGreaterThan(2);
    expect(told.slice(0, -1).every(({ params }) => params.status === "working")).toBe(true);
    const { resultType, _meta, ...final } = await client.get(one.taskId);
    expect(told.at(-1).params).toMatchObject(final);

    const third = await client.call("wait_for_webset_event", { types: ["monitor.*"] });
    void client.send("subscriptions/listen", { notifications: { taskIds: [third.taskId] } });
    const secondId = client.latestId;
    const ofThird = () => client.notifications.filter(({ params }) => params?.taskId === third.taskId);
    await eventually(() => ofThird().length === 1);
    client.notify("notifications/cancelled", { requestId: secondId });
    await client.send("tasks/cancel", { taskId: third.taskId });
    // What would have been told stood before this answer.
    await client.get(third.taskId);
    expect(ofThird()).toHaveLength(1);
  });

  test("has at most 100 tasks under way, and is told so beyond", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox(ENDLESS);
    const program = startProgram(FAST, upstream.env);
    const client = new RawClient(program);
    const begin = () => client.call("wait_for_webset_event", { types: ["monitor.*"] });
    const created = await Promise.all(Array.from({ length: 100 }, begin));
    expect(created.map(({ resultType }) => resultType)).toEqual(Array(100).fill("task"));
    const refusal = await begin();
    expect(refusal).toMatchObject({ resultType: "complete", isError: true });
    expect(refusal.content[0].text).toMatch(/^rate_limited: 100 waits are in the background, .*Cancel one/);
    await client.send("tasks/cancel", { taskId: created[0].taskId });
    expect((await begin()).resultType).toBe("task");
    // All of them read from one tail.
    const [before, startedAt] = [polls(upstream), performance.now()];
    await sleep(2_000);
    expect(polls(upstream) - before).toBeLessThanOrEqual((performance.now() - startedAt) / 200 + 1);
    expect(program.stderr).toBe("");
  });

  test("may be the extension's own client", async ({ startProgram, startSandbox }) => {
    const { client, websetId, letGo } = await connectToHeldWebset({ startProgram, startSandbox });
    const port: ConnectedMcpSessionPort = {
      endpointId: "websets",
      taskCapabilities: { generation: "v2", capabilities: {} },
      invalidated: false,
      async dispatch(request) {
        const { method, params } = request as { method: string; params: object };
        const { result, error } = await client.send(method, params);
        return error === undefined ? { kind: "result", result } : { kind: "error", error };
      },
      onServerRequest: () => () => {},
      onNotification: () => () => {},
      onInvalidated: () => () => {},
    };
    const session = withTasks(port);
    const execution = await session.callTool("wait_for_webset", { websetId });
    letGo();
    const { outcome } = await execution.settle();
    expect(resultFromTaskOutcome(outcome)).toMatchObject({ structuredContent: { outcome: "reached" } });
    await session.close();
  });
});

describe.concurrent("a client that does not declare tasks", () => {
  test("waits for its answer as ever", async ({ startProgram, startSandbox }) => {
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, { speed: 20 }, 10);
    const answer = await client.call("wait_for_webset", { websetId, timeoutSeconds: 20 }, UNDECLARED);
    expect(answer).toMatchObject({ resultType: "complete", structuredContent: { outcome: "reached" } });
    expect(answer.structuredContent.waitedSeconds).toBeGreaterThan(0.5);
  });

  test("is refused the methods with -32021, and told what to declare", async ({ startProgram, startSandbox }) => {
    const { client, websetId } = await connectToWebset({ startProgram, startSandbox }, ENDLESS);
    const { taskId } = await client.call("wait_for_webset", { websetId });
    const data = { requiredCapabilities: DECLARED };
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const { error } = await client.send(method, { taskId, inputResponses: {} }, UNDECLARED);
      expect(error).toMatchObject({ code: -32021, data });
    }
    const listen = await client.send("subscriptions/listen", { notifications: { taskIds: [taskId] } }, UNDECLARED);
    expect(listen.error).toMatchObject({ code: -32021, data });
    expect((await client.get(taskId)).status).toBe("working");
  });

  test("may be one that stopped declaring midway: each request counts for itself", async ({
    startProgram,
    startSandbox,
  }) => {
    const { client, websetId, letGo } = await connectToHeldWebset({ startProgram, startSandbox });
    const { taskId } = await client.call("wait_for_webset", { websetId });
    expect((await client.send("tasks/get", { taskId }, UNDECLARED)).error.code).toBe(-32021);
    const direct = await client.call("wait_for_webset", { websetId, timeoutSeconds: 0.5 }, UNDECLARED);
    expect(direct).toMatchObject({ resultType: "complete", structuredContent: { outcome: "still_running" } });
    expect((await client.get(taskId)).status).toBe("working");
    const again = await client.call("wait_for_webset", { websetId });
    expect(again.resultType).toBe("task");
    letGo();
    expect((await client.ended(taskId)).result.structuredContent.outcome).toBe("reached");
    expect((await client.ended(again.taskId)).result.structuredContent.outcome).toBe("reached");
  });
});

describe.concurrent("without tasks everything is as it was, byte for byte", () => {
  const modern = (method: string, params: object = {}, capabilities: object = UNDECLARED) => ({
    method,
    params: {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
      },
    },
  });
  const wait = { name: "wait_for_webset", arguments: { websetId: "webset_nowhere" } };
  const common = [
    { method: "tools/list" },
    { method: "tools/call", params: wait },
    { method: "tools/call", params: { name: "wait_for_webset", arguments: { websetId: 7 } } },
    { method: "tools/call", params: { name: "nothing" } },
    { method: "tools/call", params: { arguments: {} } },
    { method: "nonsense" },
  ];
  const initialize = {
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  };

  /** Everything the program writes in answer to these requests, one after another. */
  async function transcript(
    client: Starters["startProgram"],
    env: Record<string, string>,
    requests: object[],
    args: string[],
  ) {
    const program = client(args, env);
    for (const [id, request] of requests.entries()) {
      program.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...request })}\n`);
      await eventually(() => program.lines.length > id, { what: `an answer to ${JSON.stringify(request)}` });
    }
    return program.lines;
  }

  test("on a connection of 2025, where the capability is not told of either", async ({
    startProgram,
    startSandbox,
  }) => {
    const { env } = await startSandbox();
    const requests = [
      initialize,
      ...common,
      { method: "tasks/get", params: { taskId: "x" } },
      { method: "tasks/update", params: { taskId: "x" } },
      modern("subscriptions/listen", { notifications: { taskIds: ["x"] } }),
      modern("tools/call", wait, DECLARED),
    ];
    const lines = await transcript(startProgram, env, requests, []);
    expect(lines).toEqual(await transcript(startProgram, env, requests, ["--no-tasks"]));
    expect(JSON.parse(lines[0] ?? "").result.capabilities.extensions).not.toHaveProperty([TASKS_EXTENSION]);
    expect(lines.slice(-4, -1).map((line) => JSON.parse(line).error.code)).toEqual([-32601, -32601, -32601]);
    expect(lines.join("\n")).not.toContain(TASKS_EXTENSION);
  });

  test("on a connection of 2026, for requests that do not declare them", async ({ startProgram, startSandbox }) => {
    const { env } = await startSandbox();
    const requests = [
      ...common.map(({ method, params }) => modern(method, params)),
      modern("subscriptions/listen", { notifications: { toolsListChanged: true } }),
    ];
    const lines = await transcript(startProgram, env, requests, []);
    expect(lines).toEqual(await transcript(startProgram, env, requests, ["--no-tasks"]));
  });

  test("with --no-tasks, for those that declare them", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox({ speed: 20 });
    const client = await connect(startProgram, upstream, ["--no-tasks"]);
    const { capabilities } = (await client.send("server/discover")).result;
    expect(capabilities.extensions).not.toHaveProperty([TASKS_EXTENSION]);
    const { id: websetId } = newWebset(upstream);
    const answer = await client.call("wait_for_webset", { websetId, timeoutSeconds: 20 });
    expect(answer).toMatchObject({ resultType: "complete", structuredContent: { outcome: "reached" } });
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      expect((await client.send(method, { taskId: "x" })).error.code).toBe(-32601);
    }
  });
});

describe.concurrent("a task ends with its process", () => {
  test("which ends at once when the host goes, whatever is in the background", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox(ENDLESS);
    const program = startProgram(FAST, upstream.env);
    const client = new RawClient(program);
    await client.call("wait_for_webset", { websetId: newWebset(upstream).id });
    await client.call("wait_for_webset_event", { types: ["monitor.*"] });
    const { taskId } = await client.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 0.5 });
    // One that has ended, too, holds nothing but memory.
    await client.ended(taskId);
    program.child.stdin.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe("");
  });

  test("and the agent goes on in the next one with the cursor of the last status", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox(ENDLESS);
    const program = startProgram(FAST, upstream.env);
    const client = new RawClient(program);
    const args = { types: ["webset.created"], atLeast: 3 };
    const { taskId } = await client.call("wait_for_webset_event", args);
    const ids = [newWebset(upstream).id];
    const { statusMessage } = await client.until(taskId, (task) => task.statusMessage.startsWith("1 of 3 events"));
    await program.end();

    const next = await connect(startProgram, upstream);
    const gone = await next.send("tasks/get", { taskId });
    expect(gone.error).toMatchObject({ code: -32602, message: expect.stringContaining("Make the request again") });
    for (let i = 0; i < 2; i++) ids.push(newWebset(upstream).id);
    const [, after] = /; cursor (\S+)$/.exec(statusMessage) ?? [];
    const answer = await next.call("wait_for_webset_event", { ...args, after });
    const task = answer.resultType === "task" ? (await next.ended(answer.taskId)).result : answer;
    const seen = task.structuredContent.events.map((event: Message) => event.websetId);
    expect(seen.sort()).toEqual(ids.sort());
  });
});
