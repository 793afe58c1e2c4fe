import type { McpServer } from "@modelcontextprotocol/server";
import type { ExaClient } from "../exa/client.ts";
import { EVENT_TYPES, type EventTypeFacts } from "../exa/event-types.ts";
import { unknownType } from "../feed/meant-type.ts";
import type { RecentIds } from "../feed/recent-ids.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { asJson, IdTemplate, JSON_TYPE, mountIdResource, SAME_FOR_ALL, UNCHANGING } from "./id-resource.ts";

export interface EventDeps {
  exa: Pick<ExaClient, "getEvent">;
  recent: RecentIds;
  log: Log;
}

/** Puts each event on a server, as the API has it: nothing is left out or cut. */
export function mountEvent(mcp: McpServer, { exa, recent, log }: EventDeps): void {
  mountIdResource(
    mcp,
    {
      name: "event",
      title: "Webset event",
      description: "One event whole, as the API has it, with all page text (up to hundreds of kilobytes).",
      template: new IdTemplate("websets://events/", "eventId"),
      cacheHint: UNCHANGING,
      complete: (prefix) => recent.events(prefix),
      read: async (eventId, { mcpReq: { signal } }) => (await exa.getEvent(eventId, { signal })).value,
    },
    log,
  );
}

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

/** Puts each event type on a server, with the JSON Schema of its `data` and an example. */
export function mountEventType(mcp: McpServer, { log }: { log: Log }): void {
  mountIdResource(
    mcp,
    {
      name: "event-type",
      title: "Webset event type",
      description: "One event type: its facts, the JSON Schema of its data, and an example event.",
      template: new IdTemplate(`${EVENT_TYPES_URI}/`, "type"),
      cacheHint: SAME_FOR_ALL,
      complete: (prefix) => EVENT_TYPES.map(({ type }) => type).filter((type) => type.startsWith(prefix)),
      async read(type) {
        const facts = factsOf(type);
        // Few sessions read them, so they are not loaded with the program.
        const { default: data } = await import("./event-data.json", { with: { type: "json" } });
        return { ...facts, dataSchema: data.schemas[facts.resource], example: data.examples[facts.type] };
      },
    },
    log,
  );
}

function factsOf(name: string): EventTypeFacts {
  const facts = EVENT_TYPES.find(({ type }) => type === name);
  if (facts !== undefined) return facts;
  const { message, advice } = unknownType(name);
  throw new WebsetsError("not_found", { what: message, ...(advice === undefined ? {} : { advice }) });
}
