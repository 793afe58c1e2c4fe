import { Cron } from "croner";

/** Letters, digits and marks of Unix cron; the extensions of other crons are none of the API's. */
const FIELD = /^(?:[\d*,/-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/i;

/**
 * A cron expression that fires at most once a day, as the API asks for; `RangeError` in words that go after its name for any
 * other. Where days of the month and of the week are both restricted, one of them is enough, as in Unix cron.
 */
export function parseCron(text: string, timezone = "Etc/UTC"): Cron {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5) throw new RangeError("must have 5 fields");
  const strange = parts.find((part) => !FIELD.test(part));
  if (strange !== undefined)
    throw new RangeError(`has ${JSON.stringify(strange)}, which is no field of a cron expression`);
  let cron: Cron;
  try {
    cron = new Cron(text.trim(), { timezone, mode: "5-part", paused: true, sloppyRanges: true });
  } catch (error) {
    throw new RangeError(`is no cron expression: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [minute = "", hour = ""] = parts;
  if (![minute, hour].every((part) => /^\d+$/.test(part)))
    throw new RangeError("must not trigger more than once a day");
  return cron;
}

/** The first time after `after` at which it fires, in milliseconds since 1970; undefined where it never does, as on a 30th of February. */
export function nextRun({ cron, timezone }: { cron: string; timezone: string }, after: number): number | undefined {
  return parseCron(cron, timezone).nextRun(new Date(after))?.getTime();
}

export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
