import {
  CancelTaskResultV2Schema,
  GetTaskResultV2Schema,
  hasTaskServerCapabilityV2,
  UpdateTaskResultV2Schema,
} from "@modelcontextprotocol/ext-tasks/core/v2";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { beforeEach, describe, expect, test } from "vitest";
import { mountTaskMethods } from "../../src/tasks/methods.ts";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { KEPT_MS, Tasks } from "../../src/tasks/tasks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { manualWork, settled, text } from "./support.ts";

let clock: FakeClock;
let tasks: Tasks;

beforeEach(() => {
  clock = new FakeClock();
  tasks = new Tasks({ clock });
});

const DECLARED = { extensions: { [TASKS_EXTENSION]: {} } };

/** Sends one request as a 2026-07-28 client would, to a server that has nothing but the methods. */
async function send(method: string, params: Record<string, unknown> = {}, capabilities: object = DECLARED) {
  const handler = createMcpHandler(() => {
    const mcp = new McpServer({ name: "test", version: "1" });
    mountTaskMethods(mcp.server, tasks, () => {
      throw new Error("nothing is shared");
    });
    return mcp;
  });
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const response = await handler.fetch(
    new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof params.taskId === "string" ? { "mcp-name": params.taskId } : {}),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: what answers hold is what the tests are about.
  return (await response.json()) as any;
}

test("server/discover offers the extension, without settings", async () => {
  const { capabilities } = (await send("server/discover")).result;
  expect(hasTaskServerCapabilityV2(capabilities)).toBe(true);
  expect(capabilities.extensions).toEqual({ [TASKS_EXTENSION]: {} });
  expect(capabilities).not.toHaveProperty("tasks");
});

describe("tasks/get", () => {
  test("tells a task under way", async () => {
    const { work, report } = manualWork();
    report("12 of 50 found");
    const task = tasks.create(work);
    const { result } = await send("tasks/get", { taskId: task.id });
    expect(result).toMatchObject({ resultType: "complete", ...task.detailed });
    expect(GetTaskResultV2Schema.safeParse(result).success).toBe(true);
    expect(result).not.toHaveProperty("result");
  });

  test("tells the result of a completed one, and that it is complete in itself", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    finish({ ...text("done"), structuredContent: { outcome: "reached" } });
    await settled();
    const { result } = await send("tasks/get", { taskId: task.id });
    expect(result.result).toEqual({
      resultType: "complete",
      ...text("done"),
      structuredContent: { outcome: "reached" },
    });
    expect(GetTaskResultV2Schema.safeParse(result).success).toBe(true);
  });

  test("tells the error of a failed one", async () => {
    const { work, fail } = manualWork();
    const task = tasks.create(work);
    fail(new Error("boom"));
    await settled();
    const { result } = await send("tasks/get", { taskId: task.id });
    expect(result).toMatchObject({ status: "failed", error: { code: -32603, message: "boom" } });
    expect(GetTaskResultV2Schema.safeParse(result).success).toBe(true);
  });
});

describe("tasks/cancel", () => {
  test("is acknowledged with nothing, and the task is cancelled", async () => {
    const { work, signal } = manualWork();
    const task = tasks.create(work);
    const { result } = await send("tasks/cancel", { taskId: task.id });
    const { _meta, ...rest } = result;
    expect(rest).toEqual({ resultType: "complete" });
    expect(CancelTaskResultV2Schema.safeParse(result).success).toBe(true);
    expect(signal.aborted).toBe(true);
    expect((await send("tasks/get", { taskId: task.id })).result.status).toBe("cancelled");
  });

  test("is acknowledged for a task that has ended, which stays as it is", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    finish(text("done"));
    await settled();
    expect((await send("tasks/cancel", { taskId: task.id })).result.resultType).toBe("complete");
    expect(task.detailed.status).toBe("completed");
  });
});

test("tasks/update is acknowledged with nothing, whatever it brings, and changes nothing", async () => {
  const task = tasks.create(manualWork().work);
  const before = task.detailed;
  const { result } = await send("tasks/update", { taskId: task.id, inputResponses: { unknown: { ignored: true } } });
  const { _meta, ...rest } = result;
  expect(rest).toEqual({ resultType: "complete" });
  expect(UpdateTaskResultV2Schema.safeParse(result).success).toBe(true);
  expect(task.detailed).toEqual(before);
});

describe.each(["tasks/get", "tasks/cancel", "tasks/update"])("%s", (method) => {
  test("does not know an id that was never given out: -32602", async () => {
    const { error } = await send(method, { taskId: "nonsense", inputResponses: {} });
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(/^Task not found: "nonsense"/);
  });

  test("does not know a task that was forgotten: -32602", async () => {
    const { work, finish } = manualWork();
    const { id } = tasks.create(work);
    finish(text("done"));
    await clock.advance(KEPT_MS);
    expect((await send(method, { taskId: id })).error.code).toBe(-32602);
  });

  test.each([[{}], [{ taskId: 7 }]])("refuses %j: -32602", async (params) => {
    expect((await send(method, params)).error.code).toBe(-32602);
  });

  test.each<[string, object]>([
    ["no capabilities", {}],
    ["other extensions", { extensions: { "com.example/other": {} } }],
    ["the capability of 2025", { tasks: {} }],
  ])("refuses a client that declares %s: -32021, also for a task that exists", async (_, capabilities) => {
    const { work, signal } = manualWork();
    const task = tasks.create(work);
    const { error } = await send(method, { taskId: task.id }, capabilities);
    expect(error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    });
    expect(signal.aborted).toBe(false);
  });
});

test.each(["tasks/list", "tasks/result"])("%s of 2025 is no method", async (method) => {
  expect((await send(method, { taskId: "x" })).error.code).toBe(-32601);
});
