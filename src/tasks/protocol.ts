import { CLIENT_CAPABILITIES_META_KEY, MissingRequiredClientCapabilityError } from "@modelcontextprotocol/server";

/*
 * The words of the Tasks extension, from modelcontextprotocol/ext-tasks, specification/draft/tasks.md. The SDK dispatches the
 * extension's methods but has no names or shapes for it yet; what it calls Task is the one that left the protocol in 2026.
 */

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** There is a fifth, `input_required`, which work that asks nobody never reaches. */
export type TaskStatus = "working" | "completed" | "failed" | "cancelled";

/** An error as JSON-RPC puts it. */
export interface TaskError {
  code: number;
  message: string;
  data?: unknown;
}

/** What a request may be answered with: an object of JSON. */
export type TaskResult = Record<string, unknown>;

/** A task as the answer to a request tells it. */
export type TaskSeed = {
  taskId: string;
  status: TaskStatus;
  statusMessage?: string;
  /** ISO 8601. */
  createdAt: string;
  /** ISO 8601: when the status or its message last changed. */
  lastUpdatedAt: string;
  /** Milliseconds from `createdAt` for which the task can be asked for, at least. */
  ttlMs: number;
  /** Milliseconds between two looks at it that are worth their while; only while it is working. */
  pollIntervalMs?: number;
};

/** A task with its outcome, as `tasks/get` and `notifications/tasks` tell it. */
export type DetailedTask = TaskSeed & {
  /** Of a completed task: what the request would have been answered with. */
  result?: TaskResult;
  /** Of a failed task. */
  error?: TaskError;
};

/** Whether a request's `_meta` declares the extension. It counts for that request alone. */
export function declaresTasks(meta: object | undefined): boolean {
  const capabilities = property(meta, CLIENT_CAPABILITIES_META_KEY);
  const declared = property(property(capabilities, "extensions"), TASKS_EXTENSION);
  return typeof declared === "object" && declared !== null && !Array.isArray(declared);
}

/** The answer to a client that uses tasks without having declared the extension: -32021, with what it should declare. */
export function undeclared(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `Missing required client capability: this request has to declare the extension ${TASKS_EXTENSION}`,
  );
}

function property(of: unknown, name: string): unknown {
  if (typeof of !== "object" || of === null || !Object.hasOwn(of, name)) return undefined;
  return (of as Record<string, unknown>)[name];
}
