/** Takes a secret out of a text, in whatever form it stands there. */
export type Redact = (text: string) => string;

/** What stands in the secret's place. */
const REDACTED = "[key]";
/** A shorter key is a word, such as the sandbox's: taking it out would spoil texts and protect nothing. */
const SHORTEST_SECRET = 8;
/** Texts are cut, and half a key is one that can be guessed; fewer characters than this may be a word. */
const SHORTEST_PART = 12;
const SHORTEST_BASE64_PART = 16;

/**
 * Creates what takes a key out of everything that leaves the process: whole or at least half of it, in either case, with any of
 * its characters escaped for JSON, URLs, HTML or mail, also twice; and as hexadecimal, decimal or Base64 text, also in the middle
 * of a longer one. Keys are ASCII. Without a key, or with one shorter than 8 characters, texts stay as they are.
 *
 * It walks the text by itself: as regular expressions, which say the same in fewer lines, each key would take a megabyte and a half of
 * compiled code, and a server of many keys ends for want of memory.
 */
export function createRedact(key: string | undefined): Redact {
  if (key === undefined || key.length < SHORTEST_SECRET) return (text) => text;
  const finder = new Finder(writingsOf(key));
  return (text) => {
    let [before, after] = [text, finder.takeOut(text)];
    // Two that touch hide each other's ends.
    while (after !== before) [before, after] = [after, finder.takeOut(after)];
    return after;
  };
}

/** All strings of a value of JSON without the key, and the names in it, too. */
export function redactValue<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((one) => redactValue(one, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [redact(name), redactValue(one, redact)])) as T;
}

function replacement(text: string, at: number): string {
  // A letter after a backslash belongs to it, and an escape without its letter is no JSON any more.
  const backslashes = /\\*$/.exec(text.slice(Math.max(0, at - 20), at))?.[0].length ?? 0;
  const first = text.charAt(at);
  return backslashes % 2 === 1 && /[a-z"/]/i.test(first) ? first + REDACTED : REDACTED;
}

/** Where in a secret a part of it begins that tells something: at its beginning, or with its last half. */
interface Start {
  writing: Writing;
  from: number;
  least: number;
}

/** Finds a secret in texts. */
class Finder {
  readonly #starts: readonly Start[];
  // Of each character, as bits, which starts it may begin, and which it may follow on the first one: in the plain form of a
  // character, and in its others. Hardly any place in a text passes that.
  readonly #plain = new Uint32Array(128);
  readonly #behindPlain = new Uint32Array(128);
  readonly #escape = new Uint32Array(128);
  readonly #behindEscape = new Uint32Array(128);

  constructor(writings: readonly Writing[]) {
    this.#starts = writings.flatMap((writing) => {
      const { length } = writing.characters;
      const half = Math.min(length, Math.max(writing.least, Math.ceil(length / 2)));
      return [0, length - half].map((from) => ({ writing, from, least: half }));
    });
    this.#starts.forEach(({ writing, from }, index) => {
      const [first = "", second = ""] = writing.characters.slice(from, from + 2);
      const { plain, behindPlain, escapes, behindEscape } = writing.begins(first, second);
      const mark = (table: Uint32Array, characters: string) => {
        for (const code of Buffer.from(characters)) table[code] = (table[code] ?? 0) | (1 << index);
      };
      mark(this.#plain, plain);
      mark(this.#behindPlain, behindPlain);
      mark(this.#escape, escapes);
      mark(this.#behindEscape, behindEscape);
    });
  }

  takeOut(text: string): string {
    const [plain, behindPlain, escapes, behindEscape] = [
      this.#plain,
      this.#behindPlain,
      this.#escape,
      this.#behindEscape,
    ];
    let redacted = "";
    let kept = 0;
    for (let at = 0; at < text.length; at++) {
      const first = text.charCodeAt(at);
      if (first > 127) continue;
      // Backslashes, of which texts within texts have many, say nothing by themselves.
      const next = first === BACKSLASH ? behindBackslashes(text, at) : at + 1;
      const second = next < text.length ? text.charCodeAt(next) : 0;
      // Beyond ASCII there are the marks without a width.
      const follow = second > 127 ? -1 : (behindPlain[second] as number);
      const escaped = second > 127 ? 0 : (behindEscape[second] as number);
      const candidates = ((plain[first] as number) & follow) | ((escapes[first] as number) & escaped);
      if (candidates === 0) {
        at = next - 1;
        continue;
      }
      const end = this.#endOf(text, at, candidates);
      if (end === at) continue;
      redacted += text.slice(kept, at) + replacement(text, at);
      kept = end;
      at = end - 1;
    }
    return kept === 0 ? text : redacted + text.slice(kept);
  }

  #endOf(text: string, at: number, candidates: number): number {
    let end = at;
    for (let rest = candidates; rest !== 0; rest &= rest - 1) {
      const start = this.#starts[31 - Math.clz32(rest & -rest)];
      if (start !== undefined) end = Math.max(end, walk(text, at, start) ?? at);
    }
    return end;
  }
}

