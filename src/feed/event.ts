import { type ExaEvent, eventTime } from "../exa/event.ts";
import { cutText } from "../shared/bounded-json.ts";
import type { Placed } from "./position.ts";

/** An event as the feed keeps it: placed in time, with an owner, and with long texts cut. */
export interface FeedEvent extends Placed {
  type: string;
  /** ISO 8601, as the upstream sent it. */
  createdAt: string;
  owner: Owner;
  /** The upstream resource, with every text longer than `LONGEST_TEXT` cut and marked. */
  data: unknown;
}

/** Which Webset an event belongs to, or what has to be asked to know it. */
export type Owner =
  | { kind: "webset"; websetId: string }
  | { kind: "monitor"; monitorId: string }
  | { kind: "import"; importId: string }
  | { kind: "unknown" };

/** Page text runs to hundreds of kilobytes; an agent that needs it whole reads the event's resource. */
const LONGEST_TEXT = 2_000;
/** Deeper than any documented resource; what lies below is not kept. */
const DEEPEST = 12;

/** The event as the feed keeps it. `createdAt` must be a parsable date, which the schema has checked. */
export function keep(event: ExaEvent): FeedEvent {
  return {
    id: event.id,
    type: event.type,
    createdAt: event.createdAt,
    time: eventTime(event),
    owner: ownerOf(event.type, event.data),
    data: cutLongTexts(event.data),
  };
}

/**
 * Where the Webset's id stands in an event's `data`, by Exa's OpenAPI file: a Webset has it as `id`; searches, items,
 * monitors and exports as `websetId`; a monitor run names only its monitor; an import names nothing.
 */
export function ownerOf(type: string, data: unknown): Owner {
  if (!isRecord(data)) return { kind: "unknown" };
  if (isText(data.websetId)) return { kind: "webset", websetId: data.websetId };
  if (isText(data.monitorId)) return { kind: "monitor", monitorId: data.monitorId };
  if (!isText(data.id)) return { kind: "unknown" };
  if (data.object === "webset" || WEBSET_TYPES.has(type)) return { kind: "webset", websetId: data.id };
  if (data.object === "import" || type.startsWith("import.")) return { kind: "import", importId: data.id };
  return { kind: "unknown" };
}

const WEBSET_TYPES = new Set(["webset.created", "webset.deleted", "webset.paused", "webset.idle"]);

/** A copy in which every text longer than `LONGEST_TEXT` is cut and marked; nothing of the original is held on to. */
export function cutLongTexts(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return cutText(value, LONGEST_TEXT);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return null;
  if (Array.isArray(value)) return value.map((element) => cutLongTexts(element, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [key, element] of Object.entries(value)) {
    // Object.defineProperty is what JSON.parse does for "__proto__": plain assignment would change the prototype.
    if (key === "__proto__")
      Object.defineProperty(copy, key, { value: cutLongTexts(element, depth + 1), enumerable: true });
    else copy[key] = cutLongTexts(element, depth + 1);
  }
  return copy;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
