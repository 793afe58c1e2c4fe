import { EVENT_TYPES } from "../../exa/event-types.ts";

/** The words of the API itself, by its OpenAPI file: they are nobody's text, and may be told as they are. */
export interface KnownWords {
  /** Names of fields. */
  fields: ReadonlySet<string>;
  /** What a field may hold that holds one of a few words. */
  values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What stands around the resources. */
const ENVELOPE = ["id", "object", "type", "data", "createdAt", "hasMore", "nextCursor"];

/** Takes the words from the schemas of events' data, which are made of Exa's OpenAPI file. */
export async function loadKnownWords(): Promise<KnownWords> {
  const { default: file } = await import("../../resources/event-data.json", { with: { type: "json" } });
  const fields = new Set(ENVELOPE);
  const values = new Map<string, Set<string>>([
    ["type", new Set<string>(EVENT_TYPES.map(({ type }) => type))],
    ["object", new Set(["event"])],
  ]);
  for (const schema of Object.values(file.schemas)) {
    visit(schema, schema as Schema, (name, words) => {
      fields.add(name);
      const known = values.get(name) ?? new Set();
      for (const word of words) known.add(word);
      values.set(name, known);
    });
  }
  return { fields, values };
}

type Schema = Readonly<Record<string, unknown>>;

/** Calls `found` with each property of a schema, wherever it stands, and the words it may hold. */
function visit(node: unknown, root: Schema, found: (name: string, words: string[]) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, root, found);
  if (!isSchema(node)) return;
  if (isSchema(node.properties)) {
    for (const [name, schema] of Object.entries(node.properties)) found(name, wordsOf(schema, root));
  }
  for (const [key, value] of Object.entries(node)) {
    // Properties are named freely: one may be called `enum`.
    if (key === "properties" || key === "$defs")
      for (const one of Object.values(value as Schema)) visit(one, root, found);
    else visit(value, root, found);
  }
}

function wordsOf(schema: unknown, root: Schema): string[] {
  if (!isSchema(schema)) return [];
  const { enum: several = [], const: single, $ref, anyOf = [], oneOf = [], allOf = [] } = schema;
  const own = [...(several as unknown[]), single].filter((word) => typeof word === "string");
  const referred = typeof $ref === "string" ? [(root.$defs as Schema)[$ref.replace("#/$defs/", "")]] : [];
  const parts = [...(anyOf as unknown[]), ...(oneOf as unknown[]), ...(allOf as unknown[]), ...referred];
  return [...own, ...parts.flatMap((part) => wordsOf(part, root))];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
