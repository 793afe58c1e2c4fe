import { Client, InMemoryTransport, type jsonSchemaValidator } from "@modelcontextprotocol/client";
import { McpServer } from "@modelcontextprotocol/server";
import { createExaClient, missingKey } from "../../src/exa/client.ts";
import { Feed } from "../../src/feed/feed.ts";
import { createSandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import { type Log, silentLog } from "../../src/shared/log.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import type { ToolDeps } from "../../src/tools/define.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { mountTools } from "../../src/tools/mount.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { FakeClock } from "./fake-clock.ts";
import { Results } from "./results.ts";
import { sandboxTransport } from "./sandbox-transport.ts";

export interface ConnectOptions {
  hasKey?: boolean;
  tools?: typeof TOOLS;
  serverLog?: Log;
  clientName?: string;
}

export interface ToolWorldOptions extends ConnectOptions, Partial<Omit<SandboxOptions, "clock">> {
  /** Default 300, so that tests choose their own time; undefined for what the host bears. */
  maxWaitSeconds?: number | undefined;
  /** How long a request takes to the sandbox, and an answer back, in milliseconds. Default 0. */
  latencyMs?: number;
}

/** What is answered is checked below; a client that compiles the same schemas again takes longer than most tests. */
const ANY: jsonSchemaValidator = {
  getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
};

/** Tools of a process with a client before them, without sockets. */
export async function connectTools(deps: ToolDeps, options: ConnectOptions = {}) {
  const { hasKey = true, tools = TOOLS, serverLog = silentLog, clientName = "tests" } = options;
  const server = new McpServer({ name: "tools", version: "0.0.0" }, { capabilities: { tools: {} } });
  mountTools(server, tools, { deps, missingKey: hasKey ? undefined : missingKey(undefined), log: serverLog });

  const client = new Client({ name: clientName, version: "0.0.0" }, { jsonSchemaValidator: ANY });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far as unknown as Parameters<typeof server.connect>[0]);
  await client.connect(near);
  const results = new Results((await client.listTools()).tools);

  return {
    client,
    /** Calls a tool and checks what it answers; time does not pass by itself. */
    call: async (name: string, args: Record<string, unknown> = {}, more: Parameters<typeof client.callTool>[1] = {}) =>
      results.check(name, await client.callTool({ name, arguments: args }, more)),
    async close() {
      await client.close();
      await server.close();
    },
  };
}

/** The tools with a client before them and a sandbox behind them, in one process, on a clock that moves when told to. */
export async function openToolWorld(options: ToolWorldOptions = {}) {
  const { latencyMs = 0 } = options;
  const maxWaitSeconds = "maxWaitSeconds" in options ? options.maxWaitSeconds : 300;
  const clock = new FakeClock();
  const sandbox = createSandbox({ ...options, clock });
  const upstreamClock = new UpstreamClock(clock);
  const exa = createExaClient({
    upstreamClock,
    baseUrl: new URL("http://127.0.0.1:1"),
    apiKey: "any",
    clock,
    version: "0.0.0",
    random: () => 0,
    transport: sandboxTransport(sandbox, clock, () => latencyMs),
  });
  const feed = new Feed({ exa, upstreamClock, clock, intervalMs: 1_000, random: () => 0 });
  const states = new WebsetStates(exa, clock);
  const ready = new ReadyChains({ exa, states, clock, feed });
  const connected = await connectTools({ exa, feed, states, ready, clock, maxWaitSeconds }, options);

  return {
    ...connected,
    clock,
    sandbox,
    world: sandbox.world,
    requests: sandbox.requests,
    feed,
    async close() {
      await connected.close();
      await sandbox.close();
    },
  };
}
