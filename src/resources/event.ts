import type { McpServer } from "@modelcontextprotocol/server";
import type { ExaClient } from "../exa/client.ts";
import type { RecentIds } from "../feed/recent-ids.ts";
import type { Log } from "../shared/log.ts";
import { IdTemplate, mountIdResource, UNCHANGING } from "./id-resource.ts";

export interface EventDeps {
  exa: Pick<ExaClient, "getEvent">;
  recent: RecentIds;
  log: Log;
}

/** Puts each event on a server, as the API has it: nothing is left out or cut. */
export function mountEvent(mcp: McpServer, { exa, recent, log }: EventDeps): void {
  mountIdResource(
    mcp,
    {
      name: "event",
      title: "Webset event",
      description: "One event whole, as the API has it, with all page text (up to hundreds of kilobytes).",
      template: new IdTemplate("websets://events/", "eventId"),
      cacheHint: UNCHANGING,
      complete: (prefix) => recent.events(prefix),
      read: async (eventId, { mcpReq: { signal } }) => (await exa.getEvent(eventId, { signal })).value,
    },
    log,
  );
}