/** A way to write a secret down: character by character, each in one of several forms. */
interface Writing {
  characters: readonly string[];
  /** At least this many of them are a part that tells something, and never less than half. */
  least: number;
  /** With which characters one may begin, and which may stand behind the first of them, given what follows in the secret. */
  begins(character: string, next: string): Begins;
  /** Where a character that is written at `at` ends, in each form that stands there. */
  ends(text: string, at: number, character: string): readonly number[];
  /** Where the next character may be written, given where one ends. */
  nexts(text: string, at: number): readonly number[];
}

interface Begins {
  plain: string;
  behindPlain: string;
  escapes: string;
  behindEscape: string;
}

const ESCAPES = "%=\\&";
const HEX_DIGITS = "0123456789abcdefABCDEF";
/** With what begins what mail and editors put between, in ASCII. */
const WRAPS = " \t\n\v\f\r\\=";

function writingsOf(key: string): Writing[] {
  const characters = [...key];
  const base64 = [Buffer.from(key), Buffer.from(key, "utf16le")].flatMap(base64Cores);
  return [
    {
      characters,
      least: SHORTEST_PART,
      begins: (one, next) => ({
        plain: cases(one),
        behindPlain: cases(next) + ESCAPES + WRAPS,
        escapes: ESCAPES,
        behindEscape: `${HEX_DIGITS}xXuU&#${cases(one)}${cases(NAMED[one]?.charAt(0) ?? "")}`,
      }),
      ends: escapedEnds,
      nexts: wrappedNexts,
    },
    {
      characters,
      least: SHORTEST_PART,
      begins(one) {
        const [first = "", second = ""] = hexOf(one.charCodeAt(0));
        return { plain: cases(first), behindPlain: cases(second), escapes: "0\\", behindEscape: "xX" };
      },
      ends: hexadecimalEnds,
      nexts: (text, at) => separated(text, at, { separators: /[\s:,;-]/, most: 2 }),
    },
    {
      characters,
      least: SHORTEST_PART,
      begins(one) {
        const [first = "", second = ""] = String(one.charCodeAt(0));
        return { plain: first, behindPlain: second, escapes: "", behindEscape: "" };
      },
      ends: decimalEnds,
      nexts: (text, at) => separated(text, at, { separators: /[\s,;]/, most: 3 }).slice(1),
    },
    ...base64.map((core) => ({
      characters: [...core],
      least: SHORTEST_BASE64_PART,
      begins: (one: string, next: string) => ({
        plain: base64Marks(one),
        behindPlain: `${base64Marks(next)}%${WRAPS}`,
        escapes: one === "+" || one === "/" ? "%\\" : "",
        behindEscape: "2/",
      }),
      ends: base64Ends,
      nexts: wrappedNexts,
    })),
  ];
}

