import type { Cron } from "./cron.ts";

const DAY_MS = 86_400_000;
/** Eight years: as long as a 29th of February can be away. */
const MOST_DAYS = 8 * 366;

/**
 * The first time after `after` at which a cron expression fires in a time zone, in milliseconds since 1970; undefined where
 * it never does, as on a 30th of February. `RangeError` for a time zone that does not exist.
 */
export function nextRun(cron: Cron, timezone: string, after: number): number | undefined {
  const offset = offsets(timezone);
  // Days are counted as if the zone were UTC.
  const today = Math.floor((after + offset(after)) / DAY_MS) * DAY_MS;
  for (let count = 0; count <= MOST_DAYS; count++) {
    const day = new Date(today + count * DAY_MS);
    if (!cron.isMonth(day.getUTCMonth() + 1) || !cron.isDay(day.getUTCDate(), day.getUTCDay())) continue;
    const local = day.getTime() + (cron.hour * 60 + cron.minute) * 60_000;
    const guess = local - offset(local);
    // The guess is wrong where the clocks change between the two.
    const time = local - offset(guess);
    if (time > after) return time;
  }
  return undefined;
}

/** How far a zone is ahead of UTC at a time, in milliseconds. */
function offsets(timezone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (time) => {
    const parts = format.formatToParts(time);
    const part = (wanted: string) => Number(parts.find(({ type }) => type === wanted)?.value);
    const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    return local - Math.floor(time / 1000) * 1000;
  };
}
