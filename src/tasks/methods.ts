import { ProtocolError, ProtocolErrorCode, type Server, type ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod/v4";
import { onAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import {
  type DetailedTask,
  declaresTasks,
  TASKS_EXTENSION,
  type TaskResult,
  type TaskSeed,
  undeclared,
} from "./protocol.ts";
import type { TaskCall } from "./shared-tasks.ts";
import { type Report, TasksAway, Work, type WorkPlan } from "./task.ts";
import type { FoundTask, Resume, Tasks } from "./tasks.ts";

/** For methods of extensions, which check their parameters themselves: whether the client may call them at all comes first. */
export const anything = { params: z.looseObject({}), result: z.looseObject({}) };

/**
 * Advertises tasks on a server and answers `tasks/get`, `tasks/cancel` and `tasks/update`. For 2026-07-28 connections only.
 * @param resume goes on with a task of another replica.
 */
export function mountTaskMethods(server: Server, tasks: Tasks, resume: Resume): void {
  server.registerCapabilities({ extensions: { [TASKS_EXTENSION]: {} } });
  const on = (
    method: string,
    answer: (task: FoundTask) => Record<string, unknown> | Promise<Record<string, unknown>>,
  ) =>
    server.setRequestHandler(method, anything, async ({ taskId }, context) => {
      if (!declaredIn(context)) throw undeclared();
      return reachable(async () => answer(await find(tasks, taskId, resume)));
    });
  on("tasks/get", (task) => withResultType(task.detailed));
  on("tasks/cancel", async (task) => {
    await task.cancel();
    return {};
  });
  // Nothing here asks the client for input, so whatever it answers was not asked for, and that is to be ignored.
  on("tasks/update", () => ({}));
}

/** An answer, or that it can be had later: not that there is no such task. */
async function reachable<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof TasksAway)) throw error;
    const sentence = "Tasks of other instances of this server cannot be looked up at present. Ask again in a moment.";
    throw new ProtocolError(ProtocolErrorCode.InternalError, sentence);
  }
}

/** Whether the request that is being handled declares the extension. */
export function declaredIn({ mcpReq }: ServerContext): boolean {
  return declaresTasks(mcpReq.envelope);
}

/** A result inside of a task is complete in itself: it says what kind it is, as it would on its own. */
export function withResultType(task: DetailedTask): DetailedTask {
  return task.result === undefined ? task : { ...task, result: { resultType: "complete", ...task.result } };
}

async function find(tasks: Tasks, taskId: unknown, resume: Resume): Promise<FoundTask> {
  if (typeof taskId !== "string") {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid params: taskId is required and must be a string");
  }
  const task = await tasks.find(taskId, resume);
  if (task !== undefined) return task;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Task not found: ${JSON.stringify(taskId.slice(0, 80))}. A task ends with the process that began it, and its result is kept for an hour. Make the request again.`,
  );
}

/** A request is kept waiting for an answer that is there at once, but no longer than this, in milliseconds. */
export const HEAD_START_MS = 3_000;

export interface BackgroundCall extends WorkPlan {
  tasks: Tasks;
  /** Lets other replicas go on with it. */
  call?: TaskCall | undefined;
  clock: Clock;
  /** Aborts when the client gives up the request. Once a task answers it, only the task can be given up. */
  signal: AbortSignal;
  run(control: {
    signal: AbortSignal;
    report: Report;
    /** Says that the answer is not there yet: from here on the work goes on in the background. */
    mayTakeLong(): void;
  }): Promise<TaskResult>;
}

/** A task as the answer to a request. */
export type TaskAnswer = TaskSeed & { resultType: "task" };

/**
 * Does work and answers with its result if that is there at once, and with a task that stands for it otherwise. Rejects as
 * the work does, as long as there is no task; with an AbortError if the request was given up; and with `TooManyTasks`.
 */
export async function answerOrTask(call: BackgroundCall): Promise<TaskResult | TaskAnswer> {
  const { tasks, clock, signal, longestMs, pollIntervalMs } = call;
  const timer = new AbortController();
  let mayTakeLong = () => {};
  const takesLong = new Promise<undefined>((resolve) => {
    mayTakeLong = () => resolve(undefined);
  });
  const work = new Work({ longestMs, pollIntervalMs }, ({ signal, report }) =>
    call.run({ signal, report, mayTakeLong }),
  );
  const off = onAbort(signal, () => work.stop());
  clock.sleep(HEAD_START_MS, timer.signal).then(mayTakeLong, (error: unknown) => {
    if (!isAbort(error)) throw error;
  });
  try {
    const result = await Promise.race([work.done, takesLong]);
    if (result !== undefined) return result;
    // Given up in this very moment: the work ends by itself, and nobody waits for an answer.
    if (signal.aborted) return await work.done;
    return { resultType: "task", ...tasks.create(work, call.call).seed };
  } finally {
    timer.abort();
    off();
  }
}
