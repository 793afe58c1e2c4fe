import { WebsetsError } from "../shared/errors.ts";
import { checksum, decodeCursor, encodeCursor, LONGEST_CURSOR_BYTES } from "./cursor.ts";
import { orderKey, type Placed, type Position } from "./position.ts";

/*
 * A page token says where a listing goes on, as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text is "p"
 *   3 bytes   checksum over the rest
 *   8 bytes   time of the last event dealt with, milliseconds since 1970, as a double
 *   1 byte    how many bytes follow
 *   n bytes   its id in UTF-8, or what stands for one that is too long: see `orderKey`
 *   the rest  the cursor that the listing has given, for the next page to give it on
 */
const VERSION = 0xa5;
const PREFIX_BYTES = 4;
const PLACE_BYTES = 9;
/** No cursor is shorter than 12 bytes. */
const LEAST_BYTES = PREFIX_BYTES + PLACE_BYTES + 12;

export interface PageToken {
  /** What follows in the listing is older than this, in the feed's order. */
  before: Placed;
  /** Where waiting goes on. */
  position: Position;
}

/** The place as opaque text of at most 1,000 characters, which callers pass to get older events. */
export function encodePageToken({ before, position }: PageToken): string {
  const place = encodePlace(before);
  const cursor = encodeCursor(position, LONGEST_CURSOR_BYTES - PREFIX_BYTES - place.length);
  const token = Buffer.concat([Buffer.alloc(PREFIX_BYTES), place, Buffer.from(cursor, "base64url")]);
  token.writeUInt8(VERSION, 0);
  checksum(token.subarray(PREFIX_BYTES)).copy(token, 1);
  return token.toString("base64url");
}

/** The place a page token stands for. Refuses with `invalid_request` what `encodePageToken` did not write. */
export function decodePageToken(text: string): PageToken {
  const token = Buffer.from(text, "base64url");
  const isWhole =
    token.length >= LEAST_BYTES &&
    token.toString("base64url") === text &&
    token[0] === VERSION &&
    checksum(token.subarray(PREFIX_BYTES)).equals(token.subarray(1, PREFIX_BYTES));
  if (!isWhole) throw new WebsetsError("invalid_request", refusal(text));
  const end = PREFIX_BYTES + PLACE_BYTES + (token[PREFIX_BYTES + PLACE_BYTES - 1] ?? 0);
  const id = token.subarray(PREFIX_BYTES + PLACE_BYTES, end).toString();
  const position = decodeCursor(token.subarray(end).toString("base64url"));
  return { before: { id, time: token.readDoubleBE(PREFIX_BYTES) }, position };
}

function encodePlace({ id, time }: Placed): Buffer {
  const text = Buffer.from(orderKey(id));
  const head = Buffer.alloc(PLACE_BYTES);
  head.writeDoubleBE(time, 0);
  head.writeUInt8(text.length, PLACE_BYTES - 1);
  return Buffer.concat([head, text]);
}

function refusal(text: string): { what: string; advice: string } {
  if (text.startsWith("c")) {
    return {
      what: "The parameter page was given what looks like a cursor",
      advice: "Pass the nextPage of an earlier listing as page; a cursor goes into wait_for_webset_event as after.",
    };
  }
  return {
    what: "The parameter page holds no page token of list_webset_events, or one that was not copied whole",
    advice: "Pass nextPage exactly as an earlier listing gave it, or leave page out to begin with the newest events.",
  };
}
