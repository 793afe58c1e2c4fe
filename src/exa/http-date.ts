/** The two forms of an HTTP date that name their zone (RFC 9110, 5.6.7); the third, asctime, is left out: it names none. */
const HTTP_DATE = /^[A-Za-z]+, \d{2}[ -][A-Za-z]{3}[ -](?:\d{4}|\d{2}) \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds since 1970 for an HTTP date, or undefined for anything else. `Date.parse` alone would take "wait 5". */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text.trim())) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
