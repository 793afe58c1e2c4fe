import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/program.ts";

// biome-ignore lint/suspicious/noExplicitAny: what messages hold is what the tests are about.
export type Message = any;

export const DECLARED = { extensions: { [TASKS_EXTENSION]: {} } };
export const UNDECLARED = {};

/** A client of 2026-07-28 that knows no more of the protocol than its lines: every request declares what its test says. */
export class RawClient {
  /** What came without being an answer, in its order. */
  readonly notifications: Message[] = [];
  readonly #program: Program;
  readonly #answers = new Map<number, (message: Message) => void>();
  #id = 0;

  constructor(program: Program) {
    this.#program = program;
    program.onLine = (line) => {
      const message = JSON.parse(line);
      if (message.method !== undefined) this.notifications.push(message);
      else this.#answers.get(message.id)?.(message);
    };
  }

  /** The id of the latest request. */
  get latestId(): number {
    return this.#id;
  }

  /** Sends a request and resolves to the whole answer. */
  send(method: string, params: object = {}, capabilities: object = DECLARED): Promise<Message> {
    const id = ++this.#id;
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    };
    const own = (params as { _meta?: object })._meta;
    this.#write({ jsonrpc: "2.0", id, method, params: { ...params, _meta: { ..._meta, ...own } } });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  notify(method: string, params: object): void {
    this.#write({ jsonrpc: "2.0", method, params });
  }

  /** Calls a tool; resolves to the answer's result. */
  async call(name: string, args: object, capabilities: object = DECLARED): Promise<Message> {
    return (await this.send("tools/call", { name, arguments: args }, capabilities)).result;
  }

  async get(taskId: string): Promise<Message> {
    return (await this.send("tasks/get", { taskId })).result;
  }

  /** Looks at a task until it has ended. */
  ended(taskId: string, onLook?: (task: Message) => void): Promise<Message> {
    return this.until(taskId, ({ status }) => status !== "working", onLook);
  }

  /** Looks at a task until it is as it should be. */
  until(taskId: string, isSo: (task: Message) => boolean, onLook?: (task: Message) => void): Promise<Message> {
    const look = async () => {
      const task = await this.get(taskId);
      onLook?.(task);
      return isSo(task) && task;
    };
    return eventually(look, { what: `what is awaited of task ${taskId}` });
  }

  #write(message: object): void {
    this.#program.write(`${JSON.stringify(message)}\n`);
  }
}
