import { type ExaEvent, eventTime } from "../exa/event.ts";
import { idOf } from "../exa/schemas.ts";
import { cutTo, KEPT, type Limits } from "../shared/bounded-json.ts";
import type { Placed } from "./position.ts";

/** An event as the feed keeps it: placed in time, with an owner, and with long texts cut. */
export interface FeedEvent extends Placed {
  type: string;
  /** ISO 8601, as the upstream sent it. */
  createdAt: string;
  owner: Owner;
  /** The upstream resource, with long texts and what lies deep cut and marked. */
  data: unknown;
}

/** Which Webset an event belongs to, or what has to be asked to know it. */
export type Owner =
  | { kind: "webset"; websetId: string }
  | { kind: "monitor"; monitorId: string }
  | { kind: "import"; importId: string }
  | { kind: "unknown" };

/** The event as the feed keeps it. `createdAt` must be a parsable date, which the schema has checked. */
export function toFeedEvent(event: ExaEvent, keeps: Limits = KEPT): FeedEvent {
  return {
    id: event.id,
    type: event.type,
    createdAt: event.createdAt,
    time: eventTime(event),
    owner: ownerOf(event.type, event.data),
    data: cutTo(event.data, keeps),
  };
}

/**
 * Where the Webset's id stands in an event's `data`, by Exa's OpenAPI file: a Webset has it as `id`; searches, items,
 * monitors and exports as `websetId`; a monitor run names only its monitor; an import names nothing.
 */
export function ownerOf(type: string, data: unknown): Owner {
  if (!isRecord(data)) return { kind: "unknown" };
  const [id, websetId, monitorId] = [idOf(data.id), idOf(data.websetId), idOf(data.monitorId)];
  if (websetId !== undefined) return { kind: "webset", websetId };
  if (monitorId !== undefined) return { kind: "monitor", monitorId };
  if (id === undefined) return { kind: "unknown" };
  if (data.object === "webset" || WEBSET_TYPES.has(type)) return { kind: "webset", websetId: id };
  if (data.object === "import" || type.startsWith("import.")) return { kind: "import", importId: id };
  return { kind: "unknown" };
}

const WEBSET_TYPES = new Set(["webset.created", "webset.deleted", "webset.paused", "webset.idle"]);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
