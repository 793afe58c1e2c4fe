import {
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  ProtocolErrorCode,
  type RequestId,
  SUBSCRIPTION_ID_META_KEY,
} from "@modelcontextprotocol/server";
import { withResultType } from "./methods.ts";
import { declaresTasks, undeclared } from "./protocol.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** A message as far as it matters here. */
interface Loose {
  id?: RequestId;
  method?: string;
  result?: { resultType?: unknown; content?: unknown };
  params?: {
    _meta?: Record<string, unknown>;
    requestId?: RequestId;
    notifications?: { taskIds?: unknown };
  };
}

/**
 * What the SDK does not know of tasks, put into the messages of one connection. It stands between the SDK and the wire: the
 * SDK answers `subscriptions/listen` out of reach of a server's handlers, so the tasks a client asks for there are read
 * here, granted in the acknowledgement as it passes, and told in `notifications/tasks`.
 */
export class TaskWire {
  readonly #tasks: Tasks;
  readonly #send: (message: JSONRPCMessage) => void;
  /** The tasks asked for in listen requests that are not acknowledged yet. */
  readonly #asked = new Map<RequestId, Task[]>();
  /** How to end each subscription. */
  readonly #open = new Map<RequestId, () => void>();

  constructor(tasks: Tasks, send: (message: JSONRPCMessage) => void) {
    this.#tasks = tasks;
    this.#send = send;
  }

  /** Reads a message from the client. An answer means that the message was dealt with and must not go on to the server. */
  fromClient(message: JSONRPCMessage): JSONRPCMessage | undefined {
    const { id, method, params } = message as Loose;
    if (method === "notifications/cancelled" && params?.requestId !== undefined) this.#end(params.requestId);
    const taskIds = params?.notifications?.taskIds;
    if (method !== "subscriptions/listen" || id === undefined || taskIds === undefined) return undefined;
    // Only the revision of 2026-07-28 has this method; whatever else this is, the server answers it.
    if (params?._meta?.[PROTOCOL_VERSION_META_KEY] === undefined) return undefined;
    if (!declaresTasks(params._meta)) {
      const { code, message, data } = undeclared();
      return { jsonrpc: "2.0", id, error: { code, message, data } };
    }
    if (!Array.isArray(taskIds) || taskIds.some((taskId) => typeof taskId !== "string")) {
      const message = "Invalid params: notifications.taskIds must be an array of strings";
      return { jsonrpc: "2.0", id, error: { code: ProtocolErrorCode.InvalidParams, message } };
    }
    const known = [...new Set<string>(taskIds)].map((taskId) => this.#tasks.get(taskId));
    this.#end(id);
    this.#asked.set(
      id,
      known.filter((task) => task !== undefined),
    );
    return undefined;
  }

  /** What to send in the place of a message to the client. */
  toClient(message: JSONRPCMessage): JSONRPCMessage {
    const { id, method, params, result } = message as Loose;
    if (method === undefined && id !== undefined) this.#end(id);
    if (result?.resultType === "task") return withoutContent(message, result);
    if (method !== "notifications/subscriptions/acknowledged") return message;
    const subscription = params?._meta?.[SUBSCRIPTION_ID_META_KEY] as RequestId;
    const tasks = this.#asked.get(subscription);
    this.#asked.delete(subscription);
    if (tasks === undefined || tasks.length === 0) return message;
    const taskIds = tasks.map((task) => task.id);
    // What happened before the acknowledgement is told right after it, so that nothing falls between.
    queueMicrotask(() => this.#begin(subscription, tasks));
    const notifications = { ...params?.notifications, taskIds };
    return { ...message, params: { ...params, notifications } } as JSONRPCMessage;
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscription of [...this.#asked.keys(), ...this.#open.keys()]) this.#end(subscription);
  }

  #begin(subscription: RequestId, tasks: readonly Task[]): void {
    const ends = tasks.map((task) => {
      const tell = () => this.#send(notification(task, subscription));
      tell();
      return task.follow(tell);
    });
    this.#open.set(subscription, () => {
      for (const end of ends) end();
    });
  }

  #end(subscription: RequestId): void {
    this.#asked.delete(subscription);
    this.#open.get(subscription)?.();
    this.#open.delete(subscription);
  }
}

/**
 * The SDK takes every answer to `tools/call` for a tool's result and gives it the content it must have. On a task it would
 * make clients that look for content before they look at the type take it for an empty result.
 */
function withoutContent(message: JSONRPCMessage, { content, ...task }: object & { content?: unknown }): JSONRPCMessage {
  const isEmpty = Array.isArray(content) && content.length === 0;
  return isEmpty ? ({ ...message, result: task } as JSONRPCMessage) : message;
}

function notification(task: Task, subscription: RequestId): JSONRPCMessage {
  const params = { ...withResultType(task.detailed), _meta: { [SUBSCRIPTION_ID_META_KEY]: subscription } };
  return { jsonrpc: "2.0", method: "notifications/tasks", params } as JSONRPCMessage;
}
