import { createHash } from "node:crypto";
import { WebsetsError } from "../shared/errors.ts";
import type { Position } from "./position.ts";

/*
 * A cursor is a position as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text tells cursors ("c") and page tokens ("p") apart
 *   8 bytes   since (42 bits, milliseconds since 1970), then the span to the latest event in `seen` (22 bits, milliseconds)
 *   3 bytes   checksum over the rest
 *   4.5 bytes for each event in `seen`: its fingerprint, ascending
 *
 * 40 events make 192 bytes, which are 256 characters. Version 2 is for positions with a tie. It has, before the fingerprints:
 *
 *   1 byte    how many bytes follow
 *   n bytes   the tie: an id in UTF-8
 */
const VERSION_1 = 0x71;
const VERSION_2 = 0x72;
const PAGE_LETTER = "p";
const HEADER_BYTES = 12;
const NIBBLES_PER_EVENT = 9;
const SPAN_BITS = 22n;
/** Later times, which only an upstream without a clock lets through, are told as this one: earlier is safe. */
const LATEST_SINCE = 2 ** 42 - 1;
/** A span too long to be told: the events in `seen` are then kept until they are met again. */
const SPAN_UNKNOWN = 2 ** 22 - 1;

/** The position as opaque text, which callers hold between calls and across restarts. */
export function encodeCursor(position: Position): string {
  const since = Math.min(LATEST_SINCE, Math.max(0, Math.floor(position.since)));
  let latest = since;
  for (const time of position.seen.values()) latest = Math.max(latest, time);
  const span = Math.min(SPAN_UNKNOWN, Math.ceil(latest - since));
  const prints = [...position.seen.keys()].sort((a, b) => a - b);
  const nibbles = prints.map((print) => print.toString(16).padStart(NIBBLES_PER_EVENT, "0")).join("");
  const events = Buffer.from(nibbles.length % 2 === 0 ? nibbles : `${nibbles}0`, "hex");
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(position.tie === undefined ? VERSION_1 : VERSION_2, 0);
  header.writeBigUInt64BE((BigInt(since) << SPAN_BITS) | BigInt(span), 1);
  const rest = Buffer.concat([tieBytes(position.tie), events]);
  checksum(header.subarray(0, 9), rest).copy(header, 9);
  return Buffer.concat([header, rest]).toString("base64url");
}

/** The position a cursor stands for. Refuses with `invalid_request` what `encodeCursor` did not write. */
export function decodeCursor(text: string): Position {
  const cursor = Buffer.from(text, "base64url");
  if (
    cursor.length < HEADER_BYTES ||
    cursor.toString("base64url") !== text ||
    (cursor.readUInt8(0) !== VERSION_1 && cursor.readUInt8(0) !== VERSION_2) ||
    !checksum(cursor.subarray(0, 9), cursor.subarray(HEADER_BYTES)).equals(cursor.subarray(9, HEADER_BYTES))
  ) {
    throw new WebsetsError("invalid_request", refusal(text));
  }
  const packed = cursor.readBigUInt64BE(1);
  const since = Number(packed >> SPAN_BITS);
  const span = Number(packed & BigInt(SPAN_UNKNOWN));
  const latest = span === SPAN_UNKNOWN ? Number.POSITIVE_INFINITY : since + span;
  const { tie, length } = cursor.readUInt8(0) === VERSION_2 ? readTie(cursor.subarray(HEADER_BYTES)) : NO_TIE;
  const nibbles = cursor.subarray(HEADER_BYTES + length).toString("hex");
  const seen = new Map<number, number>();
  for (let at = 0; at + NIBBLES_PER_EVENT <= nibbles.length; at += NIBBLES_PER_EVENT) {
    seen.set(Number.parseInt(nibbles.slice(at, at + NIBBLES_PER_EVENT), 16), latest);
  }
  return tie === undefined ? { since, seen } : { since, tie, seen };
}

const NO_TIE = { tie: undefined, length: 0 };

function tieBytes(tie: string | undefined): Buffer {
  if (tie === undefined) return Buffer.alloc(0);
  const id = Buffer.from(tie);
  return Buffer.concat([Buffer.from([id.length]), id]);
}

function readTie(rest: Buffer): { tie: string; length: number } {
  const length = 1 + (rest[0] ?? 0);
  return { tie: rest.subarray(1, length).toString(), length };
}

/** Three bytes that a text copied wrongly almost never has. */
export function checksum(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, 3);
}

function refusal(text: string): { what: string; advice: string } {
  if (text.startsWith(PAGE_LETTER)) {
    return {
      what: "The parameter after was given what looks like a page token of list_webset_events",
      advice: "Pass the cursor of an earlier result as after; a page token goes into the parameter page.",
    };
  }
  return {
    what: "The parameter after holds no cursor of this server, or one that was not copied whole",
    advice: "Pass a cursor exactly as an earlier result gave it, or an ISO 8601 time such as 2026-11-01T12:00:00Z.",
  };
}
