import type * as z from "zod/v4";
import { WebsetsError } from "../shared/errors.ts";
import type { Tool } from "./define.ts";
import { isoFromNumber, type JsonSchema, jsonSchemaOf, lengthOf, zonedTime } from "./schemas.ts";

/** This much of a value or a name is repeated, in characters. */
const LONGEST_QUOTE = 60;

/** What is wrong with the arguments of a call, in words that name each parameter, and what to call instead. */
export function explainInput(tool: Tool, error: z.ZodError, given: unknown): WebsetsError {
  const schema = jsonSchemaOf(tool.input, "input");
  const parameters = Object.keys(schema.properties ?? {});
  const wrong: string[] = [];
  const right: string[] = [];
  const superfluous: string[] = [];
  const isWrong = (name: string, instead: unknown, key = name) => {
    if (instead === undefined) return;
    const told = quoted(instead);
    // Whoever copies a token that was cut is refused again.
    right.push(/…"?$|^a list$/.test(told) ? `${name} in the place of ${quoted(key)}` : `${name} ${told}`);
  };
  for (const { code, path, ...issue } of error.issues) {
    const [name] = path;
    if (code === "unrecognized_keys" && path.length === 0) {
      for (const key of (issue as { keys: string[] }).keys) {
        const meant = meantBy(key, valueAt(given, [key]), parameters);
        const which = meant?.name === "page" ? `, which takes ${wordsFor({}, "page")}` : "";
        wrong.push(
          `There is no parameter ${quoted(key)}${meant === undefined ? "" : `: ${meant.name} is meant${which}`}`,
        );
        if (meant === undefined || (valueAt(given, [meant.name]) ?? undefined) !== undefined) {
          superfluous.push(quoted(key));
        } else {
          isWrong(meant.name, meant.value, key);
          // Without it, how many items is a question to nothing.
          if (meant.name === "items") isWrong("until", "items");
        }
      }
    } else if (name === undefined) wrong.push("The arguments have to be an object with the parameters by their names");
    else {
      const value = valueAt(given, path);
      const expected = schemaAt(schema, path);
      const where = `The parameter ${path.map(String).join(".")}`;
      const instead = name === "after" || name === "before" ? isoFromNumber(value) : nearest(name, expected, value);
      const isWord = expected.enum !== undefined && instead !== undefined;
      wrong.push(
        value === undefined
          ? `${where} is missing: ${expected.description ?? `it takes ${wordsFor(expected, name)}`}${sourceOf(name)}`
          : `${where} is ${quoted(value)}, and it takes ${wordsFor(expected, name)}${isWord ? `; did you mean ${quoted(instead)}?` : ""}`,
      );
      if (name === "page") superfluous.push(quoted(name));
      if (path.length === 1) isWrong(String(name), instead);
    }
  }
  const ways = [
    ...(right.length === 0 ? [] : [`with ${[...new Set(right)].join(", ")}`]),
    ...(superfluous.length === 0 ? [] : [`without ${[...new Set(superfluous)].join(", ")}`]),
  ];
  const again = ways.length === 0 ? "" : `Call ${tool.name} ${ways.join(" and ")}. `;
  return new WebsetsError("invalid_request", {
    what: [...new Set(wrong)].join("; "),
    advice: `${again}${tool.name} takes ${parameters.join(", ")}.`,
  });
}

/** What a schema takes, in words; `name` is the parameter's. */
function wordsFor(schema: JsonSchema, name?: PropertyKey): string {
  if (name === "page") return "the nextPage of an earlier result as it is, for pages have no numbers";
  const { type, anyOf, enum: words, items, minimum, maximum, maxLength, maxItems } = schema;
  if (words !== undefined) return words.map(quoted).join(" or ");
  if (anyOf !== undefined) return anyOf.map((one) => wordsFor(one)).join(", or ");
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

/** Where a caller without it gets it from. */
function sourceOf(parameter: PropertyKey): string {
  const tool = { websetId: "list_websets", eventId: "list_webset_events" }[String(parameter)];
  return tool === undefined ? "" : ` Call ${tool} to find it`;
}

/** The value that is taken and next to the one given, where there is one. */
function nearest(name: PropertyKey, schema: JsonSchema, given: unknown): unknown {
  const value = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (schema.enum !== undefined) return meantValue(String(name), value, schema.enum);
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (type === "boolean") return meantValue(type, value, [true, false]);
  if (type === "string" && name !== "page") {
    return value !== given && typeof value === "string" && value.length <= LONGEST_QUOTE ? value : undefined;
  }
  if (type !== "number" && type !== "integer") return undefined;
  const number = typeof value === "string" ? numberIn(String(name), value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return undefined;
  const within = Math.min(maximum, Math.max(minimum, number));
  return type === "integer" ? Math.round(within) : within;
}

/** The number that a text begins with, where its other words are no more than what is counted, as "25 s" and "1,000 items". */
function numberIn(name: string, text: string): number | undefined {
  if (name === "timeoutSeconds" && /[a-z]/i.test(text)) {
    const lengthMs = lengthOf(text.trim());
    return lengthMs === undefined ? undefined : lengthMs / 1_000;
  }
  const [, digits] = /^\s*([+-]?\d+(?:,\d{3})*(?:\.\d+)?)(?:\s*[a-z]+)?\s*$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits.replaceAll(",", ""));
}

function schemaAt(schema: JsonSchema, [key, ...rest]: readonly PropertyKey[]): JsonSchema {
  if (key === undefined) return schema;
  return schemaAt((typeof key === "number" ? schema.items : schema.properties?.[String(key)]) ?? {}, rest);
}

function valueAt(given: unknown, [key, ...rest]: readonly PropertyKey[]): unknown {
  if (key === undefined) return given;
  return valueAt(Object.getOwnPropertyDescriptor(Object(given), key)?.value, rest);
}

function quoted(value: unknown): string {
  if (Array.isArray(value) && value.some((one) => typeof one === "object")) return "a list";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return "an object";
  const isLong = typeof value === "string" && value.length > LONGEST_QUOTE;
  const text = isLong ? `${value.slice(0, LONGEST_QUOTE)}…` : value;
  const json = JSON.stringify(text) ?? String(value);
  return json.length > 2 * LONGEST_QUOTE ? `${json.slice(0, 2 * LONGEST_QUOTE)}…` : json;
}

/**
 * What callers write in the place of each parameter, without capitals and signs. A name may stand at several: the tool's own
 * parameters decide, in this order.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  websetId: ["id", "ids", "webset", "websets", "websetids", "externalid", "websetname"],
  eventId: ["id", "event"],
  searchId: ["search"],
  types: ["type", "eventtype", "eventtypes", "kinds"],
  problems: ["failures", "failed", "errors", "onlyproblems", "problemsonly", "onlyfailures", "onlyerrors"],
  itemsReady: ["ready", "enriched", "itemready", "onlyready"],
  after: [
    "createdafter",
    "since",
    "from",
    "start",
    "starttime",
    "startdate",
    "begin",
    "cursor",
    "aftercursor",
    "position",
  ],
  before: ["createdbefore", "until", "to", "end", "endtime", "enddate"],
  atLeast: ["count", "min", "minimum", "mincount", "minevents", "least"],
  items: ["count", "itemcount", "target", "numitems", "minitems"],
  limit: [
    "count",
    "max",
    "maximum",
    "maxcount",
    "maxevents",
    "maxresults",
    "maxitems",
    "pagesize",
    "perpage",
    "size",
    "top",
    "num",
    "numresults",
    "n",
  ],
  page: ["nextpage", "pagetoken", "nexttoken", "nextcursor", "cursor", "offset"],
  until: ["condition", "waitfor", "for", "goal"],
  status: ["statuses", "state"],
  detail: ["details", "verbose", "full", "format", "view", "expand", "includedata"],
  timeoutSeconds: [
    "timeout",
    "timeoutms",
    "timeoutmilliseconds",
    "timeoutsecs",
    "seconds",
    "wait",
    "waitseconds",
    "maxwait",
    "maxwaitseconds",
    "duration",
  ],
};

/** What callers write in the place of a value, without capitals and signs. */
const OTHER_VALUES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  boolean: { true: ["yes", "y", "on", "1"], false: ["no", "n", "off", "0"] },
  until: {
    search_completed: ["completed", "complete", "search", "searchcomplete", "searchdone", "searchfinished"],
    items: ["item", "itemsfound", "count"],
    idle: ["done", "finished", "end", "ended", "all", "enriched", "enrichmentscompleted", "alldone"],
  },
  status: {
    idle: ["completed", "complete", "done", "finished", "ended"],
    pending: ["queued", "created", "waiting"],
    running: ["active", "processing", "inprogress", "started", "searching"],
    paused: ["stopped"],
  },
  detail: {
    summary: ["short", "brief", "compact", "none", "false"],
    full: ["all", "everything", "long", "complete", "true", "data"],
  },
};

/** The value, of those a parameter takes, that a caller meant by another word. */
function meantValue(name: string, value: unknown, values: readonly unknown[]): unknown {
  const plain = plainly(value);
  return values.find((one) => plainly(String(one)) === plain || OTHER_VALUES[name]?.[String(one)]?.includes(plain));
}

/** The parameter that a caller meant by a name that is none, and the value it then has; undefined where the words do not tell. */
export function meantBy(
  name: string,
  value: unknown,
  parameters: readonly string[],
): { name: string; value: unknown } | undefined {
  const plain = plainly(name);
  const meant =
    parameters.find((parameter) => plainly(parameter) === plain) ??
    Object.keys(OTHER_NAMES).find((one) => parameters.includes(one) && OTHER_NAMES[one]?.includes(plain));
  return meant === undefined ? undefined : { name: meant, value: valueFor(meant, plain, value) };
}

function valueFor(meant: string, plain: string, value: unknown): unknown {
  if (meant === "detail") return value === true || plain === "full" ? "full" : undefined;
  if (meant === "timeoutSeconds" && /m(?:s|illiseconds)$/.test(plain))
    return (typeof value === "object" ? 0 : Number(value)) / 1_000 || undefined;
  if (meant === "page") return typeof value === "string" ? value : undefined;
  if (meant === "types" && typeof value === "string") return [value];
  if ((meant === "after" || meant === "before") && typeof value === "string") return zonedTime(value) ?? value;
  if (meant === "websetId" && Array.isArray(value)) return value.length === 1 ? value[0] : undefined;
  return typeof value === "object" && !Array.isArray(value) ? undefined : value;
}

/** A word without capitals and signs; nothing for objects, of which not even every one can be made a text. */
function plainly(word: unknown): string {
  return (typeof word === "object" ? "" : String(word)).toLowerCase().replace(/[^a-z0-9]/g, "");
}
