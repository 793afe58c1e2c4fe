import * as z from "zod/v4";
import { parseTime } from "../exa/event.ts";
import { decodeCursor } from "../feed/cursor.ts";
import { decodePageToken } from "../feed/page-token.ts";
import { type Position, positionAt } from "../feed/position.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { WaitLimits } from "./define.ts";
import { SAFE_TIMEOUT_SECONDS } from "./hosts.ts";

const TIME_WITH_ZONE = /T.*(?:Z|[+-]\d{2}:?\d{2})$/i;

export const types = z
  .array(z.string().min(1).max(100))
  .max(50)
  .optional()
  .describe(
    'Event types, exact or a prefix with a star: ["webset.search.completed"], ["webset.item.*"]. Default: all.',
  );

export const websetId = z.string().min(1).max(300);

export const detail = z
  .enum(["summary", "full"])
  .describe('"summary": one line per event. "full": adds data, the resource itself, long page text cut.');

export const timeoutSeconds = z
  .number()
  .min(0)
  .optional()
  .describe(`Seconds to wait at most; 0 looks once. Default ${SAFE_TIMEOUT_SECONDS}, safe with every host.`);

/** The wait a call asked for, in seconds; more than the server allows is an `invalid_request`. */
export function timeoutOf(asked: number | undefined, limits: WaitLimits): number {
  const { maxWaitSeconds, defaultTimeoutSeconds, raisedBy = "--max-wait" } = limits;
  const seconds = asked ?? Math.min(defaultTimeoutSeconds, maxWaitSeconds);
  if (seconds <= maxWaitSeconds) return seconds;
  throw new WebsetsError("invalid_request", {
    what: `timeoutSeconds is ${seconds}, and this server waits ${maxWaitSeconds} s at most`,
    advice: `Wait in several calls: each result says how to go on, and nothing is lost in between. ${raisedBy} raises the limit.`,
  });
}

/** Milliseconds since 1970 for a time a caller wrote; one without a zone, or that is none, is an `invalid_request`. */
export function timeOf(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const text = given.trim();
  const time = parseTime(text);
  if (time !== undefined && TIME_WITH_ZONE.test(text)) return time;
  throw new WebsetsError("invalid_request", {
    what: `The parameter ${name} holds ${JSON.stringify(text.slice(0, 80))}, which ${faultOf(text, time)}`,
    advice: "Write it like 2026-11-01T12:00:00Z: with the time of day, and with Z for UTC or an offset such as +02:00.",
  });
}

function faultOf(text: string, time: number | undefined): string {
  if (time === undefined) return "is not an ISO 8601 time, or one that no calendar has";
  if (/^\S+ /.test(text)) return "has a blank between date and time of day, where ISO 8601 has a T";
  return "has no time of day or no time zone";
}

/** The position a caller's `after` stands for: a cursor, or a time. Nothing means now. */
export function positionOf(after: string | undefined): Position | undefined {
  if (after === undefined) return undefined;
  const text = after.trim();
  if (isTime(text)) return positionAt(timeOf("after", text) as number);
  return minted("after", text, decodeCursor);
}

/** The page token a caller passed, if there is anything that a listing can go on with in it. */
export function pageOf(page: string | undefined): string | undefined {
  if (page === undefined) return undefined;
  const text = page.trim();
  const { before } = minted("page", text, decodePageToken);
  if (Number.isNaN(new Date(before.time).getTime())) throw forged("page");
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
  return /^\s*\d{4}-/.test(after);
}
