import * as z from "zod/v4";

/** As much of JSON Schema as schemas of tools use. */
export interface JsonSchema {
  type?: string | string[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  description?: string;
  default?: unknown;
}

const made = { input: new WeakMap<z.ZodObject, JsonSchema>(), output: new WeakMap<z.ZodObject, JsonSchema>() };

/** A schema as JSON Schema. Many hosts drop `default` before a model sees it, so each default is said in the description. */
export function jsonSchemaOf(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  const known = made[io].get(schema);
  if (known !== undefined) return known;
  // 2020-12 is the protocol's default dialect, so naming it in every schema would only cost bytes.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  const json = rest as JsonSchema;
  for (const property of Object.values(json.properties ?? {})) {
    if (property.default === undefined) continue;
    property.description = `${property.description ?? ""} Default ${JSON.stringify(property.default)}.`.trimStart();
  }
  made[io].set(schema, json);
  return json;
}
