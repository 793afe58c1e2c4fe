import * as z from "zod/v4";
import { parseTime, usualTime } from "../exa/event.ts";
import { compactTypes } from "../exa/event-types.ts";
import { decodeCursor } from "../feed/cursor.ts";
import { decodePageToken } from "../feed/page-token.ts";
import { type Ago, type Position, positionAt, RETENTION_MS } from "../feed/position.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { WaitLimits } from "./define.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "./hosts.ts";

/*
 * The shapes tools answer with. What a model reads of a tool is its input; clients validate results against these, so they
 * name the top fields exactly and leave nested objects open.
 */

const open = z.looseObject({});

export const event = z.looseObject({
  id: z.string(),
  type: z.string(),
  createdAt: z.string(),
  websetId: z.string().optional(),
  resource: open,
  summary: z.string(),
});

export const progress = z.looseObject({
  websetId: z.string(),
  status: z.string(),
  found: z.number().nullable(),
  searches: z.array(open),
  enrichments: z.array(open),
  imports: z.array(open),
  monitors: z.array(open),
  updatedAt: z.string().nullable(),
  summary: z.string(),
});

export const now = z.string();
export const cursor = z.string();
export const nextPage = z.string().nullable();
export const waitedSeconds = z.number();
export const warning = z.string().optional();
export const note = z.string().optional();

const TIME_WITH_ZONE = /T.*(?:Z|[+-]\d{2}:?\d{2})$/i;
/** As "90s", and as people and programs write it: "10 min", "2 hours ago", "-1h", "last hour", "the past 3 days". */
const AGE =
  /^(?:-|(?:(?:in\s+)?the\s+)?(?:last|past)\s+(?=(\D)?))?(\d+(?:\.\d+)?)?\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)(?:\s+ago)?$/i;
/** A day or a time in its usual form, whether or not there is such a one. */
const FORM_OF_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;
/** A duration of ISO 8601: "PT1H", "-P1DT12H". */
const DURATION = /^-?P(?=\w)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i;
const UNIT_MS: Readonly<Record<string, number>> = {
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};
/** What may stand in a cursor, which is never shorter. */
const LIKE_A_CURSOR = /^[\w-]{16,}$/;

export const types = z
  .array(z.string().min(1).max(100))
  .max(50)
  .optional()
  .describe(`Exact, or any prefix with a star (monitor.*): ${compactTypes()}. Default: all but webset.search.updated.`);

export const problems = z
  .boolean()
  .optional()
  .describe(
    "true: only what went wrong: searches canceled, Websets paused or deleted, imports and monitor runs failed or canceled.",
  );

export const websetId = z.string().min(1).max(300);

/** A cursor, a time or an age. */
export const after = z.string().max(20_000).optional();

export const page = z.string().max(20_000).optional().describe("nextPage of the result before.");

export const detail = z
  .enum(["summary", "full"])
  .describe('"summary": one line per event. "full": adds data, the resource itself, long page text cut.');

export const timeoutSeconds = z
  .number()
  .min(0)
  .optional()
  .describe(
    `Seconds to wait at most; 0 looks once. Default ${DEFAULT_TIMEOUT_SECONDS}. More than your host bears is cut.`,
  );

/** How long a call waits, in seconds: as it asked, but no longer than its host bears. */
export function timeoutOf(asked: number | undefined, limits: WaitLimits): number {
  const { maxWaitSeconds, defaultTimeoutSeconds } = limits;
  return Math.min(asked ?? defaultTimeoutSeconds, maxWaitSeconds);
}

/** For `next`, after a wait whose time ended before the one it asked for: why, and that nothing is lost. */
export function shortened(asked: number | undefined, limits: WaitLimits, waitedMs: number): string {
  const { maxWaitSeconds, closing } = limits;
  if (closing?.aborted) return " This server is about to stop, which ended the wait early; nothing is lost in between.";
  if (asked === undefined || asked <= maxWaitSeconds || waitedMs < maxWaitSeconds * 1_000) return "";
  return ` The wait ended after ${maxWaitSeconds} of the ${asked} s asked for, which is what a call may take here; nothing is lost in between.`;
}

/** A time that a caller wrote, in milliseconds since 1970, or its age; what is neither is an `invalid_request`. */
export function timeOf(name: string, given: string | undefined): number | Ago | undefined {
  if (given === undefined) return undefined;
  const text = given.trim();
  const age = ageOf(name, text);
  if (age !== undefined) return age;
  const time = parseTime(text);
  if (time !== undefined && TIME_WITH_ZONE.test(text)) return time;
  const iso = isoFromNumber(text);
  const counted = iso === undefined ? "" : ` That is ${JSON.stringify(iso)} if it counts from 1970.`;
  const orCursor = name === "after" ? ", or pass the cursor of an earlier result as it is" : "";
  throw new WebsetsError("invalid_request", {
    what: `The parameter ${name} holds ${JSON.stringify(text.slice(0, 80))}, which ${faultOf(text, time)}`,
    ...meantTime(name, iso ?? text),
    advice: `Write a time like 2026-11-01T12:00:00Z, with the time of day and with Z for UTC or an offset such as +02:00, or an age like "90s", "10m", "2h" or "3d"${orCursor}.${counted}`,
  });
}

