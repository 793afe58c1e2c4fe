/** Crockford's base 32, in lower case. */
export const ULID_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
export const ULID_TIME_LENGTH = 10;

/** The forms of ids that can be told apart: those with the time in them sort by it. */
export type IdKind = "ulid" | "cuid" | "uuid" | "uuid7" | "digits" | "hex" | "other";

export interface IdForm {
  /** With its underscore; empty where the id has none that is known. */
  prefix: string;
  /** The length of a prefix that is not known, with its underscore. */
  unknownPrefix: number;
  kind: IdKind;
  bare: string;
  /** The time that it begins with, in milliseconds since 1970. */
  time: number | undefined;
}

/** The API's own words before an id's underscore: those recorded, and what it may call the resources of which none is. */
const PREFIXES = new Set(
  ["event", "evt", "ev", "wevent", "wevt", "webset", "ws", "wsearch", "search", "witem", "item", "wenrich", "enrich"]
    .concat(["wenrichment", "enrichment", "import", "imp", "wimport", "export", "exp", "wexport", "monitor", "mon"])
    .concat(["wmonitor", "monitor_run", "mrun", "run", "wrun", "webhook", "wh", "hook", "team"]),
);

/** Ids whose time lies beyond these are no ids of that form, but look like it by chance: no Webset is older. */
const EARLIEST = Date.UTC(2024, 0, 1);
const LATEST = Date.UTC(2040, 0, 1);

/** Reads the form of an id. */
export function readIdForm(id: string): IdForm {
  const [, word = "", rest = ""] = /^([a-z]{1,12}(?:_[a-z]{1,12})?)_([0-9A-Za-z-]{4,})$/.exec(id) ?? [];
  const isKnown = PREFIXES.has(word);
  const bare = word === "" ? id : rest;
  const unknownPrefix = word === "" || isKnown ? 0 : word.length + 1;
  return { prefix: isKnown ? `${word}_` : "", unknownPrefix, bare, ...kindOf(bare) };
}

function kindOf(bare: string): Pick<IdForm, "kind" | "time"> {
  const lower = bare.toLowerCase();
  if (/^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(lower)) {
    const time = numberOf(lower.slice(0, ULID_TIME_LENGTH), ULID_DIGITS);
    if (isPlausible(time)) return { kind: "ulid", time };
  }
  if (/^c[0-9a-z]{24}$/.test(bare)) {
    const time = Number.parseInt(bare.slice(1, 9), 36);
    if (isPlausible(time)) return { kind: "cuid", time };
  }
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(lower)) {
    const time = Number.parseInt(lower.slice(0, 8) + lower.slice(9, 13), 16);
    return lower[14] === "7" && isPlausible(time) ? { kind: "uuid7", time } : { kind: "uuid", time: undefined };
  }
  if (/^\d+$/.test(bare)) return { kind: "digits", time: undefined };
  if (/^[0-9a-f]{8,}$/.test(lower)) return { kind: "hex", time: undefined };
  return { kind: "other", time: undefined };
}

function isPlausible(time: number): boolean {
  return time >= EARLIEST && time < LATEST;
}

function numberOf(text: string, digits: string): number {
  let value = 0;
  for (const digit of text) value = value * digits.length + digits.indexOf(digit);
  return value;
}

const KINDS: Readonly<Record<IdKind, string>> = {
  ulid: "a ULID",
  cuid: "a cuid",
  uuid: "a UUID",
  uuid7: "a UUID that begins with the time",
  digits: "digits",
  hex: "hexadecimal digits",
  other: "other characters",
};

/** An id's form in words that hold nothing of the id: `event_ and 26 characters, a ULID`. */
export function formInWords(id: string): string {
  const { prefix, unknownPrefix, kind, bare } = readIdForm(id);
  const before = prefix !== "" ? `${prefix} and ` : unknownPrefix > 0 ? `${unknownPrefix - 1} letters, _ and ` : "";
  return `${before}${bare.length} characters, ${KINDS[kind]}`;
}
