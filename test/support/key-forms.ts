/** A UUID as Exa's keys are, and one of everything that looks different in a URL, in JSON, in HTML and in a pattern. */
export const KEYS = ["4b1d7c9e-52a0-4c1f-9b7e-c0ffee15dead", 'exa canary/+%"$&.*\\4b1d7c<~>'] as const;

const each = (key: string, write: (code: number, character: string) => string, between = "") =>
  [...key].map((character) => write(character.charCodeAt(0), character)).join(between);
const hex = (code: number) => code.toString(16).padStart(2, "0");
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const base64 = (text: string, kind: "base64" | "base64url" = "base64") => Buffer.from(text).toString(kind);
const html = (text: string) =>
  text.replace(/[&<>"]/g, (character) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[character]};`);
const percent = (key: string) => each(key, (code) => `%${hex(code)}`);

/** The forms in which a key shows up where programs, gateways and people repeat it, by name: 60 of them. */
export function formsOf(key: string): Record<string, string> {
  const half = Math.ceil(key.length / 2);
  const bytes = [...Buffer.from(key)];
  return {
    raw: key,
    "upper case": key.toUpperCase(),
    "lower case": key.toLowerCase(),
    "first half": key.slice(0, half),
    "first two thirds": key.slice(0, Math.ceil((key.length * 2) / 3)),
    "all but the last": key.slice(0, -1),
    "last half": key.slice(-half),
    "last two thirds": key.slice(-Math.ceil((key.length * 2) / 3)),
    "all but the first": key.slice(1),
    twice: key + key,
    json: json(key),
    "json in json": json(json(key)),
    "json thrice": json(json(json(key))),
    "json with slashes": json(key).replaceAll("/", "\\/"),
    "unicode escapes": each(key, (code) => `\\u00${hex(code)}`),
    "unicode escapes, capital": each(key, (code) => `\\u00${hex(code).toUpperCase()}`),
    "unicode escapes in json": each(key, (code) => `\\\\u00${hex(code)}`),
    "unicode escapes with braces": each(key, (code) => `\\u{${hex(code)}}`),
    "hexadecimal escapes": each(key, (code) => `\\x${hex(code)}`),
    "some escaped": each(key, (code, one) => (code % 3 === 0 ? `\\u00${hex(code)}` : json(one))),
    "url component": encodeURIComponent(key),
    "url component, small": encodeURIComponent(key).replace(/%../g, (triple) => triple.toLowerCase()),
    "url component twice": encodeURIComponent(encodeURIComponent(key)),
    "url component thrice": encodeURIComponent(encodeURIComponent(encodeURIComponent(key))),
    "url, whole": encodeURI(key),
    "form field": new URLSearchParams({ key }).toString().slice(4),
    "percent everywhere": percent(key),
    "percent everywhere, capital": percent(key).toUpperCase(),
    "percent everywhere, twice": encodeURIComponent(percent(key)),
    "url in json": json(encodeURI(key)),
    html: html(key),
    "html twice": html(html(key)),
    "html, decimal": each(key, (code) => `&#${code};`),
    "html, padded decimal": each(key, (code) => `&#00${code};`),
    "html, hexadecimal": each(key, (code) => `&#x${hex(code)};`),
    "html, capital hexadecimal": each(key, (code) => `&#X${hex(code).toUpperCase()};`),
    "html of json": html(json(key)),
    "json of html": json(html(key)),
    "quoted printable": each(key, (code) => `=${hex(code).toUpperCase()}`),
    "with a soft line break": `${key.slice(0, half)}=\r\n${key.slice(half)}`,
    "with a line break": `${key.slice(0, half)}\n${key.slice(half)}`,
    "with an escaped line break": `${key.slice(0, half)}\\n${key.slice(half)}`,
    "with marks of no width": each(key, (_, one) => one, "\u200b"),
    "with soft hyphens": each(key, (_, one) => one, "\u00ad"),
    "letters apart": each(key, (_, one) => one, " "),
    "shell word": key.replace(/[^\w-]/g, "\\$&"),
    base64: base64(key),
    "base64 without its end": base64(key).replace(/=+$/, ""),
    "base64 for urls": base64(key, "base64url"),
    "base64 in a url": encodeURIComponent(base64(key)),
    "base64 of credentials": base64(`user:${key}`),
    "base64 of a line": base64(`${key}\n`),
    "base64 in the middle": base64(`"x-api-key": "${key}", "more": true`),
    "base64 in lines": base64(key).replace(/(.{16})/g, "$1\r\n"),
    "base64 of utf-16": Buffer.from(key, "utf16le").toString("base64"),
    hexadecimal: bytes.map(hex).join(""),
    "hexadecimal, capital": bytes.map(hex).join("").toUpperCase(),
    "hexadecimal with colons": bytes.map(hex).join(":"),
    "bytes in hexadecimal": bytes.map((byte) => `0x${hex(byte)}`).join(", "),
    "bytes in a list": bytes.join(","),
  };
}
