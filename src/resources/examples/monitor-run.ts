import { at, MONITOR_ID } from "./story.ts";

/** The monitor run of the story, begun or completed. */
export function exampleMonitorRun(status: "created" | "completed", updatedAt: string) {
  return {
    id: "run_example",
    object: "monitor_run",
    status,
    monitorId: MONITOR_ID,
    type: "search",
    completedAt: status === "completed" ? updatedAt : null,
    failedAt: null,
    failedReason: null,
    canceledAt: null,
    createdAt: at(20),
    updatedAt,
  };
}
