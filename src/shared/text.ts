/** What breaks lines or moves a terminal's cursor: a space stands in its place. */
const CONTROL = "[\\p{Cc}\\u2028\\u2029]+";

/**
 * What nobody sees: bidirectional controls, zero-width characters, variation selectors and tags, with which whole texts can be
 * hidden in a name, and halves of surrogate pairs.
 */
const INVISIBLE = "[\\p{Default_Ignorable_Code_Point}\\uFFF9-\\uFFFB\\p{Cs}]";

/** Where such characters belong to the writing, each alone where its script has it: these stay as they are. */
const OF_THE_WRITING = [
  // A soft hyphen within a word; some letters cannot be seen either.
  "(?<=(?!\\p{Default_Ignorable_Code_Point})\\p{L})\\u00AD(?=(?!\\p{Default_Ignorable_Code_Point})\\p{L})",
  // Joiners of scripts that join, as Persian, Hindi or Sinhala; variation selectors are marks, too.
  "(?<=(?![\\p{Default_Ignorable_Code_Point}\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Script=Han}])[\\p{L}\\p{M}])[\\u200C\\u200D]",
  "(?<=(?!\\p{Default_Ignorable_Code_Point})\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]",
  // Emoji: joined, in colour or plain, with the flags of England, Scotland and Wales, and keycaps.
  "(?<=[\\p{Extended_Pictographic}\\u{1F3FB}-\\u{1F3FF}]\\uFE0F?)\\u200D(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})[\\uFE0E\\uFE0F]",
  "(?<=[0-9#*])\\uFE0F(?=\\u20E3)",
  `(?<=\\u{1F3F4})(?:${["gbeng", "gbsct", "gbwls"].map(tags).join("|")})\\u{E007F}`,
].join("|");

const NOT_PLAIN = new RegExp(`(${CONTROL})|(?=${INVISIBLE})(?:(${OF_THE_WRITING})|${INVISIBLE})`, "gu");

/** What addresses are written in: an email or a URL that is cut looks like another one. */
const LIKE_AN_ADDRESS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd}\x21-\x7e]+/gu;

/**
 * Text from the web as one plain line of at most `length` characters: data, with nothing in it that acts or hides. A text that is
 * cut ends in a mark, and not within an address.
 */
export function plainText(text: string, length: number): string {
  // Cutting first bounds the work on texts of any size; what is taken out can only make it shorter.
  const line = text
    .slice(0, length * 8)
    .replace(NOT_PLAIN, (_, control, belongs) => (control === undefined ? (belongs ?? "") : " "))
    .replace(/\s+/g, " ")
    .trim();
  if (line.length <= length) return line;
  return `${line
    .slice(0, endWithin(line, length - 1))
    .replace(/[\p{Cs}\u200D]+$/u, "")
    .trimEnd()}…`;
}

/** Where to cut a longer text: at `length`, or before the address that it would cut. */
function endWithin(text: string, length: number): number {
  for (const { 0: run, index } of text.slice(0, length * 8).matchAll(LIKE_AN_ADDRESS)) {
    if (index >= length) break;
    if (index + run.length > length && /[@:/.]./u.test(run)) return index;
  }
  return length;
}

/** Tag characters, with which an emoji flag names its country. */
function tags(country: string): string {
  return [...country].map((letter) => `\\u{E00${letter.charCodeAt(0).toString(16)}}`).join("");
}

/** JSON in which nothing is half a surrogate pair, which readers in other languages refuse: U+FFFD stands in its place. */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes such halves and no others; what follows an escaped backslash is no escape.
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(?:(ud[89a-f][0-9a-f]{2})|.)/g, (sequence, half) =>
    half === undefined ? sequence : "\ufffd",
  );
}
