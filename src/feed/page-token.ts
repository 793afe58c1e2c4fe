import { WebsetsError } from "../shared/errors.ts";
import { checksum, decodeCursor, encodeCursor } from "./cursor.ts";
import type { Placed, Position } from "./position.ts";

/*
 * A page token says where a listing goes on, as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text is "p"
 *   3 bytes   checksum over the rest
 *   6 bytes   time of the last event dealt with, milliseconds since 1970
 *   2 bytes   length of its id in UTF-8, then the id
 *   the rest  the cursor that the listing has given, for the next page to give it on
 *
 * Times and ids that do not fit in there are kept in full, at twice the length:
 *
 *   8 bytes   the time, as a double
 *   4 bytes   length of the id in UTF-16, then the id
 */
const USUAL = 0xa5;
const UNUSUAL = 0xa6;
const PREFIX_BYTES = 4;
/** No cursor is shorter than 12 bytes. */
const LEAST_BYTES = PREFIX_BYTES + 8 + 12;
const LATEST_USUAL_TIME = 2 ** 48 - 1;
const LONGEST_USUAL_ID_BYTES = 2 ** 16 - 1;

export interface PageToken {
  /** What follows in the listing is older than this, in the feed's order. */
  before: Placed;
  /** Where waiting goes on. */
  position: Position;
}

/** The place as opaque text, which callers pass to get older events. */
export function encodePageToken({ before, position }: PageToken): string {
  const { version, place } = encodePlace(before);
  const token = Buffer.concat([Buffer.alloc(PREFIX_BYTES), place, Buffer.from(encodeCursor(position), "base64url")]);
  token.writeUInt8(version, 0);
  checksum(token.subarray(PREFIX_BYTES)).copy(token, 1);
  return token.toString("base64url");
}

/** The place a page token stands for. Refuses with `invalid_request` what `encodePageToken` did not write. */
export function decodePageToken(text: string): PageToken {
  const token = Buffer.from(text, "base64url");
  const version = token[0];
  const isWhole =
    token.length >= LEAST_BYTES &&
    token.toString("base64url") === text &&
    (version === USUAL || version === UNUSUAL) &&
    checksum(token.subarray(PREFIX_BYTES)).equals(token.subarray(1, PREFIX_BYTES));
  if (!isWhole) throw new WebsetsError("invalid_request", refusal(text));
  const { before, rest } = decodePlace(token.subarray(PREFIX_BYTES), version);
  return { before, position: decodeCursor(rest.toString("base64url")) };
}

function encodePlace({ id, time }: Placed): { version: number; place: Buffer } {
  const short = Buffer.from(id);
  // Half of a surrogate pair has no UTF-8.
  const fits = short.length <= LONGEST_USUAL_ID_BYTES && short.toString() === id;
  if (fits && Number.isInteger(time) && time >= 0 && time <= LATEST_USUAL_TIME) {
    const head = Buffer.alloc(8);
    head.writeUIntBE(time, 0, 6);
    head.writeUInt16BE(short.length, 6);
    return { version: USUAL, place: Buffer.concat([head, short]) };
  }
  const long = Buffer.from(id, "utf16le");
  const head = Buffer.alloc(12);
  head.writeDoubleBE(time, 0);
  head.writeUInt32BE(long.length, 8);
  return { version: UNUSUAL, place: Buffer.concat([head, long]) };
}

function decodePlace(bytes: Buffer, version: number): { before: Placed; rest: Buffer } {
  if (version === USUAL) {
    const end = 8 + bytes.readUInt16BE(6);
    return {
      before: { id: bytes.subarray(8, end).toString(), time: bytes.readUIntBE(0, 6) },
      rest: bytes.subarray(end),
    };
  }
  const end = 12 + bytes.readUInt32BE(8);
  return {
    before: { id: bytes.subarray(12, end).toString("utf16le"), time: bytes.readDoubleBE(0) },
    rest: bytes.subarray(end),
  };
}

function refusal(text: string): { what: string; advice: string } {
  if (text.startsWith("c")) {
    return {
      what: "The parameter page was given what looks like a cursor",
      advice: "Pass the nextPage of an earlier listing as page; a cursor goes into wait_for_webset_event as after.",
    };
  }
  return {
    what: "The parameter page holds no page token of this server, or one that was not copied whole",
    advice: "Pass nextPage exactly as an earlier listing gave it, or leave page out to begin with the newest events.",
  };
}
