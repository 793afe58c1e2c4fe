/** What ids begin with, each before 25 or 26 characters of a ULID or cuid. Hints only: nothing is decided by them. */
const BEGINNINGS: Readonly<Record<string, string>> = { websetId: "webset", searchId: "wsearch", eventId: "event" };

/** Longer ones are not looked through. */
const LONGEST_TEXT = 300;

/** What can stand behind an id that is whole; behind another character it may be one that was mistyped. */
const BEHIND = "[\\s\"'`<>()[\\]{}/?#&.,;:!]";

/** The one id of a parameter's kind in a text that is none itself: in quotes or an address, in capitals, or without its beginning. */
export function idWithin(parameter: string, text: string): string | undefined {
  const beginning = BEGINNINGS[parameter];
  if (beginning === undefined || text.length > LONGEST_TEXT) return undefined;
  const plain = text.toLowerCase();
  const whole = /^[0-9a-z]{26}$/.test(plain) ? `${beginning}_${plain}` : plain;
  const ids = new Set(whole.match(new RegExp(`(?<![a-z0-9_])${beginning}_[0-9a-z]{25,26}(?=$|${BEHIND})`, "g")));
  const [id] = ids;
  return ids.size === 1 && id !== text ? id : undefined;
}
