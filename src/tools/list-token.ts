import { createHash } from "node:crypto";
import { checksum } from "../feed/cursor.ts";
import { WebsetsError } from "../shared/errors.ts";

/*
 * Where a list of Websets or items goes on, as text, in base64url:
 *
 *   1 byte    kind and version; the first letter of the text is "p", as of all page tokens
 *   3 bytes   checksum over the rest
 *   4 bytes   whose items: the beginning of a hash of the Webset's id; of nothing for Websets
 *   n bytes   the API's own cursor in UTF-8
 */
const KINDS = { list_websets: 0xa6, list_webset_items: 0xa7 };
const PREFIX_BYTES = 4;
const OWNER_BYTES = 4;
/** A token has no more than 1,000 characters: no model copies more. */
const LONGEST_CURSOR_BYTES = 750 - PREFIX_BYTES - OWNER_BYTES;

export type Lister = keyof typeof KINDS;

/** The place behind a page as opaque text; null where the API's own cursor is too long to be passed on. */
export function encodeListToken(lister: Lister, owner: string, cursor: string): string | null {
  const text = Buffer.from(cursor);
  if (text.length > LONGEST_CURSOR_BYTES || text.toString() !== cursor) return null;
  const token = Buffer.concat([Buffer.alloc(PREFIX_BYTES), ownerHash(owner), text]);
  token.writeUInt8(KINDS[lister], 0);
  checksum(token.subarray(PREFIX_BYTES)).copy(token, 1);
  return token.toString("base64url");
}

/** The API's own cursor in a token; refuses with `invalid_request` what `encodeListToken` did not write for this list. */
export function decodeListToken(lister: Lister, owner: string, text: string): string {
  const token = Buffer.from(text, "base64url");
  const isWhole =
    token.length > PREFIX_BYTES + OWNER_BYTES &&
    token.toString("base64url") === text &&
    checksum(token.subarray(PREFIX_BYTES)).equals(token.subarray(1, PREFIX_BYTES));
  if (!isWhole || token[0] !== KINDS[lister]) throw refusal(lister, text, isWhole ? token[0] : undefined);
  const rest = token.subarray(PREFIX_BYTES);
  if (!rest.subarray(0, OWNER_BYTES).equals(ownerHash(owner))) {
    throw new WebsetsError("invalid_request", {
      what: "The parameter page was given the nextPage of another Webset",
      advice: "Pass it with the websetId it was given for, or leave page out to begin with the first items.",
    });
  }
  return rest.subarray(OWNER_BYTES).toString();
}

function ownerHash(owner: string): Buffer {
  return createHash("sha256").update(owner).digest().subarray(0, OWNER_BYTES);
}

function refusal(lister: Lister, text: string, kind: number | undefined): WebsetsError {
  const other = Object.entries(KINDS).find(([, value]) => value === kind)?.[0];
  const what = text.startsWith("c")
    ? "The parameter page was given what looks like a cursor"
    : other === undefined
      ? `The parameter page holds no page token of ${lister}, or one that was not copied whole`
      : `The parameter page was given a page token of ${other}`;
  return new WebsetsError("invalid_request", {
    what,
    advice: `Pass nextPage exactly as an earlier ${lister} gave it, or leave page out to begin anew.`,
  });
}
