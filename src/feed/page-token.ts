import * as z from "zod/v4";
import { WebsetsError } from "../shared/errors.ts";
import { checksum, decodeCursor, encodeCursor } from "./cursor.ts";
import { type Crowd, LONGEST_CROWD_BYTES, orderKey, type Placed, type Position } from "./position.ts";

/*
 * A page token says where a list goes on, as text of at most 1,000 characters, which no model copies wrongly without being told:
 *
 *   1 character     "p": cursors begin with "c"
 *   4 characters    checksum over the rest: three bytes in base64url
 *   the rest        JSON in base64url: ["list_websets", { ... }], the tool that gave it and what that tool goes on with
 */
/** What shows a list that leads in a circle: see `tools/list-pages.ts`. */
const trail = z.tuple([z.string(), z.int(), z.int(), z.int()]).optional();
const CONTENTS = {
  list_websets: z.strictObject({
    /** The API's own. */
    cursor: z.string(),
    trail,
  }),
  list_webset_items: z.strictObject({
    /** The beginning of a hash of the Webset's id: whose items. */
    webset: z.string(),
    /** The API's own. */
    cursor: z.string(),
    trail,
  }),
  list_webset_events: z.strictObject({
    /** Of the last event dealt with: its time in milliseconds since 1970, as far as a date reaches, and its `orderKey`. */
    before: z.strictObject({ time: z.number().min(-8.64e15).max(8.64e15), id: z.string() }),
    crowd: z.strictObject({ types: z.int(), cursor: z.string() }).optional(),
    /** The cursor that the listing has given, for the next page to give it on. */
    cursor: z.string(),
    /** Not all that was handed out is known in that cursor. */
    repeats: z.literal(true).optional(),
  }),
};
const LONGEST = 1_000;
const PREFIX = "p";
const CHECKSUM_CHARACTERS = 4;
const MOST_JSON_BYTES = Math.floor(((LONGEST - PREFIX.length - CHECKSUM_CHARACTERS) * 3) / 4);

export type PagedTool = keyof typeof CONTENTS;
export type PageContent<T extends PagedTool> = z.output<(typeof CONTENTS)[T]>;

/** The place at which a list goes on, as text that callers pass as `page`; null where it would be too long. */
export function encodePage<T extends PagedTool>(tool: T, content: PageContent<T>): string | null {
  const json = Buffer.from(JSON.stringify([tool, content]));
  if (json.length > MOST_JSON_BYTES) return null;
  return `${PREFIX}${checksum(json).toString("base64url")}${json.toString("base64url")}`;
}

/** What a page token of that tool holds. Refuses with `invalid_request` what `encodePage` did not write for it. */
export function decodePage<T extends PagedTool>(tool: T, text: string): PageContent<T> {
  const [kind, content] = jsonIn(text) ?? [];
  const read = kind === tool ? CONTENTS[tool].safeParse(content) : undefined;
  if (read?.success) return read.data as PageContent<T>;
  throw refusal(
    tool,
    text,
    typeof kind === "string" && kind !== tool && Object.hasOwn(CONTENTS, kind) ? kind : undefined,
  );
}

function jsonIn(text: string): unknown[] | undefined {
  const rest = text.slice(PREFIX.length + CHECKSUM_CHARACTERS);
  const json = Buffer.from(rest, "base64url");
  const sum = checksum(json).toString("base64url");
  if (json.toString("base64url") !== rest || text !== `${PREFIX}${sum}${rest}`) return undefined;
  try {
    const value: unknown = JSON.parse(json.toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    // Whoever makes one up can give it a right checksum.
    return undefined;
  }
}

function refusal(tool: PagedTool, text: string, other: string | undefined): WebsetsError {
  if (text.startsWith("c")) {
    return new WebsetsError("invalid_request", {
      what: "The parameter page was given what looks like a cursor",
      advice: `Pass the nextPage of an earlier ${tool} as page; a cursor goes into wait_for_webset_event as after.`,
    });
  }
  return new WebsetsError("invalid_request", {
    what:
      other === undefined
        ? `The parameter page holds no page token of ${tool}, or one that was not copied whole`
        : `The parameter page was given a page token of ${other}, and ${tool} takes only its own`,
    advice: `Pass nextPage exactly as an earlier ${tool} gave it, or leave page out to begin anew.`,
  });
}

/** Where a listing of events goes on. */
export interface PageToken {
  /** What follows in the listing is older than this, in the feed's order. */
  before: Placed;
  /** Where the page of a crowd begins on which that event stands: within that millisecond the API's order counts. */
  crowd?: Crowd | undefined;
  /** Where waiting goes on. */
  position: Position;
  /** Whether there was no room for all of the position, in this token or in one before it: events may then come again. */
  repeats?: true | undefined;
}

/**
 * The same for events. Fingerprints of the position for which there is no room are left out, and a cursor of the API's that is too
 * long: the crowd then begins again.
 */
export function encodePageToken({ before, crowd, position, repeats }: PageToken): string {
  const place = {
    before: { time: before.time, id: orderKey(before.id) },
    ...(crowd !== undefined && { crowd: { types: crowd.types, cursor: isShort(crowd.cursor) ? crowd.cursor : "" } }),
  };
  const longest = { ...place, cursor: "", repeats: true };
  const room = MOST_JSON_BYTES - Buffer.byteLength(JSON.stringify(["list_webset_events", longest]));
  const cursor = encodeCursor(position, Math.floor((room * 3) / 4));
  const lacks = repeats || decodeCursor(cursor).seen.size < position.seen.size;
  return encodePage("list_webset_events", { ...place, cursor, ...(lacks && { repeats: true }) }) as string;
}

/** What such a token stands for; refuses like `decodePage`. */
export function decodePageToken(text: string): PageToken {
  const { cursor, ...place } = decodePage("list_webset_events", text);
  return { ...place, position: decodeCursor(cursor) };
}

/** Whether a text takes this much room in JSON, where control characters take six times theirs. */
function isShort(text: string): boolean {
  return Buffer.byteLength(JSON.stringify(text)) <= LONGEST_CROWD_BYTES + 2;
}
