import type { McpServer } from "@modelcontextprotocol/server";
import { EVENT_TYPES } from "../exa/event-types.ts";

export const EVENT_TYPES_URI = "websets://event-types";

/** Puts the catalogue of event types on a server: the same one that `types` is checked against. */
export function mountEventTypes(mcp: McpServer): void {
  mcp.registerResource(
    "event-types",
    EVENT_TYPES_URI,
    {
      title: "Webset event types",
      description: "All event types: when each is emitted, what its data is, and whether anything follows it.",
      mimeType: "application/json",
    },
    () => ({
      contents: [
        { uri: EVENT_TYPES_URI, mimeType: "application/json", text: JSON.stringify({ eventTypes: EVENT_TYPES }) },
      ],
    }),
  );
}
