import type { McpServer } from "@modelcontextprotocol/server";
import type { RecentIds } from "../feed/recent-ids.ts";
import type { Log } from "../shared/log.ts";
import { progressOf } from "../webset/progress.ts";
import type { WebsetStates } from "../webset/states.ts";
import { mountIdResource, OF_THE_MOMENT } from "./id-resource.ts";
import { PROGRESS_TEMPLATE, type Subscriptions } from "./subscriptions.ts";

export interface ProgressDeps {
  states: WebsetStates;
  recent: RecentIds;
  subscriptions: Subscriptions;
  log: Log;
}

/** Puts each Webset's progress on a server, as get_webset_progress gives it. */
export function mountProgress(mcp: McpServer, { states, recent, subscriptions, log }: ProgressDeps): void {
  mountIdResource(
    mcp,
    {
      name: "webset-progress",
      title: "Webset progress",
      description:
        "How far a Webset is: status, searches, enrichments, imports, monitors. Subscribe to be told of changes.",
      template: PROGRESS_TEMPLATE,
      cacheHint: OF_THE_MOMENT,
      complete: (prefix) => recent.websets(prefix),
      async read(websetId, { mcpReq: { signal } }) {
        const { value, serverTime } = await states.look(websetId, signal);
        // Time that passes is no change that somebody who watches is told of.
        subscriptions.noteRead(websetId, JSON.stringify(progressOf(value)));
        return progressOf(value, serverTime);
      },
    },
    log,
  );
}
