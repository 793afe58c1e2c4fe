import { WebsetsError } from "../shared/errors.ts";
import { sha256 } from "../shared/hash.ts";
import { type Chain, type Crowd, isPortable, LONGEST_CROWD_BYTES, type Position } from "./position.ts";

/*
 * A cursor is a position as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text is "c", and that of page tokens "p"
 *   8 bytes   since (42 bits, milliseconds since 1970), then the span to the latest event in `seen` (22 bits, milliseconds)
 *   3 bytes   checksum over the rest: models copy cursors by hand, and one wrong letter would be another valid position
 *   4.5 bytes for each event in `seen`: its fingerprint, ascending
 *
 * 40 events make 192 bytes, which are 256 characters; 150 of them, the most there are, make 916. Version 2 is for positions
 * with a tie, and version 3 for those inside a crowd. They have, before the fingerprints:
 *
 *   1 byte    how many bytes follow
 *   n bytes   the tie: an id in UTF-8, or what stands for a longer one
 *
 * and version 3 behind that:
 *
 *   2 bytes   for which types the API gave its own cursor
 *   5 bytes   the fingerprint of the last event before it; 0 where there is none
 *   1 byte    how many bytes follow
 *   n bytes   the API's own cursor in UTF-8
 *
 * A cursor of a chain of waits for items that are ready has another around it:
 *
 *   1 byte    kind and version
 *   3 bytes   checksum over the rest
 *   4 bytes   the chain
 *   4 bytes   the number of its last call that told something
 *   6 bytes   since when events have to be read to know its unfinished items, milliseconds since 1970; 0 where it has none
 *   n bytes   the cursor within
 */
const VERSIONS = { plain: 0x71, tie: 0x72, crowd: 0x73 };
const CHAIN_VERSION = 0x70;
const CHAIN_BYTES = 18;
const PAGE_LETTER = "p";
/** Whatever a position holds, its cursor has no more bytes than this, which are 1,000 characters: no model copies more. */
const LONGEST_CURSOR_BYTES = 750;
const HEADER_BYTES = 12;
const NIBBLES_PER_EVENT = 9;
/** A fingerprint that stands alone. */
const PRINT_BYTES = 5;
const SPAN_BITS = 22n;
/** Later times, which only an upstream without a clock lets through, are told as this one: earlier is safe. */
const LATEST_SINCE = 2 ** 42 - 1;
/** A span too long to be told: the events in `seen` are then kept until they are met again. */
const SPAN_UNKNOWN = 2 ** 22 - 1;

/**
 * The position as opaque text, which callers hold between calls and across restarts. It leaves out fingerprints for which
 * there is no room; for those of `isTellable` positions there is.
 * @param mostBytes of the text before it is written in base64url.
 */
export function encodeCursor(position: Position, mostBytes = LONGEST_CURSOR_BYTES): string {
  if (position.chain !== undefined) {
    const { chain, ...inner } = position;
    return encodeChain(chain, encodeCursor(inner, mostBytes - CHAIN_BYTES));
  }
  const since = Math.min(LATEST_SINCE, Math.max(0, Math.floor(position.since)));
  let latest = since;
  for (const time of position.seen.values()) latest = Math.max(latest, time);
  const span = Math.min(SPAN_UNKNOWN, Math.ceil(latest - since));
  const version = position.crowd !== undefined ? "crowd" : position.tie !== undefined ? "tie" : "plain";
  const extras = [
    ...(version === "plain" ? [] : [sized(position.tie ?? "")]),
    ...(position.crowd === undefined ? [] : [crowdBytes(position.crowd)]),
  ];
  const room = mostBytes - HEADER_BYTES - extras.reduce((sum, { length }) => sum + length, 0);
  // The latest are those that lie nearest to what is still to come.
  const kept = [...position.seen].sort((a, b) => b[1] - a[1]).slice(0, Math.floor((room * 2) / NIBBLES_PER_EVENT));
  const prints = kept.map(([print]) => print).sort((a, b) => a - b);
  const nibbles = prints.map((print) => print.toString(16).padStart(NIBBLES_PER_EVENT, "0")).join("");
  const events = Buffer.from(nibbles.length % 2 === 0 ? nibbles : `${nibbles}0`, "hex");
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSIONS[version], 0);
  header.writeBigUInt64BE((BigInt(since) << SPAN_BITS) | BigInt(span), 1);
  const rest = Buffer.concat([...extras, events]);
  checksum(header.subarray(0, 9), rest).copy(header, 9);
  return Buffer.concat([header, rest]).toString("base64url");
}

