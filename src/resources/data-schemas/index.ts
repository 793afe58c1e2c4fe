import type { EventResource } from "../../exa/event-types.ts";
import { exportSchema } from "./export.ts";
import { importSchema } from "./import.ts";
import { itemSchema } from "./item.ts";
import { monitorSchema } from "./monitor.ts";
import { monitorRunSchema } from "./monitor-run.ts";
import { searchSchema } from "./search.ts";
import { websetSchema } from "./webset.ts";
import { DIALECT, type JsonSchema } from "./words.ts";

const SCHEMAS: Record<EventResource, JsonSchema> = {
  Webset: websetSchema,
  WebsetSearch: searchSchema,
  WebsetItem: itemSchema,
  Export: exportSchema,
  Import: importSchema,
  Monitor: monitorSchema,
  MonitorRun: monitorRunSchema,
};

/**
 * The JSON Schema of the `data` of events about a resource: what Exa's OpenAPI file says, without its words. It requires only
 * what that file does and allows other fields.
 */
export function dataSchemaOf(resource: EventResource): JsonSchema {
  return { $schema: DIALECT, title: resource, ...SCHEMAS[resource] };
}
