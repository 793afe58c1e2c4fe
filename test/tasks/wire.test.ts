import {
  isTaskStatusNotificationV2,
  TaskSubscriptionAcknowledgedNotificationsV2Schema,
} from "@modelcontextprotocol/ext-tasks/core/v2";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { beforeEach, describe, expect, test } from "vitest";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { Tasks } from "../../src/tasks/tasks.ts";
import { TaskWire } from "../../src/tasks/wire.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MINUTE, manualWork, settled, text } from "./support.ts";

const ID = "io.modelcontextprotocol/subscriptionId";

let clock: FakeClock;
let tasks: Tasks;
let wire: TaskWire;
// biome-ignore lint/suspicious/noExplicitAny: what messages hold is what the tests are about.
let sent: any[];

beforeEach(() => {
  clock = new FakeClock();
  tasks = new Tasks({ clock });
  sent = [];
  wire = new TaskWire(tasks, (message) => sent.push(message));
});

const listen = (taskIds: unknown, id: string | number = 7, extensions: object = { [TASKS_EXTENSION]: {} }) =>
  ({
    jsonrpc: "2.0",
    id,
    method: "subscriptions/listen",
    params: {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { extensions },
      },
      notifications: { toolsListChanged: true, taskIds },
    },
  }) as JSONRPCMessage;

/** What the SDK acknowledges with: it does not know of tasks. */
const acknowledged = (id: string | number = 7) =>
  ({
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications: { toolsListChanged: true }, _meta: { [ID]: id } },
  }) as JSONRPCMessage;

const cancelled = (requestId: string | number = 7) =>
  ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }) as JSONRPCMessage;

async function subscribe(taskIds: readonly string[], id: string | number = 7) {
  expect(wire.fromClient(listen(taskIds, id))).toBeUndefined();
  const answer = wire.toClient(acknowledged(id));
  await settled();
  return answer;
}

