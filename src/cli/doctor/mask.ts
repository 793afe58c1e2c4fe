import { randomInt } from "node:crypto";
import { parseTime } from "../../exa/event.ts";
import { EVENT_TYPES } from "../../exa/event-types.ts";
import { type IdForm, readIdForm, ULID_DIGITS, ULID_TIME_LENGTH } from "./id-forms.ts";

export interface MaskOptions {
  words: KnownWords;
  /** The time that is told as `TOLD_START`, in milliseconds since 1970: every other time keeps its distance to it. */
  startedAt: number;
  /** A whole number from 0 to below `limit`; without it a random one. */
  random?: (limit: number) => number;
}

/** When every recording begins. */
export const TOLD_START = Date.UTC(2026, 0, 1);

/** Fields whose numbers say how far something is; every other number may be a fact about somebody. */
const COUNTS = new Set(["found", "analyzed", "completion", "timeLeft", "count"]);
/** No Webset holds nearly as many; what is longer may be a telephone number. */
const MOST_COUNTED = 1_000_000;
/** Below these lies what the web or the user said. */
const CONTENT = new Set(["properties", "metadata", "evaluations", "result", "results", "references"]);
const TIME = /^(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?$/i;
/** Fields that hold a time; what else looks like one may be a birthday. */
const TIME_FIELD = /(?:At|Until)$/;
const ID_FIELD = /^id$|Id$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
/** In scripts that have no such cases, a letter is told as a small one. */
const SMALL = "abcdefghijklmnopqrstuvwxyz";
const MOST_TRIES = 50;
/** What is longer is no id. */
const LONGEST_ID = 200;

/**
 * Puts invented values in the place of everything the API told but its own words. What is the same stays the same, and times and ids
 * keep their form and their distances, so that what was recorded can be played again.
 */
export class Mask {
  readonly #words: KnownWords;
  readonly #random: (limit: number) => number;
  readonly #shiftMs: number;
  readonly #texts = new Map<string, string>();
  readonly #fields = new Map<string, string>();
  readonly #bare = new Map<string, string>();
  readonly #prefixes = new Map<string, string>();
  readonly #given = new Set<string>();

  constructor({ words, startedAt, random = randomInt }: MaskOptions) {
    this.#words = words;
    this.#random = random;
    // Whole seconds, so that times which have no more than seconds still show it.
    this.#shiftMs = TOLD_START - Math.floor(startedAt / 1_000) * 1_000;
  }

  /** A whole value of JSON as it may be shown; `field` is the name it stands under. */
  value(value: unknown, field = "", inContent = false): unknown {
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number") return this.#number(value, field, inContent);
    if (typeof value === "string") return this.#string(value, field, inContent);
    if (Array.isArray(value)) return value.map((one) => this.value(one, field, inContent));
    if (typeof value !== "object") return null;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        this.#field(name),
        this.value(one, name, inContent || CONTENT.has(name)),
      ]),
    );
  }

  /** A time in milliseconds since 1970, as the recording tells it. */
  time(time: number): number {
    return time + this.#shiftMs;
  }

  /** A time as text, as the recording tells it; undefined for what is none. */
  timeText(text: string): string | undefined {
    const time = parseTime(text);
    const match = TIME.exec(text);
    if (time === undefined || match === null) return undefined;
    const [, , between, clock = "", fraction = "", zone = ""] = match;
    const local = new Date(time + this.#shiftMs + zoneMs(zone));
    if (Number.isNaN(local.getTime()) || local.getUTCFullYear() < 0 || local.getUTCFullYear() > 9_999) return undefined;
    const iso = local.toISOString();
    const day = iso.slice(0, 10);
    return between === undefined ? day : `${day}${between}${iso.slice(11, 11 + clock.length)}${fraction}${zone}`;
  }

  /** An id or a cursor, in the form it has: the same for the same, and of the same time where one is in it. */
  id(id: string): string {
    const form = readIdForm(id);
    return this.#prefix(id, form) + this.#bareOf(form);
  }

  /** A text, invented: what kind it was, which of them, and about how long. */
  text(text: string): string {
    if (text === "") return "";
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.size + 1;
    const invented = inventedFor(text, number);
    this.#texts.set(text, invented);
    return invented;
  }

  #field(name: string): string {
    if (this.#words.fields.has(name)) return name;
    const known = this.#fields.get(name) ?? `unknownField${this.#fields.size + 1}`;
    this.#fields.set(name, known);
    return known;
  }

  #number(value: number, field: string, inContent: boolean): number {
    if (ID_FIELD.test(field) && Number.isSafeInteger(value) && value >= 0) return Number(this.id(String(value)));
    if (TIME_FIELD.test(field) && !inContent) return this.#epoch(value);
    if (COUNTS.has(field) && !inContent && value >= 0 && value <= MOST_COUNTED) return value;
    return Number.isInteger(value) ? Math.sign(value) : Math.sign(value) * 1.5;
  }

  /** Seconds or milliseconds since 1970, by how many they are. */
  #epoch(value: number): number {
    if (value >= 1e9 && value < 1e10) return value + this.#shiftMs / 1_000;
    if (value >= 1e12 && value < 1e13) return value + this.#shiftMs;
    return Math.sign(value);
  }

  #string(value: string, field: string, inContent: boolean): string {
    if (this.#words.values.get(field)?.has(value)) return value;
    if (TIME_FIELD.test(field) && !inContent)
      return this.timeText(value) ?? this.#scrambled(value.slice(0, LONGEST_ID));
    const isId = (ID_FIELD.test(field) && field !== "externalId") || field === "nextCursor" || this.#isKnownId(value);
    return isId && value !== "" && value.length <= LONGEST_ID ? this.id(value) : this.text(value);
  }

  /** Ids stand in other fields, too. */
  #isKnownId(value: string): boolean {
    return value.length >= 20 && value.length <= LONGEST_ID && this.#bare.has(readIdForm(value).bare);
  }

  #prefix(id: string, { prefix, unknownPrefix }: IdForm): string {
    if (unknownPrefix === 0) return prefix;
    const word = id.slice(0, unknownPrefix);
    const known = this.#prefixes.get(word) ?? this.#scrambled(word);
    this.#prefixes.set(word, known);
    return known;
  }

  #bareOf(form: IdForm): string {
    const known = this.#bare.get(form.bare);
    if (known !== undefined) return known;
    let told = this.#invented(form);
    // Short ones run out: what is told must still differ from all others, and from what was there.
    for (let tries = 1; this.#given.has(told) || told === form.bare; tries++) {
      told = this.#invented(form) + "0".repeat(Math.floor(tries / MOST_TRIES));
    }
    this.#given.add(told);
    this.#bare.set(form.bare, told);
    return told;
  }

  #invented({ kind, bare, time }: IdForm): string {
    const told = time === undefined ? undefined : Math.max(0, this.time(time));
    if (kind === "ulid" && told !== undefined) {
      const digits = digitsOf(told, ULID_DIGITS, ULID_TIME_LENGTH) + this.#chance(ULID_DIGITS, 16);
      return bare === bare.toUpperCase() ? digits.toUpperCase() : digits;
    }
    if (kind === "cuid" && told !== undefined) {
      return `c${told.toString(36).padStart(8, "0")}${this.#chance(`0123456789${SMALL}`, 16)}`;
    }
    if (kind === "uuid7" && told !== undefined) {
      const hex = told.toString(16).padStart(12, "0");
      return `${hex.slice(0, 8)}-${hex.slice(8)}${this.#hex(bare.slice(13))}`;
    }
    if (kind === "uuid" || kind === "hex" || kind === "uuid7") return this.#hex(bare);
    const scrambled = this.#scrambled(bare);
    // A number must not lose its first digit.
    return kind === "digits" ? scrambled.replace(/^0/, "1") : scrambled;
  }

  /** Hexadecimal digits for such; what says which kind of UUID it is stays. */
  #hex(text: string): string {
    const version = text.length - 22;
    return [...text]
      .map((one, at) => {
        if (!/[0-9a-f]/i.test(one) || (text.includes("-") && at === version)) return one;
        const digit = this.#chance("0123456789abcdef", 1);
        return /[A-F]/.test(one) ? digit.toUpperCase() : digit;
      })
      .join("");
  }

  /** Characters of the same kinds in the same places. */
  #scrambled(text: string): string {
    return [...text]
      .map((one) => {
        if (/[0-9]/.test(one)) return this.#chance("0123456789", 1);
        if (/\p{Lu}/u.test(one)) return this.#chance(SMALL, 1).toUpperCase();
        if (/\p{L}/u.test(one)) return this.#chance(SMALL, 1);
        return /[-_.:~=/+]/.test(one) ? one : "-";
      })
      .join("");
  }

  #chance(digits: string, length: number): string {
    return Array.from({ length }, () => digits.charAt(this.#random(digits.length))).join("");
  }
}

