import type { EventType } from "../../exa/event-types.ts";
import { exampleExport } from "./export.ts";
import { exampleImport } from "./import.ts";
import { exampleItem } from "./item.ts";
import { exampleMonitor } from "./monitor.ts";
import { exampleMonitorRun } from "./monitor-run.ts";
import { exampleSearch } from "./search.ts";
import { at } from "./story.ts";
import { exampleWebset } from "./webset.ts";

/** An event as the API sends it. */
export interface ExampleEvent {
  id: string;
  object: "event";
  type: EventType;
  data: unknown;
  /** ISO 8601. */
  createdAt: string;
}

/** When each example happened, and what its data was then. */
const EXAMPLES: Record<EventType, [createdAt: string, dataOf: (now: string) => unknown]> = {
  "webset.created": [at(0), (now) => exampleWebset("running", "created", now)],
  "webset.deleted": [at(30), (now) => exampleWebset("idle", "completed", now)],
  "webset.paused": [at(0, 40), (now) => exampleWebset("paused", "running", now)],
  "webset.idle": [at(2), (now) => exampleWebset("idle", "completed", now)],
  "webset.search.created": [at(0), (now) => exampleSearch("created", now)],
  "webset.search.updated": [at(0, 30), (now) => exampleSearch("running", now)],
  "webset.search.completed": [at(1, 30), (now) => exampleSearch("completed", now)],
  "webset.search.canceled": [at(0, 45), (now) => exampleSearch("canceled", now)],
  "webset.item.created": [at(0, 20), (now) => exampleItem(false, now)],
  "webset.item.enriched": [at(0, 24), (now) => exampleItem(true, now)],
  "webset.export.created": [at(3), () => exampleExport("pending")],
  "webset.export.completed": [at(3, 10), () => exampleExport("completed")],
  "import.created": [at(5), (now) => exampleImport("pending", now)],
  "import.completed": [at(5, 30), (now) => exampleImport("completed", now)],
  "monitor.created": [at(10), (now) => exampleMonitor("enabled", false, now)],
  "monitor.updated": [at(25), (now) => exampleMonitor("disabled", true, now)],
  "monitor.deleted": [at(26), (now) => exampleMonitor("disabled", true, now)],
  "monitor.run.created": [at(20), (now) => exampleMonitorRun("created", now)],
  "monitor.run.completed": [at(21), (now) => exampleMonitorRun("completed", now)],
};

/** An example of an event of this type. */
export function exampleOf(type: EventType): ExampleEvent {
  const [createdAt, dataOf] = EXAMPLES[type];
  return { id: `event_${type.replaceAll(".", "_")}`, object: "event", type, data: dataOf(createdAt), createdAt };
}
