/**
 * Events and their pages, read so that nothing is lost which could be used. Shapes are those of Exa's OpenAPI file.
 */
import * as z from "zod/v4";
import { identifier, listOf, listPageSchema, parserOf } from "./schemas.ts";

/** A date or a date with a time as in ISO 8601; without a zone it counts as UTC, as the API's documentation says of all times. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Milliseconds since 1970 for the API's notation of a time, or undefined for what is not one. */
export function parseTime(text: string): number | undefined {
  const match = ISO_TIME.exec(text);
  if (match === null || !isDay(text)) return undefined;
  const hasTime = text.length > "YYYY-MM-DD".length;
  const time = Date.parse(hasTime && match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : time;
}

/** Whether a text begins with a day that there is: JavaScript takes February 30 for March 2. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, "YYYY-MM-DD".length).split("-").map(Number);
  if (day >= 1 && day <= 28) return true;
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

/** A date and a time of day in the other forms that ISO 8601 and its profiles have: basic or extended, with any marks between. */
const ODD_TIME =
  /^(\d{4})(-?)(\d{2})\2(\d{2})[ T_]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?\s*(?:(Z|UTC|GMT)|([+\-\u2212])(\d{2})(?::?(\d{2}))?)?(?:\[.*\])?$/i;
/** Seconds since 1970 as 10 digits and milliseconds as 13 are of 2001 to 2286: no other count of time looks like that. */
const EPOCH = /^(?:(\d{10})(?:\.\d*)?|(\d{13})(?:\.\d*)?)$/;

/**
 * The time of an event as text that `parseTime` reads: as the API wrote it where it can be, else the same time in the usual form.
 * Undefined for what cannot be told to be one time: an event without a time has no place in the feed.
 */
export function usualTime(given: string | number): string | undefined {
  const text = String(given).trim();
  if (parseTime(text) !== undefined) return text;
  const [, seconds, milliseconds] = EPOCH.exec(text) ?? [];
  if (milliseconds !== undefined) return new Date(Number(milliseconds)).toISOString();
  if (seconds !== undefined) return new Date(Math.floor(Number(text) * 1_000)).toISOString();
  const [, year, , month, day, hour, minute, second = "00", fraction = "0", , sign, hours, minutes = "00"] =
    ODD_TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  const zone = sign === undefined ? "Z" : `${sign === "+" ? "+" : "-"}${hours}:${minutes}`;
  // A leap second has no place of its own in the time since 1970: it is the first of the next minute.
  const isLeap = second === "60";
  const plain = `${year}-${month}-${day}T${hour}:${minute}:${isLeap ? "59" : second}.${fraction.slice(0, 9)}${zone}`;
  const time = parseTime(plain);
  return time === undefined ? undefined : new Date(isLeap ? Math.floor(time / 1_000 + 1) * 1_000 : time).toISOString();
}

const eventSchema = z.looseObject({
  id: identifier,
  /** One of the catalogue, or one we do not know yet. */
  type: z.string().min(1),
  createdAt: z.union([z.string(), z.number()]).transform(usualTime).pipe(z.string()),
  /** The whole resource that triggered the event. It is never a reason to refuse one, and may be missing. */
  data: z.unknown().catch(undefined),
});
/** One event with all its fields, known or not. */
export type ExaEvent = z.infer<typeof eventSchema>;

export interface EventPage {
  /** In the order of the answer, which is not documented. */
  events: ExaEvent[];
  /** How many elements had no usable `id`, `type` or `createdAt` and were left out. */
  malformed: number;
  /** As the API says it; true without a `nextCursor` cannot be followed. */
  hasMore: boolean;
  nextCursor: string | null;
}

const parseEnvelope = parserOf("a list of events", listPageSchema);

/** Reads a page of events; throws `unexpected_response` only when there is no list in it. */
export function parseEventPage(json: unknown): EventPage {
  const { data, hasMore, nextCursor } = parseEnvelope(json);
  const events = listOf(eventSchema).parse(data);
  return { events, malformed: data.length - events.length, hasMore: hasMore ?? nextCursor !== null, nextCursor };
}

/** Reads one event; throws `unexpected_response` without a usable `id`, `type` or `createdAt`. */
export const parseEvent = parserOf("an event", eventSchema);

/** When an event was created, in milliseconds since 1970 by the API's clock. */
export function eventTime(event: ExaEvent): number {
  const time = parseTime(event.createdAt);
  if (time === undefined) throw new RangeError(`not an event that was read here: createdAt is ${event.createdAt}`);
  return time;
}
