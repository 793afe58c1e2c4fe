/** Control characters, line and paragraph separators, zero-width and bidirectional controls, and lone surrogates. */
const UNWANTED =
  /[\p{Cc}\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]|\p{Cs}/gu;

/** Text from the web as one plain line of at most `length` characters: data, with nothing in it that acts. */
export function plainText(text: string, length: number): string {
  // Cutting first bounds the work on texts of any size; unwanted characters and spaces can only make it shorter.
  const line = text
    .slice(0, length * 8)
    .replace(UNWANTED, " ")
    .replace(/\s+/g, " ")
    .trim();
  if (line.length <= length) return line;
  return `${line
    .slice(0, length - 1)
    .replace(/[\uD800-\uDBFF]$/, "")
    .trimEnd()}…`;
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