/** Reads characters of the secret from one on; where the last one that stands there ends, if they are enough. */
function walk(text: string, at: number, { writing, from, least }: Start): number | undefined {
  const { characters, ends, nexts } = writing;
  let places: readonly number[] = [at];
  let last: number | undefined;
  for (let index = from; index < characters.length; index++) {
    const character = characters[index] ?? "";
    const found = each(places, (place) => ends(text, place, character));
    if (found.length === 0) break;
    if (index - from + 1 >= least) last = Math.max(...found);
    places = each(found, (place) => nexts(text, place));
  }
  return last;
}

/** What comes of each, once. Nearly always there is one. */
function each(places: readonly number[], of: (place: number) => readonly number[]): readonly number[] {
  const [only] = places;
  return places.length === 1 && only !== undefined ? of(only) : [...new Set(places.flatMap(of))];
}

const NONE: readonly number[] = [];
const [PERCENT, AMPERSAND, EQUALS, BACKSLASH] = [0x25, 0x26, 0x3d, 0x5c];

const NAMED: Readonly<Record<string, string>> = {
  "&": "amp;",
  "<": "lt;",
  ">": "gt;",
  '"': "quot;",
  "'": "apos;",
  " ": "nbsp;",
};

/** A character as it is, or escaped for a URL, mail, JSON, a pattern or HTML. All repetitions are bounded. */
function escapedEnds(text: string, at: number, character: string): readonly number[] {
  const first = text.charCodeAt(at);
  const isItself = stands(text, at, character);
  if (first !== PERCENT && first !== EQUALS && first !== BACKSLASH && first !== AMPERSAND) {
    return isItself ? [at + 1] : NONE;
  }
  const code = character.charCodeAt(0);
  const ends: number[] = isItself ? [at + 1] : [];
  const hex = (place: number, behind = 0) => {
    if (hexAt(text, place) === code) ends.push(place + 2 + behind);
  };
  if (first === EQUALS) hex(at + 1);
  if (first === PERCENT)
    for (const more of ["", "25", "2525"]) if (text.startsWith(more, at + 1)) hex(at + 1 + more.length);
  const bare = first === BACKSLASH ? behindBackslashes(text, at) : at;
  if (first === BACKSLASH) {
    if (isAt(text, bare, "x")) hex(bare + 1);
    if (isAt(text, bare, "u00")) hex(bare + 3);
    if (isAt(text, bare, "u{")) {
      const place = behindZeros(text, bare + 2);
      // A zero of the number itself may have been taken for one that only fills.
      for (const digits of [place, place - 1]) if (text.charAt(digits + 2) === "}") hex(digits, 1);
    }
    // Those of a text within a text are doubled.
    if (code === BACKSLASH) for (let end = at + 2; end <= bare; end++) ends.push(end);
    // What is no letter and no digit may have them before it.
    else if (!isLetter(code) && !isDigit(code) && stands(text, bare, character)) ends.push(bare + 1);
  }
  if (text.charCodeAt(bare) === AMPERSAND) {
    for (let place = bare + 1, times = 0; times <= 4; place += 4, times++) {
      const named = NAMED[character];
      if (named !== undefined && isAt(text, place, named)) ends.push(place + named.length);
      if (bare === at && text.charAt(place) === "#") ends.push(...numberedEnds(text, place + 1, code));
      if (!isAt(text, place, "amp;")) break;
    }
  }
  return ends;
}

/** A character in HTML by its number. */
function numberedEnds(text: string, at: number, code: number): readonly number[] {
  const isHex = isAt(text, at, "x");
  const number = isHex ? hexOf(code) : String(code);
  const place = behindZeros(text, isHex ? at + 1 : at);
  if (!isAt(text, place, number)) return NONE;
  const end = place + number.length;
  return [text.charAt(end) === ";" ? end + 1 : end];
}

function hexadecimalEnds(text: string, at: number, character: string): readonly number[] {
  const bare = text.charAt(at) === "0" ? at + 1 : behindBackslashes(text, at);
  const place = bare > at && isAt(text, bare, "x") ? bare + 1 : at;
  return hexAt(text, place) === character.charCodeAt(0) ? [place + 2] : NONE;
}

