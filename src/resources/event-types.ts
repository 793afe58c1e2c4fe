import type { McpServer } from "@modelcontextprotocol/server";
import { EVENT_TYPES } from "../exa/event-types.ts";
import { SAME_FOR_ALL } from "./cache-hints.ts";
import { asJson, JSON_TYPE } from "./id-resource.ts";

export const EVENT_TYPES_URI = "websets://event-types";

/** Puts the catalogue of event types on a server: the same one that `types` is checked against. */
export function mountEventTypes(mcp: McpServer): void {
  mcp.registerResource(
    "event-types",
    EVENT_TYPES_URI,
    {
      title: "Webset event types",
      description: "All event types: when each is emitted, what its data is, and whether anything follows it.",
      mimeType: JSON_TYPE,
      cacheHint: SAME_FOR_ALL,
    },
    () => asJson(EVENT_TYPES_URI, { eventTypes: EVENT_TYPES }),
  );
}
