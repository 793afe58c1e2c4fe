/** What an id may be on its way through the SDK, which takes texts and whole numbers that JavaScript tells apart. */
export type SdkId = string | number;

/** What stands in for ids that the SDK does not take as they are, from the first of them on. Nobody can have guessed it. */
let standIn: string | undefined;
let aliases = 0;

/**
 * An id for the SDK; `restoreIds` makes it what the client wrote. `raw` is its JSON: fractions and numbers beyond 2^53, which
 * hosts in other languages count exactly, come back letter by letter.
 */
export function sdkId(value: string | number, raw: () => string): SdkId {
  const fits = typeof value === "string" ? !/\p{Cs}/u.test(value) : Number.isSafeInteger(value);
  return fits ? value : alias(raw());
}

/** Another id that is restored to the same. */
export function anotherId(id: SdkId): SdkId {
  return alias(restoreIds(JSON.stringify(id)));
}

/** The same for all ids that a client sees as one. Numbers beyond 2^53 count as what JavaScript makes of them. */
export function keyOf(id: SdkId): string {
  const raw = restoreIds(JSON.stringify(id));
  return raw.startsWith('"') ? raw : String(Number(raw));
}

function alias(raw: string): SdkId {
  standIn ??= `${crypto.randomUUID()}.`;
  return `${standIn}${aliases++}.${Buffer.from(raw).toString("base64url")}`;
}

/** A line of JSON with the client's own ids in the place of those that stood in for them. */
export function restoreIds(line: string): string {
  if (standIn === undefined || !line.includes(standIn)) return line;
  return line.replace(new RegExp(`"${standIn}\\d+\\.([\\w-]+)"`, "g"), (_, encoded: string) =>
    Buffer.from(encoded, "base64url").toString(),
  );
}

/** Longer ones are no ids that anybody uses; they are not looked for in what cannot be parsed. */
const LONGEST_ID_BYTES = 1_000;

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Finds the ids of messages in their text, also where the text is no JSON as a whole or is too long to be parsed. */
export class IdScanner {
  /** Of each message in a batch its id as it stands in the text, or undefined; of one that is alone likewise. */
  readonly ids: (string | undefined)[] = [];
  /** How deep the fields of a message stand: deeper in a batch. */
  #level = 1;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #isValue = false;
  #key = "";
  /** The bytes of the key or value that is being read, at the level of a message. */
  #token: number[] = [];
  #id: string | undefined;

  /** The id of a message that is alone, as soon as it is there. */
  get raw(): string | undefined {
    return this.#level === 1 ? (this.#id ?? this.ids[0]) : undefined;
  }

  /** Reads on. A message may come in any pieces. */
  push(bytes: Uint8Array): this {
    for (const byte of bytes) this.#read(byte);
    return this;
  }

  #read(byte: number): void {
    if (this.#inText) {
      this.#keep(byte);
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inText = false;
      return;
    }
    switch (byte) {
      case QUOTE:
        this.#inText = true;
        this.#keep(byte);
        return;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (this.#depth === 0) this.#level = byte === OPEN_BRACKET ? 2 : 1;
        this.#keep(byte);
        this.#depth++;
        return;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (this.#depth === this.#level) this.#endField();
        this.#depth--;
        if (byte === CLOSE_BRACE && this.#depth === this.#level - 1) this.#endMessage();
        return;
      case COLON:
        if (this.#depth === this.#level && !this.#isValue) {
          this.#key = this.#take();
          this.#isValue = true;
        }
        return;
      case COMMA:
        if (this.#depth === this.#level) this.#endField();
        return;
      default:
        if (byte > 0x20) this.#keep(byte);
    }
  }

  #keep(byte: number): void {
    if (this.#depth === this.#level && this.#token.length <= LONGEST_ID_BYTES) this.#token.push(byte);
  }

  #take(): string {
    const token = Buffer.from(this.#token).toString();
    this.#token = [];
    return token;
  }

  /** A key with its value is whole. Of two that are called the same the later one counts, as in JSON. */
  #endField(): void {
    const value = this.#take();
    if (this.#isValue && this.#key === '"id"' && isId(value)) this.#id = value;
    this.#isValue = false;
  }

  #endMessage(): void {
    this.ids.push(this.#id);
    this.#id = undefined;
  }
}

function isId(raw: string): boolean {
  if (/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(raw)) return true;
  try {
    return typeof JSON.parse(raw) === "string";
  } catch {
    return false;
  }
}
