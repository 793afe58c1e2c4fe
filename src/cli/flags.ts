/** A command line that cannot be understood; the message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Names of commands and scenarios are shorter, Exa's keys longer. */
const LONGEST_QUOTED = 30;

/** Long words are no slips of the keyboard, but may be a key in the wrong place: they are not repeated. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTED ? `of ${text.length} characters` : JSON.stringify(text);
}

/** A sentence of a library's without the long words that it quotes, for the same reason, and without the value of a flag. */
export function withoutSecrets(sentence: string): string {
  return sentence.replace(/'(.*)'/s, (given, text: string) => {
    const [name = ""] = text.split("=");
    if (name.length > LONGEST_QUOTED) return quoted(name);
    return name === text ? given : `'${name}'`;
  });
}

/** A number a flag must hold; throws `UsageError`. */
export function numberFlag(name: string, text: string, { least, most, whole }: NumberBounds): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${name} must be a ${whole ? "whole " : ""}number from ${least} to ${most}, not ${quoted(text)}`,
  );
}

interface NumberBounds {
  least: number;
  most: number;
  whole?: boolean;
}

/** One of a flag's words; throws `UsageError`. */
export function wordFlag<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new UsageError(`${name} must be one of ${words.join(", ")}, not ${quoted(text)}`);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/** A length of time that a flag must hold, such as `90s`, `10m` or `1h30m`, in milliseconds; a bare number is seconds. Throws `UsageError`. */
export function lengthFlag(name: string, text: string): number {
  const given = text.trim().toLowerCase();
  if (/^\d+(?:\.\d+)?$/.test(given)) return Number(given) * 1_000;
  let total = 0;
  PART.lastIndex = 0;
  for (let end = 0; end < given.length; end = PART.lastIndex) {
    const [, number, unit = ""] = PART.exec(given) ?? [];
    const factor = UNIT_MS[unit];
    if (factor === undefined) throw notALength(name, text);
    total += Number(number) * factor;
  }
  if (given === "") throw notALength(name, text);
  return total;
}

function notALength(name: string, text: string): UsageError {
  return new UsageError(`${name} must be a length of time such as 90s, 10m, 1h30m or 2d, not ${quoted(text)}`);
}