describe("a client that listens to tasks", () => {
  test("is granted those that exist, each once, beside what it is granted anyway", async () => {
    const [a, b] = [tasks.create(manualWork().work), tasks.create(manualWork().work)];
    const answer = await subscribe([a.id, "nonsense", b.id, a.id]);
    expect(answer).toMatchObject({
      params: { notifications: { toolsListChanged: true, taskIds: [a.id, b.id] }, _meta: { [ID]: 7 } },
    });
    const { notifications } = (answer as unknown as { params: { notifications: unknown } }).params;
    expect(TaskSubscriptionAcknowledgedNotificationsV2Schema.parse(notifications)).toEqual({ taskIds: [a.id, b.id] });
  });

  test("is told each task's state right after the acknowledgement, and each change of it", async () => {
    const { work, report, finish } = manualWork();
    const task = tasks.create(work);
    expect(wire.fromClient(listen([task.id], "listen-1"))).toBeUndefined();
    report("before");
    expect(sent).toEqual([]);
    wire.toClient(acknowledged("listen-1"));
    expect(sent).toEqual([]);
    await settled();
    expect(sent).toHaveLength(1);
    expect(sent[0].params).toEqual({ ...task.detailed, _meta: { [ID]: "listen-1" } });
    await clock.advance(MINUTE);
    report("after");
    finish(text("done"));
    await settled();
    expect(sent.map(({ params }) => `${params.status} ${params.statusMessage}`)).toEqual([
      "working before",
      "working after",
      "completed after",
    ]);
    expect(sent[2].params.result).toEqual({ resultType: "complete", ...text("done") });
    for (const message of sent) expect(isTaskStatusNotificationV2(message)).toBe(true);
  });

  test("is told of one that has ended already", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    finish(text("done"));
    await settled();
    await subscribe([task.id]);
    expect(sent.map(({ params }) => params.status)).toEqual(["completed"]);
  });

  test("is told of nothing else", async () => {
    const [mine, other] = [manualWork(), manualWork()];
    const task = tasks.create(mine.work);
    tasks.create(other.work);
    await subscribe([task.id]);
    sent = [];
    other.report("theirs");
    other.finish(text("theirs"));
    await clock.advance(MINUTE);
    expect(sent).toEqual([]);
  });

  test("is told nothing after it has cancelled the listening", async () => {
    const { work, report } = manualWork();
    await subscribe([tasks.create(work).id]);
    sent = [];
    expect(wire.fromClient(cancelled(8))).toBeUndefined();
    report("1");
    expect(sent).toHaveLength(1);
    expect(wire.fromClient(cancelled(7))).toBeUndefined();
    report("2");
    await clock.advance(MINUTE);
    expect(sent).toHaveLength(1);
  });

  test("is granted nothing when it cancelled before the acknowledgement", async () => {
    const { work, report } = manualWork();
    const task = tasks.create(work);
    wire.fromClient(listen([task.id]));
    wire.fromClient(cancelled(7));
    expect(wire.toClient(acknowledged())).toEqual(acknowledged());
    await settled();
    report("1");
    expect(sent).toEqual([]);
  });

  test("is told nothing after the server has refused or ended the listening, or everything was closed", async () => {
    const parts = [manualWork(), manualWork(), manualWork()];
    const ids = parts.map(({ work }) => tasks.create(work).id);
    wire.fromClient(listen([ids[0]], 1));
    wire.toClient({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "Subscription limit reached" } });
    await subscribe([ids[1] ?? ""], 2);
    wire.toClient({ jsonrpc: "2.0", id: 2, result: { resultType: "complete" } } as JSONRPCMessage);
    await subscribe([ids[2] ?? ""], 3);
    wire.close();
    sent = [];
    for (const { report, finish } of parts) {
      report("later");
      finish(text("later"));
    }
    await clock.advance(MINUTE);
    expect(sent).toEqual([]);
  });

  test("is refused with -32021 when the request does not declare the extension, whatever was declared before", async () => {
    const task = tasks.create(manualWork().work);
    await subscribe([task.id], 1);
    expect(wire.fromClient(listen([task.id], 2, {}))).toMatchObject({
      id: 2,
      error: { code: -32021, data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } } },
    });
  });

  test.each([["text"], [[1]], [null]])("is refused with -32602 when taskIds is %j", (taskIds) => {
    expect(wire.fromClient(listen(taskIds))).toMatchObject({ id: 7, error: { code: -32602 } });
  });
});

describe("what has nothing to do with tasks", () => {
  test.each<[string, object]>([
    ["a listen request without tasks", { id: 1, method: "subscriptions/listen", params: { notifications: {} } }],
    [
      "a listen request of an older client",
      { id: 1, method: "subscriptions/listen", params: { notifications: { taskIds: [] } } },
    ],
    ["another request", { id: 1, method: "tools/list" }],
    ["a notification", { method: "notifications/initialized" }],
  ])("passes from the client: %s", (_, message) => {
    expect(wire.fromClient({ jsonrpc: "2.0", ...message } as JSONRPCMessage)).toBeUndefined();
  });

  test.each<[string, object]>([
    ["a result", { id: 1, result: { content: [], structuredContent: { events: [] } } }],
    ["an empty result", { id: 1, result: { resultType: "complete", content: [] } }],
    ["an error", { id: 1, error: { code: -32602, message: "no" } }],
    ["an acknowledgement", acknowledged()],
  ])("passes to the client as it is: %s", (_, message) => {
    const given = { jsonrpc: "2.0", ...message } as JSONRPCMessage;
    expect(wire.toClient(given)).toBe(given);
  });
});

test("the empty content that the SDK puts into a task is taken out, and nothing else", () => {
  const task = { resultType: "task", taskId: "x", status: "working", _meta: { a: 1 } };
  const answer = (result: object) => ({ jsonrpc: "2.0", id: 1, result }) as JSONRPCMessage;
  expect(wire.toClient(answer({ ...task, content: [] }))).toEqual(answer(task));
  expect(wire.toClient(answer(task))).toEqual(answer(task));
});
