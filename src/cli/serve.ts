import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type Config, VERSION } from "../config.ts";
import { createExaClient, missingKey } from "../exa/client.ts";
import { loggedTransport } from "../exa/http.ts";
import { createSocketTransport } from "../exa/socket-transport.ts";
import { Feed } from "../feed/feed.ts";
import { RecentIds, rememberIds } from "../feed/recent-ids.ts";
import { Listening, Subscriptions } from "../resources/subscriptions.ts";
import { buildServer } from "../server.ts";
import { systemClock } from "../shared/clock.ts";
import { lineForOperator } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { Redact } from "../shared/redact.ts";
import { UpstreamClock } from "../shared/upstream-clock.ts";
import { Tasks } from "../tasks/tasks.ts";
import { TaskWire } from "../tasks/wire.ts";
import { ReadyChains } from "../webset/ready-chains.ts";
import { WebsetStates } from "../webset/states.ts";
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
  const recent = new RecentIds();
  const noKey = config.apiKey === undefined ? missingKey(config.keyPlaceholder) : undefined;
  if (noKey !== undefined) log.warn(`${noKey.message}: every tool will answer with how to set it`);
  const upstreamClock = new UpstreamClock(clock);
  const client = createExaClient({
    upstreamClock,
    baseUrl: config.baseUrl,
    apiKey: config.apiKey,
    missingKey: noKey,
    transport: loggedTransport(carrier, { clock, log }),
    clock,
    version: VERSION,
    onRetry: ({ error, attempt, delayMs }) =>
      log.info(`${lineForOperator(error)}; attempt ${attempt} failed, next in ${Math.round(delayMs)} ms`),
  });
  const exa = rememberIds(client, recent);
  const feed = new Feed({
    exa,
    clock,
    upstreamClock,
    intervalMs: config.pollInterval * 1_000,
    onMalformed: once((count) =>
      log.warn(`skipped ${count} malformed event(s); further ones are skipped without a word`),
    ),
    onPoll: ({ types, events, fresh, pauseMs }) => {
      const found = events === undefined ? "failed" : `${events} events, ${fresh} new`;
      log.debug(`poll of ${types?.join(" ") ?? "all types"}: ${found}, next in ${Math.round(pauseMs)} ms`);
    },
  });
  const states = new WebsetStates(exa, clock);
  const ready = new ReadyChains({ exa, states, clock, feed });
  const tools = { exa, feed, states, ready, clock, maxWaitSeconds: config.maxWait };
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
      return buildServer({ tools, recent, subscriptions, missingKey: noKey, log, version: VERSION, background });
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

function once<T>(action: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (!done) action(value);
    done = true;
  };
}
