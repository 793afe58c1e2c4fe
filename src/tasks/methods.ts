import { ProtocolError, ProtocolErrorCode, type Server, type ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod/v4";
import { type DetailedTask, declaresTasks, TASKS_EXTENSION, undeclared } from "./protocol.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** The methods check their parameters themselves: whether the client may call them at all comes first. */
const anything = { params: z.looseObject({}), result: z.looseObject({}) };

/** Advertises tasks on a server and answers `tasks/get`, `tasks/cancel` and `tasks/update`. For 2026-07-28 connections only. */
export function mountTaskMethods(server: Server, tasks: Tasks): void {
  server.registerCapabilities({ extensions: { [TASKS_EXTENSION]: {} } });
  const on = (method: string, answer: (task: Task) => Record<string, unknown>) =>
    server.setRequestHandler(method, anything, ({ taskId }, context) => {
      if (!declaredIn(context)) throw undeclared();
      return answer(find(tasks, taskId));
    });
  on("tasks/get", (task) => withResultType(task.detailed));
  on("tasks/cancel", (task) => {
    task.cancel();
    return {};
  });
  // Nothing here asks the client for input, so whatever it answers was not asked for, and that is to be ignored.
  on("tasks/update", () => ({}));
}

/** Whether the request that is being handled declares the extension. */
export function declaredIn({ mcpReq }: ServerContext): boolean {
  return declaresTasks(mcpReq.envelope);
}

/** A result inside of a task is complete in itself: it says what kind it is, as it would on its own. */
export function withResultType(task: DetailedTask): DetailedTask {
  return task.result === undefined ? task : { ...task, result: { resultType: "complete", ...task.result } };
}

function find(tasks: Tasks, taskId: unknown): Task {
  if (typeof taskId !== "string") {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid params: taskId is required and must be a string");
  }
  const task = tasks.get(taskId);
  if (task !== undefined) return task;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Task not found: ${JSON.stringify(taskId.slice(0, 80))}. A task ends with the process that began it, and its result is kept for an hour. Make the request again.`,
  );
}
