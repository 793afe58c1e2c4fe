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
 */
const VERSION_1 = 0xa5;
const HEADER_BYTES = 12;
const LONGEST_ID_BYTES = 1_024;

export interface PageToken {
  /** What follows in the listing is older than this, in the feed's order. */
  before: Placed;
  /** Where waiting goes on. */
  position: Position;
}

/** The place as opaque text, which callers pass to get older events. */
export function encodePageToken({ before, position }: PageToken): string {
  const id = Buffer.from(before.id).subarray(0, LONGEST_ID_BYTES);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt8(VERSION_1, 0);
  head.writeUIntBE(Math.max(0, before.time), 4, 6);
  head.writeUInt16BE(id.length, 10);
  const token = Buffer.concat([head, id, Buffer.from(encodeCursor(position), "base64url")]);
  checksum(token.subarray(4)).copy(token, 1);
  return token.toString("base64url");
}

/** The place a page token stands for. Refuses with `invalid_request` what `encodePageToken` did not write. */
export function decodePageToken(text: string): PageToken {
  const token = Buffer.from(text, "base64url");
  const whole =
    token.length >= HEADER_BYTES &&
    token.toString("base64url") === text &&
    token.readUInt8(0) === VERSION_1 &&
    checksum(token.subarray(4)).equals(token.subarray(1, 4));
  if (!whole) throw new WebsetsError("invalid_request", refusal(text));
  const idEnd = HEADER_BYTES + token.readUInt16BE(10);
  return {
    before: { id: token.subarray(HEADER_BYTES, idEnd).toString(), time: token.readUIntBE(4, 6) },
    position: decodeCursor(token.subarray(idEnd).toString("base64url")),
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
