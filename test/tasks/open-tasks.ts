import type { McpServer } from "@modelcontextprotocol/server";
import { silentLog } from "../../src/shared/log.ts";
import type { SharedTenant, State } from "../../src/state/state.ts";
import { SharedTasks } from "../../src/tasks/shared-tasks.ts";
import { Tasks } from "../../src/tasks/tasks.ts";
import type { ToolDeps } from "../../src/tools/define.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { mountTools } from "../../src/tools/mount.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { MemoryState } from "../support/memory-state.ts";
import { DECLARED, type Message } from "./raw-client.ts";

type Handler = (request: unknown, context: unknown) => Promise<Message>;

/** The tools and tasks of a server whose clock, upstream and client are in the test's hands. */
export function openTasks({ intervalMs = 1_000 } = {}) {
  const upstream = openFeedWorld({ speed: 0.000_1, intervalMs });
  const { exa, feed, states, clock } = upstream;
  return openServer(upstream, { exa, feed, states, ready: new ReadyChains({ exa, states, clock, feed }), clock });
}

/** Two replicas of such a server, which share a state. */
export function openReplicas(wrap = (state: State) => state) {
  const upstream = openFeedWorld({ speed: 0.000_1 });
  const shared = { state: wrap(new MemoryState(upstream.clock)), tenant: "tenant" };
  const open = () => openServer(upstream, upstream.newProcess(shared), shared);
  return [open(), open()] as const;
}

function openServer(upstream: FeedWorld, deps: ToolDeps, shared?: SharedTenant) {
  const { clock, fake } = upstream;
  const tasks = new Tasks({ clock, shared: shared && new SharedTasks(shared, clock) });
  const handlers = new Map<string, Handler>();
  // As much of the SDK's server as the tools are mounted on; the SDK itself would take turns that no fake clock sees.
  const server = {
    registerCapabilities() {},
    getClientVersion() {},
    setRequestHandler: (method: string, ...rest: unknown[]) => handlers.set(method, rest.at(-1) as Handler),
  };
  mountTools({ server } as unknown as McpServer, TOOLS, {
    deps: { ...deps, maxWaitSeconds: 300 },
    log: silentLog,
    background: { tasks, maxWaitSeconds: 86_400 },
  });
  const newRequest = () => ({
    envelope: { "io.modelcontextprotocol/clientCapabilities": DECLARED },
    signal: new AbortController().signal,
    notify: async () => {},
  });
  const call = (name: string, args: object): Promise<Message> =>
    (handlers.get("tools/call") as Handler)({ params: { name, arguments: args } }, { mcpReq: newRequest() });
  const get = (taskId: string): Promise<Message> =>
    (handlers.get("tasks/get") as Handler)({ taskId }, { mcpReq: newRequest() });
  const newWebset = () => upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 5 } });
  return { ...upstream, tasks, call, get, newWebset, fake };
}
