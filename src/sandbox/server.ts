import type { Clock } from "../shared/clock.ts";
import { type Log, silentLog } from "../shared/log.ts";
import { createApi } from "./api.ts";
import { type Listener, listen } from "./listener.ts";
import type { Faults, SandboxAnswer, SandboxRequest } from "./message.ts";
import { RequestLog } from "./request-log.ts";
import type { ListOrder } from "./sorted-list.ts";
import { World, type WorldOptions } from "./world.ts";

export type { Listener } from "./listener.ts";
export type { Conditions, Faults, SandboxAnswer, SandboxRequest, TransportFault } from "./message.ts";
export type { ListOrder } from "./sorted-list.ts";

export interface SandboxOptions extends Omit<WorldOptions, "eventTime"> {
  /** The order of the lists of which no recording shows one: events, monitors, runs. Default newest-first. */
  listOrder?: ListOrder;
  /** Pages have no more entries than this, whatever `limit` the caller asks for. */
  pageSizeCap?: number;
  /** What may spoil requests and answers on their way; nothing without it. */
  faults?: Faults;
  /** For failures of the sandbox itself. */
  log?: Log;
}

export interface Sandbox {
  readonly world: World;
  /** The requests the API has received, by any way. */
  readonly requests: RequestLog;
  /** Answers one request without a socket. */
  handle(request: SandboxRequest): Promise<SandboxAnswer>;
  /** Serves the same over HTTP on 127.0.0.1; port 0 takes a free one. */
  listen(port: number): Promise<Listener>;
  /** Stops all life and every listener: nothing is left that keeps a process from ending. */
  close(): Promise<void>;
}

/** A local Websets API with its own world. Each call makes one that shares nothing with others. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { faults, visibilityDelay } = options;
  const conditions = faults?.conditions;
  const clock: Clock = {
    now: () => options.clock.now(),
    sleep: (ms, signal) => options.clock.sleep(ms, signal),
    wallTime: () => options.clock.wallTime() + (conditions?.clockOffset ?? 0),
  };
  const world = new World({
    ...options,
    clock,
    visibilityDelay: (type) => Math.max(visibilityDelay?.(type) ?? 0, conditions?.visibilityDelay() ?? 0),
    eventTime: (now) => conditions?.eventTime(now) ?? now,
  });
  faults?.attach?.(world);
  const requests = new RequestLog();
  const handle = createApi({
    clock,
    world,
    requests,
    listing: {
      order: (recorded) => conditions?.listOrder ?? recorded ?? options.listOrder ?? "newest-first",
      pageSizeCap: options.pageSizeCap ?? Infinity,
    },
    log: options.log ?? silentLog,
    faults,
  });
  const listeners = new Set<Listener>();
  return {
    world,
    requests,
    handle,
    async listen(port) {
      const listener = await listen(handle, port);
      listeners.add(listener);
      return listener;
    },
    async close() {
      world.close();
      await Promise.all([...listeners].map((listener) => listener.close()));
      listeners.clear();
    },
  };
}
