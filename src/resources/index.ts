import type { McpServer } from "@modelcontextprotocol/server";
import type { ExaClient } from "../exa/client.ts";
import type { RecentIds } from "../feed/recent-ids.ts";
import type { Log } from "../shared/log.ts";
import type { WebsetStates } from "../webset/states.ts";
import { mountEvent, mountEventType, mountEventTypes } from "./events.ts";
import { mountProgress } from "./progress.ts";
import { mountSubscribe, type Subscriptions } from "./subscriptions.ts";

export interface ResourceDeps {
  exa: Pick<ExaClient, "getEvent">;
  states: WebsetStates;
  recent: RecentIds;
  /** Those of the one connection this server answers. */
  subscriptions: Subscriptions;
  log: Log;
}

/** Puts all resources on a server, with what can be subscribed to among them. */
export function mountResources(mcp: McpServer, deps: ResourceDeps): void {
  mountEventTypes(mcp);
  mountEventType(mcp, deps);
  mountEvent(mcp, deps);
  mountProgress(mcp, deps);
  mountSubscribe(mcp, deps);
}
