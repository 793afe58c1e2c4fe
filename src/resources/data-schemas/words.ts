/** A JSON Schema, written out. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

export const text = { type: "string" };
export const textOrNull = { type: ["string", "null"] };
export const number = { type: "number" };
export const numberOrNull = { type: ["number", "null"] };
export const time = { type: "string", format: "date-time" };
export const timeOrNull = { type: ["string", "null"], format: "date-time" };
export const url = { type: "string", format: "uri" };
export const urlOrNull = { type: ["string", "null"], format: "uri" };
export const enrichmentFormat = {
  type: "string",
  enum: ["text", "date", "number", "options", "email", "phone", "url"],
};
export const metadata = { type: "object", additionalProperties: text };

/** One of some words. */
export function oneOf(...words: string[]): JsonSchema {
  return { type: "string", enum: words };
}

export function oneOfOrNull(...words: string[]): JsonSchema {
  return { enum: [...words, null] };
}

export function listOf(items: JsonSchema) {
  return { type: "array", items };
}

/** An object; the API may add fields at any time, so others are allowed. */
export function fields<P extends Record<string, JsonSchema>>(properties: P, optional: readonly (keyof P)[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

export function orNull(schema: JsonSchema & { type: string }) {
  return { ...schema, type: [schema.type, "null"] };
}

/** A resource inside another one: what it is in full stands with the event type named. */
export function part(object: string, statuses: readonly string[], eventType: string): JsonSchema {
  return {
    ...fields({ id: text, object: { const: object }, status: oneOf(...statuses) }),
    description: `In full: the dataSchema of websets://event-types/${eventType}`,
  };
}

/** What items are like: `custom` also says in words what it is. */
export const entity = fields(
  { type: oneOf("company", "person", "article", "research_paper", "custom"), description: text },
  ["description"],
);

/** Where items came from or shall not come from. */
export const source = fields({ source: oneOf("import", "webset"), id: text });
