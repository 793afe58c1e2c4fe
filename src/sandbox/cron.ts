/** A cron expression that fires at most once a day. */
export interface Cron {
  minute: number;
  hour: number;
  /** Days of the month and of the week; where both are restricted, one of them is enough, as in Unix cron. */
  isDay(day: number, weekday: number): boolean;
  /** From 1. */
  isMonth(month: number): boolean;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** `RangeError` in words that go after "cron" for any other expression. */
export function parseCron(text: string): Cron {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5) throw new RangeError("must have 5 fields");
  const [minutePart = "", hourPart = "", dayPart = "", monthPart = "", weekdayPart = ""] = parts;
  const [minute, ...otherMinutes] = values(minutePart, 0, 59);
  const [hour, ...otherHours] = values(hourPart, 0, 23);
  if (minute === undefined || hour === undefined || otherMinutes.length + otherHours.length > 0) {
    throw new RangeError("must not trigger more than once a day");
  }
  const days = values(dayPart, 1, 31);
  const months = values(monthPart, 1, 12, MONTHS, 1);
  // 7 is Sunday, too.
  const weekdays = new Set([...values(weekdayPart, 0, 7, WEEKDAYS)].map((weekday) => weekday % 7));
  const either = !dayPart.startsWith("*") && !weekdayPart.startsWith("*");
  return {
    minute,
    hour,
    isDay: (day, weekday) => (either ? days.has(day) || weekdays.has(weekday) : days.has(day) && weekdays.has(weekday)),
    isMonth: (month) => months.has(month),
  };
}

/** The values one field stands for; `names` stand for `first` and what follows. */
function values(field: string, low: number, high: number, names: string[] = [], first = 0): Set<number> {
  const found = new Set<number>();
  for (const part of field.toLowerCase().split(",")) {
    const [, range = "", step = "1"] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
    const [from, to = part.includes("/") ? high : from, ...more] =
      range === "*" ? [low, high] : range.split("-").map((one) => value(one, names, first));
    if (from === undefined || to === undefined || more.length > 0 || !(low <= from && from <= to && to <= high)) {
      throw new RangeError(`has ${JSON.stringify(part)} where ${low} to ${high} may stand`);
    }
    for (let one = from; one <= to; one += Number(step)) found.add(one);
  }
  return found;
}

function value(text: string, names: string[], first: number): number {
  const index = names.indexOf(text);
  if (index !== -1) return index + first;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