function decimalEnds(text: string, at: number, character: string): readonly number[] {
  const number = String(character.charCodeAt(0));
  if (!text.startsWith(number, at)) return NONE;
  const isWhole = !isDigit(text.charCodeAt(at - 1)) && !isDigit(text.charCodeAt(at + number.length));
  return isWhole ? [at + number.length] : NONE;
}

function base64Ends(text: string, at: number, character: string): readonly number[] {
  if (at < text.length && base64Marks(character).includes(text.charAt(at))) return [at + 1];
  if (character !== "+" && character !== "/") return NONE;
  if (isAt(text, at, character === "+" ? "%2b" : "%2f")) return [at + 3];
  const bare = behindBackslashes(text, at);
  return character === "/" && text.charAt(bare) === "/" ? [bare + 1] : NONE;
}

/** As in URLs, too. */
function base64Marks(character: string): string {
  return character === "+" ? "+-" : character === "/" ? "/_" : character;
}

const WRAPPING = /\s|\\{1,40}[nr]|=\r?\n|[\u00ad\u200b-\u200d\u2060\ufeff]/iy;

/** Behind a character, and behind up to four of what mail and editors put between: line breaks, also escaped ones, and marks without a width. */
function wrappedNexts(text: string, at: number): readonly number[] {
  const code = text.charCodeAt(at);
  if (code > 0x20 && code < 0x7f && code !== BACKSLASH && code !== EQUALS) return [at];
  const nexts = [at];
  for (let place = at; nexts.length <= 4; nexts.push(place)) {
    WRAPPING.lastIndex = place;
    if (!WRAPPING.test(text)) break;
    place = WRAPPING.lastIndex;
  }
  return nexts;
}

/** Behind a character, and behind each part of what separates it from the next. */
function separated(text: string, at: number, { separators, most }: { separators: RegExp; most: number }): number[] {
  const nexts = [at];
  while (nexts.length <= most && separators.test(text.charAt(at + nexts.length - 1))) nexts.push(at + nexts.length);
  return nexts;
}

/** What of the Base64 text depends on the secret alone, for each of the three places in which it may begin in a longer text. */
function base64Cores(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    const end = Math.floor(((before + secret.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), end);
  });
}

/** A character as it may be written: small or capital, and what summaries and forms put in its place. */
function cases(character: string): string {
  const others = character === '"' ? "'" : character === " " ? "+" : "";
  return character.toLowerCase() + character.toUpperCase() + others;
}

/** Whether a character stands there in one of these cases. */
function stands(text: string, at: number, character: string): boolean {
  const [here, code] = [text.charCodeAt(at), character.charCodeAt(0)];
  if (here === code || (isLetter(code) && here === (code ^ 0x20))) return true;
  return at < text.length && here < 0x30 && cases(character).includes(text.charAt(at));
}

function behindBackslashes(text: string, at: number): number {
  let end = at;
  while (end - at < 40 && text.charCodeAt(end) === BACKSLASH) end++;
  return end;
}

function behindZeros(text: string, at: number): number {
  let end = at;
  while (end - at < 6 && text.charAt(end) === "0") end++;
  return end;
}

/** Whether a word in small letters stands there, in whichever case. */
function isAt(text: string, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    const [here, wanted] = [text.charCodeAt(at + index), word.charCodeAt(index)];
    if (here !== wanted && !(isSmall(wanted) && here === wanted - 0x20)) return false;
  }
  return true;
}

function isLetter(code: number): boolean {
  return isSmall(code | 0x20);
}

function isSmall(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function hexAt(text: string, at: number): number {
  return digitAt(text, at) * 16 + digitAt(text, at + 1);
}

/** A hexadecimal digit; NaN for anything else. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (isDigit(code)) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function hexOf(code: number): string {
  return code.toString(16).padStart(2, "0");
}
