import type * as z from "zod/v4";
import { type JsonSchema, jsonSchemaOf } from "./schemas.ts";

/**
 * What hosts add to a call by themselves: n8n's AI agent its own four (n8n issues 21500, 21716 and 22787), Gemini CLI
 * `wait_for_previous`, Cline `task_progress` (cline issues 8256, 9919 and 10426), and Cursor `random_string` where a tool needs no parameter. A tool that has one of these itself gets it.
 */
const ADDED_BY_HOSTS = new Set([
  "toolCallId",
  "sessionId",
  "chatInput",
  "action",
  "tool",
  "wait_for_previous",
  "task_progress",
  "random_string",
]);

/** Words of a list in one text, as `webset.idle, webset.paused`, or one a line. */
const WORDS = /^[\w.*-]+(?:[\s,;|]+[\w.*-]+)*,?$/;
/** Words that begin alike, as our own descriptions have them: `webset.{created,deleted}`. */
const ALIKE = /(?<![\w.*-])([\w.*-]*)\{([\w.*,\s-]+)\}/g;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * The arguments of a call as its schema says them, where what was given can only mean that: nothing for `null`, also as text, for
 * blank text and for what hosts add; a number, a boolean or a list for its text; one value for a list of it. Everything else is left as it is, for the schema to
 * refuse by name.
 */
export function readArguments(input: z.ZodObject, given: unknown): unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const properties = jsonSchemaOf(input, "input").properties ?? {};
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined) {
      if (!ADDED_BY_HOSTS.has(name)) define(read, name, value);
    } else if (!isNothing(value)) define(read, name, readValue(schema, value));
  }
  return read;
}

function readValue(schema: JsonSchema, value: unknown): unknown {
  const types = typesOf(schema);
  const { items } = schema;
  if (items !== undefined) {
    const list = listIn(value);
    return Array.isArray(list) ? list.flatMap(wordsIn).map((one) => readValue(items, one)) : value;
  }
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (types.has("string")) return text;
  if ((types.has("number") || types.has("integer")) && NUMBER.test(text)) return Number(text);
  if (types.has("boolean") && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return value;
}

/** The list that a value is, or that its text holds, also as Python writes it; one text is a list of it. */
function listIn(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (!text.startsWith("[")) return [value];
  try {
    return JSON.parse(text);
  } catch {
    const words = text.slice(1, -1).replace(/["'`]/g, " ").trim();
    return text.endsWith("]") && WORDS.test(words) ? [words] : value;
  }
}

function wordsIn(value: unknown): unknown[] {
  if (typeof value !== "string") return [value];
  const words = value.replace(ALIKE, (_, start: string, ends: string) =>
    ends
      .split(",")
      .map((end) => `${start}${end.trim()}`)
      .join(),
  );
  if (!WORDS.test(words.trim())) return [value];
  return words.split(/[\s,;|]+/).filter((word) => word !== "");
}

/** Every type that a value of a schema may have. */
function typesOf({ type, anyOf }: JsonSchema): ReadonlySet<string> {
  return new Set([...(type === undefined ? [] : [type].flat()), ...(anyOf ?? []).flatMap((one) => [...typesOf(one)])]);
}

/** What stands for nothing where a program writes its own word for it: also Python's None and Ruby's nil. */
export function isNothing(value: unknown): boolean {
  return value === null || (typeof value === "string" && /^(?:null|NULL|None|nil|undefined)?$/.test(value.trim()));
}

/** Also for a name such as `__proto__`, which the schema has to see to refuse it. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true });
}