/** The position a cursor stands for. Refuses with `invalid_request` what `encodeCursor` did not write. */
export function decodeCursor(text: string): Position {
  const cursor = Buffer.from(text, "base64url");
  if (cursor[0] === CHAIN_VERSION) return decodeChain(cursor, text);
  const version = cursor[0] ?? 0;
  if (
    cursor.length < HEADER_BYTES ||
    cursor.toString("base64url") !== text ||
    !Object.values(VERSIONS).includes(version) ||
    !checksum(cursor.subarray(0, 9), cursor.subarray(HEADER_BYTES)).equals(cursor.subarray(9, HEADER_BYTES))
  ) {
    throw new WebsetsError("invalid_request", refusal(text));
  }
  const packed = cursor.readBigUInt64BE(1);
  const since = Number(packed >> SPAN_BITS);
  const span = Number(packed & BigInt(SPAN_UNKNOWN));
  const latest = span === SPAN_UNKNOWN ? Number.POSITIVE_INFINITY : since + span;
  const { take, takeText } = parts(cursor.subarray(HEADER_BYTES));
  const tie = version === VERSIONS.plain ? "" : takeText();
  const crowd = version === VERSIONS.crowd ? takeCrowd({ take, takeText }) : undefined;
  const nibbles = take().toString("hex");
  const seen = new Map<number, number>();
  for (let at = 0; at + NIBBLES_PER_EVENT <= nibbles.length; at += NIBBLES_PER_EVENT) {
    seen.set(Number.parseInt(nibbles.slice(at, at + NIBBLES_PER_EVENT), 16), latest);
  }
  return { since, seen, ...(tie !== "" && { tie }), ...(crowd !== undefined && { crowd }) };
}

function encodeChain({ id, call, openSince = 0 }: Chain, inner: string): string {
  const head = Buffer.alloc(CHAIN_BYTES);
  head.writeUInt8(CHAIN_VERSION, 0);
  head.writeUInt32BE(id, 4);
  head.writeUInt32BE(call, 8);
  head.writeUIntBE(Math.min(LATEST_SINCE, Math.max(0, Math.floor(openSince))), 12, 6);
  const cursor = Buffer.concat([head, Buffer.from(inner, "base64url")]);
  checksum(cursor.subarray(4)).copy(cursor, 1);
  return cursor.toString("base64url");
}

function decodeChain(cursor: Buffer, text: string): Position {
  const isWhole = cursor.length > CHAIN_BYTES && cursor.toString("base64url") === text;
  if (
    !isWhole ||
    !checksum(cursor.subarray(4)).equals(cursor.subarray(1, 4)) ||
    cursor[CHAIN_BYTES] === CHAIN_VERSION
  ) {
    throw new WebsetsError("invalid_request", refusal(text));
  }
  const openSince = cursor.readUIntBE(12, 6);
  const chain = { id: cursor.readUInt32BE(4), call: cursor.readUInt32BE(8), ...(openSince > 0 && { openSince }) };
  return { ...decodeCursor(cursor.subarray(CHAIN_BYTES).toString("base64url")), chain };
}

/** Takes parts from the beginning of some bytes: of a length, or all there are, and texts that `sized` wrote. */
function parts(bytes: Buffer) {
  let rest = bytes;
  const take = (length = rest.length) => {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  return { take, takeText: () => take(take(1)[0]).toString() };
}

function takeCrowd({ take, takeText }: ReturnType<typeof parts>): Crowd {
  const types = take(2).readUInt16BE(0);
  const last = take(PRINT_BYTES).readUIntBE(0, PRINT_BYTES);
  return { types, ...(last > 0 && { last }), cursor: takeText() };
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Without a cursor of the API's that is too long: the crowd then begins again. */
function crowdBytes({ types, last = 0, cursor }: Crowd): Buffer {
  const head = Buffer.alloc(2 + PRINT_BYTES);
  head.writeUInt16BE(types, 0);
  head.writeUIntBE(last, 2, PRINT_BYTES);
  return Buffer.concat([head, sized(isPortable(cursor, LONGEST_CROWD_BYTES) ? cursor : "")]);
}

/** Three bytes that a text copied wrongly almost never has. */
export function checksum(...parts: readonly Buffer[]): Buffer {
  return sha256(...parts).subarray(0, 3);
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
