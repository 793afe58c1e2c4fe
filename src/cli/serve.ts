import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type Config, VERSION } from "../config.ts";
import { createSocketTransport } from "../exa/socket-transport.ts";
import { Listening, Subscriptions, sendUpdates } from "../resources/subscriptions.ts";
import { buildServer } from "../server.ts";
import { systemClock } from "../shared/clock.ts";
import type { Log } from "../shared/log.ts";
import type { Redact } from "../shared/redact.ts";
import { Tasks } from "../tasks/tasks.ts";
import { TaskWire } from "../tasks/wire.ts";
import { createTenant } from "../tenant.ts";
import { StdioTransport, type Streams } from "./stdio-transport.ts";

export interface Service {
  /** Resolves when the host has gone or `close` was called. */
  readonly closed: Promise<void>;
  /** Ends the connection with every wait in flight, and the upstream's sockets. */
  close(): Promise<void>;
}

/** The host has got the tools this long after it asked for them, in milliseconds. */
const PREPARE_AFTER_MS = 20;

/** Serves MCP on stdio, in whichever of the protocol's eras the host opens with. `redact` has a part in all that goes out. */
export function serve(config: Config, log: Log, streams: Streams, redact: Redact): Service {
  const clock = systemClock;
  const carrier = createSocketTransport({ proxies: config.proxies });
  const { tools, recent, missingKey } = createTenant({ config, transport: carrier, clock, log });
  if (missingKey !== undefined) log.warn(`${missingKey.message}: every tool will answer with how to set it`);
  const { states, feed } = tools;
  const subscriptions = new Subscriptions({ states, feed, clock, log });

  const stdio = new StdioTransport(streams, log, redact);
  const transport = new ObservedTransport(stdio, new Listening(subscriptions));
  const tasks = new Tasks({ clock });
  // A host that is gone is noticed by the transport; a lost notification harms nobody.
  if (!config.noTasks) transport.tasks = new TaskWire(tasks, (message) => void stdio.send(message).catch(() => {}));
  // Hosts list the tools when they start, and call one later: the time in between is free.
  transport.onToolsListed = () => void setTimeout(() => carrier.prepare(), PREPARE_AFTER_MS).unref();
  const handle = serveStdio(
    ({ era }) => {
      if (era === "legacy") transport.tasks = undefined;
      const background = transport.tasks && { tasks, maxWaitSeconds: config.maxTaskWait };
      const mcp = buildServer({ tools, recent, subscriptions, missingKey, log, version: VERSION, background });
      sendUpdates(mcp, subscriptions);
      return mcp;
    },
    { transport, onerror: (error) => log.info(`protocol: ${error.message}`) },
  );
  const closed = transport.closed.then(() => {
    tasks.close();
    subscriptions.close();
    return carrier.close();
  });
  return {
    closed,
    async close() {
      await handle.close();
      await transport.close();
      await closed;
    },
  };
}

/**
 * The stdio transport, with what nothing else tells visible from outside: that the host has gone, and what it listens to.
 */
class ObservedTransport implements Transport {
  readonly closed: Promise<void>;
  readonly #inner: StdioTransport;
  readonly #listening: Listening;
  /** Has a part in the messages as long as the host may speak of tasks. */
  tasks: TaskWire | undefined;
  onToolsListed?: () => void;
  onclose?: () => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(inner: StdioTransport, listening: Listening) {
    this.#inner = inner;
    this.#listening = listening;
    inner.onmessage = (message) => {
      const answer = this.tasks?.fromClient(message);
      if (answer !== undefined) {
        inner.send(answer).catch(() => {});
        return;
      }
      listening.received(message);
      this.onmessage?.(message);
      if ("method" in message && message.method === "tools/list") this.onToolsListed?.();
    };
    this.closed = new Promise((resolve) => {
      inner.onclose = () => {
        this.onclose?.();
        resolve();
      };
    });
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#listening.sent(message);
    return this.#inner.send(this.tasks?.toClient(message) ?? message);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
