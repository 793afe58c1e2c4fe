import type { Sandbox } from "../../../src/sandbox/server.ts";
import type { ScenarioEvent } from "./scenario.ts";

/** All that has happened and is visible in a sandbox: what the scenario said, and what trouble has added. */
export function historyOf({ events }: Sandbox["world"], start: number): ScenarioEvent[] {
  return [...events.walk({ order: "oldest-first" })].map(({ event, time, visibleAt }) => {
    const { id, type, data } = event;
    const { id: resourceId, websetId = resourceId } = data as { id: string; websetId?: string };
    return { id, type, websetId, at: time - start, visibleAt: visibleAt - start };
  });
}

/** When the latest of these events was created. */
export function latestOf(events: readonly ScenarioEvent[]): number {
  return events.reduce((latest, { at }) => Math.max(latest, at), 0);
}
