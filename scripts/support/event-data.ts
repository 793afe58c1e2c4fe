import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_TYPES, isKnownEventType } from "../../src/exa/event-types.ts";
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";
import { createSandbox } from "../../src/sandbox/server.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";

/** A JSON Schema, or a part of an OpenAPI file. */
export type Schema = { [keyword: string]: unknown };

/** Exa's OpenAPI file of August 2026, the newest that is known. */
const OPENAPI = join(import.meta.dirname, "../../test/openapi/exa-websets-2026-08.json");
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Fields that came after April 2026: events from before are read as well, and the API has them for 60 days. */
const LATER: ReadonlySet<string> = new Set(
  "dashboardUrl maxPeoplePerCompany foundedYear headquarters financials webTraffic workHistory educationHistory".split(
    " ",
  ),
);

/** Exports are in no OpenAPI file: Exa's documentation names these fields, and no others are required. */
const EXPORT: Schema = {
  type: "object",
  properties: {
    id: { type: "string" },
    status: { type: "string", enum: ["pending", "completed"] },
    websetId: { type: "string" },
    downloadUrl: { type: ["string", "null"] },
  },
  required: ["id", "status"],
  description: "Exa's OpenAPI file has no exports; there may be other fields",
};

const components = JSON.parse(readFileSync(OPENAPI, "utf8")).components.schemas as Record<string, Schema>;

/** What the schemas and the examples of all event types are, anew. */
export async function eventData() {
  const resources = [...new Set(EVENT_TYPES.map(({ resource }) => resource))];
  return {
    schemas: Object.fromEntries(resources.map((name) => [name, dataSchemaOf(name)])),
    examples: await examplesOfTheSandbox(),
  };
}

/**
 * The JSON Schema of a resource as the OpenAPI file has it, in the dialect that JSON Schema's own validators read.
 * @param options.later whether fields that answers of before April 2026 do not have are required as the file says.
 */
export function dataSchemaOf(name: string, options: { later: boolean } = { later: false }): Schema {
  if (name === "Export") return { $schema: DIALECT, title: name, ...EXPORT };
  const parts = new Map<string, Schema>();
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== "object" || value === null) return value;
    const { nullable, $ref, required, ...rest } = value as Schema;
    if (typeof $ref === "string") {
      const part = $ref.slice($ref.lastIndexOf("/") + 1);
      if (!parts.has(part)) {
        parts.set(part, {});
        parts.set(part, convert(components[part]) as Schema);
      }
      const reference = { $ref: `#/$defs/${part}` };
      return nullable === true ? { oneOf: [reference, { type: "null" }] } : reference;
    }
    const schema: Schema = {};
    for (const [keyword, part] of Object.entries(rest)) {
      if (WORDS.has(keyword)) continue;
      schema[keyword] = keyword === "properties" ? mapValues(part as Schema, convert) : convert(part);
    }
    if (Array.isArray(schema.type) && schema.type.length === 1) schema.type = schema.type[0];
    if (nullable === true) {
      schema.type = [schema.type, "null"];
      if (Array.isArray(schema.enum)) schema.enum = [...schema.enum, null];
    }
    if (Array.isArray(required)) schema.required = required.filter((one) => options.later || !LATER.has(one));
    return schema;
  };
  const schema = convert(components[name]) as Schema;
  return { $schema: DIALECT, title: name, ...schema, ...(parts.size > 0 && { $defs: Object.fromEntries(parts) }) };
}

/** What says how to ask for something, or says it to people, is no part of what an answer looks like. */
const WORDS: ReadonlySet<string> = new Set(["description", "default", "title", "example", "examples", "discriminator"]);

function mapValues(record: Schema, map: (value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The last event of each type in the sandbox's story in which all of them occur, long texts and lists cut. */
async function examplesOfTheSandbox(): Promise<Record<string, unknown>> {
  const clock = new FakeClock();
  const { world } = createSandbox({ clock, seed: 19 });
  SCENARIOS.find(({ name }) => name === "everything")?.begin(world);
  await clock.advance(300_000);
  const examples: Record<string, unknown> = {};
  for (const { event } of world.events.walk({ order: "oldest-first" })) {
    if (isKnownEventType(event.type)) examples[event.type] = shortened(event);
  }
  return Object.fromEntries(EVENT_TYPES.map(({ type }) => [type, examples[type]]));
}

/** A copy with the first entry of each list, and the beginning of what is as long as a page. */
function shortened(value: unknown): unknown {
  if (typeof value === "string") return value.length > 300 ? `${value.slice(0, 100)} …` : value;
  if (Array.isArray(value)) return value.slice(0, 1).map(shortened);
  return typeof value === "object" && value !== null ? mapValues(value as Schema, shortened) : value;
}
