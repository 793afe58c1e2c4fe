/**
 * The catalogue of event types, from Exa's documentation of Websets events. It is the one source for what `types` accepts
 * and for what the event types resource says. It imports nothing, so that a program which only needs the names can have them.
 */

/** What one event type means. */
export interface EventTypeFacts {
  type: EventType;
  group: EventGroup;
  emittedWhen: string;
  /** Name of the resource that stands in the event's `data`. */
  resource: EventResource;
  /** True where nothing more follows for that resource. */
  terminal: boolean;
  /** Types that tell the rest of the same story. */
  seeAlso: readonly EventType[];
}

const RESOURCES = {
  webset: "Webset",
  search: "WebsetSearch",
  item: "WebsetItem",
  export: "Export",
  import: "Import",
  monitor: "Monitor",
  monitor_run: "MonitorRun",
} as const;

export type EventGroup = keyof typeof RESOURCES;
export type EventResource = (typeof RESOURCES)[EventGroup];

/** A type after which more follows for its resource. */
function step<const S extends string>(group: EventGroup, emittedWhen: string, seeAlso: readonly S[]) {
  return { group, emittedWhen, resource: RESOURCES[group], terminal: false, seeAlso };
}

/** A type after which nothing more follows. */
function end<const S extends string>(group: EventGroup, emittedWhen: string, seeAlso: readonly S[]) {
  return { ...step(group, emittedWhen, seeAlso), terminal: true };
}

const FACTS = {
  "webset.created": step("webset", "a Webset is created", ["webset.search.created", "webset.idle", "webset.deleted"]),
  "webset.deleted": end("webset", "a Webset is deleted", ["webset.created"]),
  "webset.paused": step("webset", "a Webset's operations are paused", ["webset.idle"]),
  "webset.idle": step("webset", "a Webset has no running operations", [
    "webset.search.completed",
    "webset.item.enriched",
    "webset.paused",
  ]),
  "webset.search.created": step("search", "a search is initiated", [
    "webset.search.updated",
    "webset.search.completed",
    "webset.search.canceled",
  ]),
  "webset.search.updated": step("search", "search progress is updated", [
    "webset.search.completed",
    "webset.search.canceled",
    "webset.item.created",
  ]),
  "webset.search.completed": end("search", "a search finishes finding all items", [
    "webset.search.canceled",
    "webset.idle",
  ]),
  "webset.search.canceled": end("search", "a search is canceled", ["webset.search.completed", "webset.idle"]),
  "webset.item.created": step("item", "a new item was added to the Webset, because it passed verification", [
    "webset.item.enriched",
    "webset.search.updated",
  ]),
  "webset.item.enriched": step("item", "an item's enrichment is completed", ["webset.item.created", "webset.idle"]),
  "webset.export.created": step("export", "an export is initiated", ["webset.export.completed"]),
  "webset.export.completed": end("export", "an export is ready for download", ["webset.export.created"]),
  "import.created": step("import", "an import starts", ["import.completed"]),
  "import.completed": end("import", "an import has been completed", ["import.created", "webset.item.created"]),
  "monitor.created": step("monitor", "a monitor is created", [
    "monitor.updated",
    "monitor.deleted",
    "monitor.run.created",
  ]),
  "monitor.updated": step("monitor", "a monitor's configuration changes", ["monitor.created", "monitor.deleted"]),
  "monitor.deleted": end("monitor", "a monitor is deleted", ["monitor.created"]),
  "monitor.run.created": step("monitor_run", "a monitor run starts", [
    "monitor.run.completed",
    "webset.search.created",
  ]),
  "monitor.run.completed": end("monitor_run", "a monitor run finishes", [
    "monitor.run.created",
    "webset.search.completed",
  ]),
};

/** The name of an event type we know. The API may send others. */
export type EventType = keyof typeof FACTS;

const NAMES = Object.keys(FACTS) as EventType[];

/** Every event type of the documentation, in its order. */
export const EVENT_TYPES: readonly EventTypeFacts[] = NAMES.map((type) => ({ type, ...FACTS[type] }));

/** True for a name in the catalogue. An unknown one is an event type like any other, only not one of ours. */
export function isKnownEventType(type: string): type is EventType {
  return Object.hasOwn(FACTS, type);
}

/** All types in few characters: those that differ only in their last word stand together. */
export function compactTypes(): string {
  const groups = new Map<string, string[]>();
  for (const { type } of EVENT_TYPES) {
    const dot = type.lastIndexOf(".");
    groups.set(type.slice(0, dot), [...(groups.get(type.slice(0, dot)) ?? []), type.slice(dot + 1)]);
  }
  return [...groups].map(([group, ends]) => `${group}.{${ends.join(",")}}`).join(", ");
}
