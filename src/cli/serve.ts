import { type JSONRPCMessage, serializeMessage, type Transport } from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Config } from "../config.ts";
import { createExaClient } from "../exa/client.ts";
import { createUndiciTransport } from "../exa/undici-transport.ts";
import { Feed } from "../feed/feed.ts";
import { buildServer } from "../server.ts";
import { systemClock } from "../shared/clock.ts";
import { lineForOperator } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { VERSION } from "../shared/version.ts";
import { WebsetStates } from "../webset/states.ts";
import { createLineGuard, type LineTrouble } from "./stdin-lines.ts";

export interface Streams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
}

export interface Service {
  /** Resolves when the host has gone or `close` was called. */
  readonly closed: Promise<void>;
  /** Ends the connection with every wait in flight, and the upstream's sockets. */
  close(): Promise<void>;
}

/** JSON-RPC's own codes for a line that cannot be parsed, and for a request that cannot be taken. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/** Serves MCP on stdio, in whichever of the protocol's eras the host opens with. */
export function serve(config: Config, log: Log, { stdin, stdout }: Streams): Service {
  const clock = systemClock;
  const carrier = createUndiciTransport({ proxies: config.proxies });
  const exa = createExaClient({
    baseUrl: config.baseUrl,
    apiKey: config.apiKey,
    transport: carrier,
    clock,
    version: VERSION,
    onRetry: ({ error, attempt, delayMs }) =>
      log.info(`${lineForOperator(error)}; attempt ${attempt} failed, next in ${Math.round(delayMs)} ms`),
  });
  const feed = new Feed({
    exa,
    clock,
    intervalMs: config.pollInterval * 1_000,
    onMalformed: once((count) =>
      log.warn(`skipped ${count} malformed event(s); further ones are skipped without a word`),
    ),
  });
  const tools = { exa, feed, states: new WebsetStates(exa), clock, maxWaitSeconds: config.maxWait };

  const guard = createLineGuard((trouble) => {
    log.warn(`ignored a line on stdin: ${TROUBLE[trouble].message}`);
    // Without an id, as the protocol says for a request that could not be read.
    stdout.write(serializeMessage({ jsonrpc: "2.0", error: TROUBLE[trouble] } as JSONRPCMessage));
  });
  stdin.pipe(guard);
  stdin.on("error", () => guard.end());
  const transport = new ObservedTransport(new StdioServerTransport(guard, stdout));
  const handle = serveStdio(() => buildServer({ tools, hasKey: config.apiKey !== undefined, log, version: VERSION }), {
    transport,
    onerror: (error) => log.info(`protocol: ${error.message}`),
  });
  const closed = transport.closed.then(() => carrier.close());
  return {
    closed,
    async close() {
      await handle.close();
      await transport.close();
      await closed;
    },
  };
}

const TROUBLE: Record<LineTrouble, { code: number; message: string }> = {
  not_json: { code: PARSE_ERROR, message: "Parse error: the line is not JSON; messages are one JSON object a line" },
  too_long: { code: INVALID_REQUEST, message: "Invalid request: the line is longer than 4 MiB and was ignored" },
};

/** The stdio transport, with its end visible from outside: nothing else tells that the host has gone. */
class ObservedTransport implements Transport {
  readonly closed: Promise<void>;
  readonly #inner: StdioServerTransport;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(inner: StdioServerTransport) {
    this.#inner = inner;
    inner.onerror = (error) => this.onerror?.(error);
    inner.onmessage = (message) => this.onmessage?.(message);
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
    return this.#inner.send(message);
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
