import type * as z from "zod/v4";
import { WebsetsError } from "../shared/errors.ts";
import type { Tool } from "./define.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { meantBy } from "./meant-parameter.ts";
import { isoFromNumber } from "./params.ts";

/** So much of a value or a name is repeated, in characters. */
const LONGEST_QUOTE = 60;

/** What is wrong with the arguments of a call, in words that name each parameter, and what to call instead. */
export function explainInput(tool: Tool, error: z.ZodError, given: unknown): WebsetsError {
  const schema = jsonSchemaOf(tool.input, "input");
  const parameters = Object.keys(schema.properties ?? {});
  const wrong: string[] = [];
  const right: string[] = [];
  const isWrong = (name: string, instead: unknown) => {
    if (instead !== undefined) right.push(`${name} ${quoted(instead)}`);
  };
  for (const { code, path, ...issue } of error.issues) {
    const [name] = path;
    if (code === "unrecognized_keys" && path.length === 0) {
      for (const key of (issue as { keys: string[] }).keys) {
        const meant = meantBy(key, valueAt(given, [key]), parameters);
        wrong.push(`There is no parameter ${quoted(key)}${meant === undefined ? "" : `: ${meant.name} is meant`}`);
        if (meant !== undefined && (valueAt(given, [meant.name]) ?? undefined) === undefined) {
          isWrong(meant.name, meant.value);
        }
      }
    } else if (name === undefined) wrong.push("The arguments have to be an object with the parameters by their names");
    else {
      const value = valueAt(given, path);
      const expected = schemaAt(schema, path);
      const where = `The parameter ${path.map(String).join(".")}`;
      wrong.push(
        value === undefined
          ? `${where} is missing: it takes ${wordsFor(expected)}`
          : `${where} is ${quoted(value)}, and it takes ${wordsFor(expected)}`,
      );
      const instead = name === "after" || name === "before" ? isoFromNumber(value) : nearest(expected, value);
      if (path.length === 1) isWrong(String(name), instead);
    }
  }
  const again = right.length === 0 ? "" : `Call ${tool.name} with ${right.join(", ")}. `;
  return new WebsetsError("invalid_request", {
    what: wrong.join("; "),
    advice: `${again}${tool.name} takes ${parameters.join(", ")}.`,
  });
}

/** What a schema takes, in words. */
function wordsFor(schema: JsonSchema): string {
  const { type, anyOf, enum: words, items, minimum, maximum, maxLength, maxItems } = schema;
  if (words !== undefined) return words.map(quoted).join(" or ");
  if (anyOf !== undefined) return anyOf.map(wordsFor).join(", or ");
  if (items !== undefined)
    return `a list${maxItems === undefined ? "" : ` of at most ${maxItems}`}: each ${wordsFor(items)}`;
  switch (type) {
    case "string":
      return maxLength === undefined ? "a text" : `a text of at most ${maxLength} characters`;
    case "boolean":
      return "true or false";
    case "number":
    case "integer": {
      const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`;
      const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? "" : ` from ${minimum}`;
      return `a${type === "integer" ? " whole" : ""} number${least}${most}${least !== "" && most === "" ? " on" : ""}`;
    }
    default:
      return "something else";
  }
}

/** The value that is taken and next to the one given, where there is one. */
function nearest(schema: JsonSchema, value: unknown): unknown {
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (type === "boolean") {
    if (/^(?:yes|y|on|1)$/i.test(String(value))) return true;
    return /^(?:no|n|off|0)$/i.test(String(value)) ? false : undefined;
  }
  if (type !== "number" && type !== "integer") return undefined;
  // As "25 s".
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return undefined;
  const within = Math.min(maximum, Math.max(minimum, number));
  return type === "integer" ? Math.round(within) : within;
}

function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema {
  let at: JsonSchema = schema;
  for (const key of path) at = (typeof key === "number" ? at.items : at.properties?.[String(key)]) ?? {};
  return at;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let at = given;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

function quoted(value: unknown): string {
  if (Array.isArray(value) && value.some((one) => typeof one === "object")) return "a list";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const text = typeof value === "string" ? value.slice(0, LONGEST_QUOTE) : value;
  const json = JSON.stringify(text) ?? String(value);
  return json.length > 2 * LONGEST_QUOTE ? `${json.slice(0, 2 * LONGEST_QUOTE)}…` : json;
}