/** A day stands for its beginning and a time without a zone for UTC, as what may be meant. */
function meantTime(name: string, text: string): { instead?: string } {
  const meant = zonedTime(text);
  return meant === undefined ? {} : { instead: `${name} ${JSON.stringify(meant)}` };
}

/** The same as a time with zone; undefined for what is neither a day nor a time, in any form that can be told to be one. */
export function zonedTime(text: string): string | undefined {
  const [, day, time = "00:00:00"] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)Z?)?$/.exec(text) ?? [];
  const meant = `${day}T${time}Z`;
  return parseTime(meant) === undefined ? usualTime(text)?.replace(" ", "T") : meant;
}

function ageOf(name: string, text: string): Ago | undefined {
  if (/^now$/i.test(text)) return { agoMs: 0 };
  const agoMs = lengthOf(text);
  if (agoMs === undefined) return undefined;
  if (agoMs <= RETENTION_MS) return { agoMs };
  throw new WebsetsError("invalid_request", {
    what: `The parameter ${name} is ${JSON.stringify(text.slice(0, 80))}, and the API keeps events for 60 days`,
    advice:
      name === "before"
        ? "There is nothing before that; pass a shorter age, or leave before out."
        : `For all there is, pass ${name} "60d"; what is older cannot be read any more.`,
  });
}

/** How long a text says, in milliseconds; undefined where it says no length of time. */
export function lengthOf(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (parts !== null) {
    return Object.values(UNIT_MS).reduce((sum, unit, n) => sum + unit * Number(parts[n + 1] ?? 0), 0);
  }
  // Of one alone the number may be left out: "last hour".
  const [, isOne, number = isOne && "1", unit] = AGE.exec(text) ?? [];
  return number === undefined || unit === undefined
    ? undefined
    : Number(number) * (UNIT_MS[unit.charAt(0).toLowerCase()] as number);
}

/** A time that was given as seconds or milliseconds since 1970, as ISO 8601; undefined where it is none of this century. */
export function isoFromNumber(given: unknown): string | undefined {
  // Not every object can be made a number.
  const number = typeof given === "object" ? Number.NaN : Number(given);
  const milliseconds = number < 1e11 ? number * 1_000 : number;
  return milliseconds >= 1e12 && milliseconds < 4e12 ? new Date(milliseconds).toISOString() : undefined;
}

function faultOf(text: string, time: number | undefined): string {
  if (time === undefined && FORM_OF_TIME.test(text)) return "names a day, a time of day or an offset that there is not";
  if (time === undefined) return "is neither an ISO 8601 time nor an age";
  if (/^\S+ /.test(text)) return "has a space between date and time of day, where ISO 8601 has a T";
  return "has no time of day or no time zone";
}

/** The position a caller's `after` stands for: a cursor, a time or an age. Nothing means now. */
export function positionOf(after: string | undefined): Position | Ago | undefined {
  if (after === undefined) return undefined;
  const text = after.trim();
  if (!isTime(text)) return minted("after", text, decodeCursor);
  const time = timeOf("after", text) as number | Ago;
  return typeof time === "number" ? positionAt(time) : time;
}

/** The page token a caller passed, if there is anything that a listing can go on with in it. */
export function pageOf(page: string | undefined): string | undefined {
  if (page === undefined) return undefined;
  const text = page.trim();
  minted("page", text, decodePageToken);
  return text;
}

/** What a token of ours stands for. Whoever makes one up can give it a right checksum, and put anything into it. */
function minted<T>(name: string, text: string, decode: (text: string) => T): T {
  try {
    return decode(text);
  } catch (error) {
    throw error instanceof RangeError ? forged(name) : error;
  }
}

function forged(name: string): WebsetsError {
  return new WebsetsError("invalid_request", {
    what: `The parameter ${name} holds something that this server has never given out`,
    advice: `Pass ${name} exactly as an earlier result gave it, or leave it out.`,
  });
}

/** Whether a caller's `after` is a time of its own choice, and no cursor. */
export function isTime(after: string): boolean {
  const text = after.trim();
  return !LIKE_A_CURSOR.test(text) || /^\d{4}-/.test(text);
}

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
