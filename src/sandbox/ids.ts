import type { Random } from "./random.ts";

/**
 * The forms of ids. `ulid` and `cuid` are recorded: both begin with the time. For what no recording shows, `random` is the
 * harsher guess: whoever sorts by such ids learns nothing about time.
 */
const FORMS = {
  webset: { prefix: "webset_", form: "ulid" },
  search: { prefix: "wsearch_", form: "ulid" },
  item: { prefix: "witem_", form: "ulid" },
  enrichment: { prefix: "wenrich_", form: "ulid" },
  /** One that is created together with its Webset. */
  firstEnrichment: { prefix: "wenrich_", form: "cuid" },
  import: { prefix: "import_", form: "ulid" },
  export: { prefix: "export_", form: "random" },
  monitor: { prefix: "monitor_", form: "random" },
  run: { prefix: "run_", form: "random" },
  event: { prefix: "event_", form: "random" },
  request: { prefix: "", form: "request" },
} as const;

export type IdKind = keyof typeof FORMS;

/** Crockford's base 32, in lower case. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz";
/** Of a ULID: 48 bits of time, then 80 of chance. */
const TIME_LENGTH = 10;
const BARE_LENGTH = 26;
/** Of a cuid: `c`, eight digits of time, and the rest. */
const CUID_REST = 16;
const REQUEST_LENGTH = 32;

const BARE = new RegExp(`^[a-z]+_([${DIGITS}]{${BARE_LENGTH}})$`);

/**
 * A maker of ids such as `webset_01kaq2yvrh3fktfhfseq0r7xep`, of a time in milliseconds since 1970. Each kind has its own
 * stream of chance, so that more of one does not change the others.
 */
export function createIds(random: Random): (kind: IdKind, time: number) => string {
  const streams = new Map<IdKind, Random>();
  return (kind, time) => {
    const stream = streams.get(kind) ?? random.fork(`ids/${kind}`);
    streams.set(kind, stream);
    const { prefix, form } = FORMS[kind];
    switch (form) {
      case "ulid":
        return prefix + timeDigits(time) + chance(stream, DIGITS, BARE_LENGTH - TIME_LENGTH);
      case "cuid":
        return `${prefix}c${Math.max(0, time).toString(36).padStart(8, "0")}${chance(stream, BASE_36, CUID_REST)}`;
      case "random":
        return prefix + chance(stream, DIGITS, BARE_LENGTH);
      case "request":
        return chance(stream, BASE_36, REQUEST_LENGTH);
    }
  };
}

/** An id without its prefix; one of another form as it is. */
export function bareId(id: string): string {
  return BARE.exec(id)?.[1] ?? id;
}

/** The ids of a kind that a bare one can stand for, the likelier first. */
export function idsOf(kind: IdKind, bare: string): string[] {
  return bare.length === BARE_LENGTH ? [FORMS[kind].prefix + bare, bare] : [bare];
}

/** The time a bare id of a kind begins with, in milliseconds since 1970; undefined where it has none. */
export function timeOfId(kind: IdKind, bare: string): number | undefined {
  if (FORMS[kind].form !== "ulid" || bare.length !== BARE_LENGTH) return undefined;
  let time = 0;
  for (const digit of bare.slice(0, TIME_LENGTH)) {
    const value = DIGITS.indexOf(digit);
    if (value === -1) return undefined;
    time = time * DIGITS.length + value;
  }
  return time < 2 ** 48 ? time : undefined;
}

function timeDigits(time: number): string {
  let digits = "";
  for (let left = Math.max(0, Math.floor(time)); digits.length < TIME_LENGTH; left = Math.floor(left / DIGITS.length)) {
    digits = DIGITS.charAt(left % DIGITS.length) + digits;
  }
  return digits;
}

function chance(random: Random, digits: string, length: number): string {
  return Array.from({ length }, () => digits.charAt(random.integer(0, digits.length - 1))).join("");
}
