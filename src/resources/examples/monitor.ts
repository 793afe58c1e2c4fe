import { exampleMonitorRun } from "./monitor-run.ts";
import { at, CRITERION, MONITOR_ID, QUERY, WEBSET_ID } from "./story.ts";

/** The monitor of the story; it has run once where `ran` says so. */
export function exampleMonitor(status: "enabled" | "disabled", ran: boolean, updatedAt: string) {
  return {
    id: MONITOR_ID,
    object: "monitor",
    status,
    websetId: WEBSET_ID,
    cadence: { cron: "20 12 * * *", timezone: "Etc/UTC" },
    behavior: {
      type: "search",
      config: {
        count: 10,
        query: QUERY,
        criteria: [{ description: CRITERION }],
        entity: { type: "company" },
        behavior: "append",
      },
    },
    lastRun: ran ? exampleMonitorRun("completed", at(21)) : null,
    nextRunAt: status === "enabled" ? at(20) : null,
    metadata: {},
    createdAt: at(10),
    updatedAt,
  };
}
