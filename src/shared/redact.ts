/** Takes a secret out of a text, in whatever form it stands there. */
export type Redact = (text: string) => string;

/** What stands in the secret's place. */
const REDACTED = "[key]";
/** A shorter key is a word, such as the sandbox's: taking it out would spoil texts and protect nothing. */
const SHORTEST_SECRET = 8;
/** Texts are cut, and half a key is one that can be guessed; fewer characters than this may be a word. */
const SHORTEST_PART = 12;

const NAMED: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
  " ": "nbsp",
};
/** What mail and editors put between the characters of a long word: line breaks, also escaped ones, and marks without a width. */
const BETWEEN = String.raw`(?:\s|\\{1,40}[nr]|=\r?\n|[\u00ad\u200b-\u200d\u2060\ufeff]){0,4}`;

/**
 * Creates what takes a key out of everything that leaves the process: whole or at least half of it, in either case, with any of
 * its characters escaped for JSON, URLs, HTML or mail, also twice; and as hexadecimal, decimal or Base64 text, also in the middle
 * of a longer one. Keys are ASCII. Without a key, or with one shorter than 8 characters, texts stay as they are.
 */
export function createRedact(key: string | undefined): Redact {
  if (key === undefined || key.length < SHORTEST_SECRET) return (text) => text;
  const bytes = [...Buffer.from(key)];
  const hex = bytes.map((byte) => `(?:0x|\\\\{1,40}x)?${hexOf(byte)}`);
  const decimal = bytes.map((byte) => `(?<!\\d)${byte}(?!\\d)`);
  const base64 = [Buffer.from(key), Buffer.from(key, "utf16le")].flatMap(base64Cores);
  const patterns = [
    new RegExp(anyPart([...key].map(characterOf), BETWEEN, SHORTEST_PART), "gi"),
    new RegExp(anyPart(hex, "[\\s:,;-]{0,2}", SHORTEST_PART), "gi"),
    new RegExp(anyPart(decimal, "[\\s,;]{1,3}", SHORTEST_PART), "g"),
    new RegExp(base64.map((core) => anyPart([...core].map(base64CharacterOf), BETWEEN, 16)).join("|"), "g"),
  ];
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, replacement), text);
}

/** All strings of a value of JSON without the key, and the names in it, too. */
export function redactValue<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((one) => redactValue(one, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [redact(name), redactValue(one, redact)])) as T;
}

function replacement(match: string, ...more: unknown[]): string {
  const [at, text] = more.slice(-2) as [number, string];
  // A letter after a backslash belongs to it, and an escape without its letter is no JSON any more.
  const backslashes = /\\*$/.exec(text.slice(Math.max(0, at - 20), at))?.[0].length ?? 0;
  return backslashes % 2 === 1 && /^[a-z"/]/i.test(match) ? match.charAt(0) + REDACTED : REDACTED;
}

/** A pattern for the whole of these, for their beginning as far as it goes, and for their end; of each at least half. */
function anyPart(characters: readonly string[], between: string, least: number): string {
  const half = Math.min(characters.length, Math.max(least, Math.ceil(characters.length / 2)));
  const rest = characters.slice(half).reduceRight((further, one) => `(?:${between}${one}${further})?`, "");
  const beginning = characters.slice(0, half).join(between) + rest;
  return half === characters.length ? beginning : `${beginning}|${characters.slice(-half).join(between)}`;
}

/** Everything that stands for one character of ASCII. */
function characterOf(character: string): string {
  const code = character.charCodeAt(0);
  const hex = hexOf(code);
  // All repetitions are bounded, so that no text takes more than so many steps a character.
  const forms = [
    `(?:%|%25|%2525)${hex}`,
    `=${hex}`,
    String.raw`\\{1,40}(?:x${hex}|u00${hex}|u\{0{0,6}${hex}\})`,
    `&(?:amp;){0,4}#(?:0{0,6}${code}|x0{0,6}${hex});?`,
  ];
  const named = NAMED[character];
  if (named !== undefined) forms.push(`\\\\{0,40}&(?:amp;){0,4}${named};`);
  if (character === " ") forms.push("\\+");
  // Summaries put one for the other.
  if (character === '"') forms.push("\\\\{0,40}'");
  if (/[a-z0-9]/i.test(character)) forms.push(character);
  else forms.push(character === "\\" ? "\\\\{1,40}" : `\\\\{0,40}\\u${code.toString(16).padStart(4, "0")}`);
  return `(?:${forms.join("|")})`;
}

/** What of the Base64 text depends on the secret alone, for each of the three places in which it may begin in a longer text. */
function base64Cores(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    const end = Math.floor(((before + secret.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), end);
  });
}

function base64CharacterOf(character: string): string {
  if (character === "+") return "(?:[+-]|%2[Bb])";
  if (character === "/") return "(?:\\\\{0,40}/|_|%2[Ff])";
  return character;
}

function hexOf(code: number): string {
  return code.toString(16).padStart(2, "0");
}