function inventedFor(text: string, number: number): string {
  if (/^https?:\/\//i.test(text)) return `https://www.site-${number}.example/page`;
  if (EMAIL.test(text)) return `person-${number}@mail.example`;
  // Within a factor of two: long enough to show how large answers are, too vague to know a name by.
  const about = 2 ** Math.ceil(Math.log2(text.length));
  return `Text ${number}, up to ${about} characters`;
}

function digitsOf(value: number, digits: string, length: number): string {
  let text = "";
  for (let left = value; text.length < length; left = Math.floor(left / digits.length)) {
    text = digits.charAt(left % digits.length) + text;
  }
  return text;
}

function zoneMs(zone: string): number {
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The words of the API itself, by its OpenAPI file: they are nobody's text, and may be told as they are. */
export interface KnownWords {
  /** Names of fields. */
  fields: ReadonlySet<string>;
  /** What a field may hold that holds one of a few words. */
  values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What stands around the resources. */
const ENVELOPE = ["id", "object", "type", "data", "createdAt", "hasMore", "nextCursor"];

/** Takes the words from the schemas of events' data, which are made of Exa's OpenAPI file. */
export async function loadKnownWords(): Promise<KnownWords> {
  const { default: file } = await import("../../resources/event-data.json", { with: { type: "json" } });
  const fields = new Set(ENVELOPE);
  const values = new Map<string, Set<string>>([
    ["type", new Set<string>(EVENT_TYPES.map(({ type }) => type))],
    ["object", new Set(["event"])],
  ]);
  for (const schema of Object.values(file.schemas)) {
    visit(schema, schema as Schema, (name, words) => {
      fields.add(name);
      const known = values.get(name) ?? new Set();
      for (const word of words) known.add(word);
      values.set(name, known);
    });
  }
  return { fields, values };
}

type Schema = Readonly<Record<string, unknown>>;

/** Calls `found` with each property of a schema, wherever it stands, and the words it may hold. */
function visit(node: unknown, root: Schema, found: (name: string, words: string[]) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, root, found);
  if (!isSchema(node)) return;
  if (isSchema(node.properties)) {
    for (const [name, schema] of Object.entries(node.properties)) found(name, wordsOf(schema, root));
  }
  for (const [key, value] of Object.entries(node)) {
    // Properties are named freely: one may be called `enum`.
    if (key === "properties" || key === "$defs")
      for (const one of Object.values(value as Schema)) visit(one, root, found);
    else visit(value, root, found);
  }
}

function wordsOf(schema: unknown, root: Schema): string[] {
  if (!isSchema(schema)) return [];
  const { enum: several = [], const: single, $ref, anyOf = [], oneOf = [], allOf = [] } = schema;
  const own = [...(several as unknown[]), single].filter((word) => typeof word === "string");
  const referred = typeof $ref === "string" ? [(root.$defs as Schema)[$ref.replace("#/$defs/", "")]] : [];
  const parts = [...(anyOf as unknown[]), ...(oneOf as unknown[]), ...(allOf as unknown[]), ...referred];
  return [...own, ...parts.flatMap((part) => wordsOf(part, root))];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
