const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;

/**
 * Counts the keys, values and containers of a JSON text while it arrives, by its punctuation outside of strings: what reading
 * it costs depends on these far more than on its length. Text in strings counts as one, however many commas it has.
 */
export class JsonParts {
  #inString = false;
  #escaped = false;
  #count = 0;

  /** Takes the next bytes, cut anywhere, and returns the count so far. */
  add(bytes: Uint8Array): number {
    // Fields would make this loop several times slower, and it sees every byte of every answer.
    let inString = this.#inString;
    let escaped = this.#escaped;
    let count = this.#count;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === COMMA || byte === COLON || byte === OPENING_BRACKET || byte === OPENING_BRACE) count++;
    }
    this.#inString = inString;
    this.#escaped = escaped;
    this.#count = count;
    return count;
  }
}
