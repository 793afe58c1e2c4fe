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

export type EventGroup = "webset" | "search" | "item" | "export" | "import" | "monitor" | "monitor_run";

export type EventResource = "Webset" | "WebsetSearch" | "WebsetItem" | "Export" | "Import" | "Monitor" | "MonitorRun";

/** Same fields, but `seeAlso` is compared with the names only when the list below is built. */
type Entry = Omit<EventTypeFacts, "type" | "seeAlso"> & { seeAlso: readonly string[] };

const FACTS = {
  "webset.created": {
    group: "webset",
    emittedWhen: "a Webset is created",
    resource: "Webset",
    terminal: false,
    seeAlso: ["webset.search.created", "webset.idle", "webset.deleted"],
  },
  "webset.deleted": {
    group: "webset",
    emittedWhen: "a Webset is deleted",
    resource: "Webset",
    terminal: true,
    seeAlso: ["webset.created"],
  },
  "webset.paused": {
    group: "webset",
    emittedWhen: "a Webset's operations are paused",
    resource: "Webset",
    terminal: false,
    seeAlso: ["webset.idle"],
  },
  "webset.idle": {
    group: "webset",
    emittedWhen: "a Webset has no running operations",
    resource: "Webset",
    terminal: false,
    seeAlso: ["webset.search.completed", "webset.item.enriched", "webset.paused"],
  },
  "webset.search.created": {
    group: "search",
    emittedWhen: "a search is initiated",
    resource: "WebsetSearch",
    terminal: false,
    seeAlso: ["webset.search.updated", "webset.search.completed", "webset.search.canceled"],
  },
  "webset.search.updated": {
    group: "search",
    emittedWhen: "search progress is updated",
    resource: "WebsetSearch",
    terminal: false,
    seeAlso: ["webset.search.completed", "webset.search.canceled", "webset.item.created"],
  },
  "webset.search.completed": {
    group: "search",
    emittedWhen: "a search finishes finding all items",
    resource: "WebsetSearch",
    terminal: true,
    seeAlso: ["webset.search.canceled", "webset.idle"],
  },
  "webset.search.canceled": {
    group: "search",
    emittedWhen: "a search is canceled",
    resource: "WebsetSearch",
    terminal: true,
    seeAlso: ["webset.search.completed", "webset.idle"],
  },
  "webset.item.created": {
    group: "item",
    emittedWhen: "a new item was added to the Webset, because it passed verification",
    resource: "WebsetItem",
    terminal: false,
    seeAlso: ["webset.item.enriched", "webset.search.updated"],
  },
  "webset.item.enriched": {
    group: "item",
    emittedWhen: "an item's enrichment is completed",
    resource: "WebsetItem",
    terminal: false,
    seeAlso: ["webset.item.created", "webset.idle"],
  },
  "webset.export.created": {
    group: "export",
    emittedWhen: "an export is initiated",
    resource: "Export",
    terminal: false,
    seeAlso: ["webset.export.completed"],
  },
  "webset.export.completed": {
    group: "export",
    emittedWhen: "an export is ready for download",
    resource: "Export",
    terminal: true,
    seeAlso: ["webset.export.created"],
  },
  "import.created": {
    group: "import",
    emittedWhen: "an import starts",
    resource: "Import",
    terminal: false,
    seeAlso: ["import.completed"],
  },
  "import.completed": {
    group: "import",
    emittedWhen: "an import has been completed",
    resource: "Import",
    terminal: true,
    seeAlso: ["import.created", "webset.item.created"],
  },
  "monitor.created": {
    group: "monitor",
    emittedWhen: "a monitor is created",
    resource: "Monitor",
    terminal: false,
    seeAlso: ["monitor.updated", "monitor.deleted", "monitor.run.created"],
  },
  "monitor.updated": {
    group: "monitor",
    emittedWhen: "a monitor's configuration changes",
    resource: "Monitor",
    terminal: false,
    seeAlso: ["monitor.created", "monitor.deleted"],
  },
  "monitor.deleted": {
    group: "monitor",
    emittedWhen: "a monitor is deleted",
    resource: "Monitor",
    terminal: true,
    seeAlso: ["monitor.created"],
  },
  "monitor.run.created": {
    group: "monitor_run",
    emittedWhen: "a monitor run starts",
    resource: "MonitorRun",
    terminal: false,
    seeAlso: ["monitor.run.completed", "webset.search.created"],
  },
  "monitor.run.completed": {
    group: "monitor_run",
    emittedWhen: "a monitor run finishes",
    resource: "MonitorRun",
    terminal: true,
    seeAlso: ["monitor.run.created", "webset.search.completed"],
  },
} as const satisfies Record<string, Entry>;

/** The name of an event type we know. The API may send others. */
export type EventType = keyof typeof FACTS;

const NAMES = Object.keys(FACTS) as EventType[];

/** Every event type of the documentation, in its order. */
export const EVENT_TYPES: readonly EventTypeFacts[] = NAMES.map((type) => ({ type, ...FACTS[type] }));

/** True for a name in the catalogue. An unknown one is an event type like any other, only not one of ours. */
export function isKnownEventType(type: string): type is EventType {
  return Object.hasOwn(FACTS, type);
}
