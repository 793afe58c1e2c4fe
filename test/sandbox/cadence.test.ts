import { describe, expect, test } from "vitest";
import { nextRun, parseCron } from "../../src/sandbox/cadence.ts";

function next(cron: string, timezone: string, after: string): string | undefined {
  const time = nextRun({ cron, timezone }, Date.parse(after));
  return time === undefined ? undefined : new Date(time).toISOString();
}

describe("the next run of a cadence", () => {
  test.each([
    // 2026-11-01 is a Sunday.
    ["30 9 * * *", "2026-11-01T09:29:59.999Z", "2026-11-01T09:30:00.000Z"],
    ["30 9 * * *", "2026-11-01T09:30:00.000Z", "2026-11-02T09:30:00.000Z"],
    ["0 0 * * 1-5", "2026-11-06T12:00:00Z", "2026-11-09T00:00:00.000Z"],
    ["0 0 * * sat,Sun", "2026-11-02T12:00:00Z", "2026-11-07T00:00:00.000Z"],
    ["0 0 * * 7", "2026-11-02T12:00:00Z", "2026-11-08T00:00:00.000Z"],
    ["15 6 1 */3 *", "2026-11-01T12:00:00Z", "2027-01-01T06:15:00.000Z"],
    ["0 0 31 * *", "2026-11-01T00:00:00Z", "2026-12-31T00:00:00.000Z"],
    ["0 0 29 feb *", "2026-11-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["0 0 */10 * *", "2026-11-12T00:00:00Z", "2026-11-21T00:00:00.000Z"],
    ["0 0 5/10 * *", "2026-11-16T00:00:00Z", "2026-11-25T00:00:00.000Z"],
    // Where both kinds of days are given, one of them is enough.
    ["0 0 13 * 5", "2026-11-01T12:00:00Z", "2026-11-06T00:00:00.000Z"],
    ["0 0 3 * 5", "2026-11-01T12:00:00Z", "2026-11-03T00:00:00.000Z"],
  ])("%s after %s is %s", (cron, after, expected) => {
    expect(next(cron, "Etc/UTC", after)).toBe(expected);
  });

  test.each([
    ["America/New_York", "2026-10-31T14:00:00Z", "2026-11-01T14:00:00.000Z"],
    ["America/New_York", "2026-10-30T14:00:00Z", "2026-10-31T13:00:00.000Z"],
    ["Asia/Kolkata", "2026-11-01T03:29:00Z", "2026-11-01T03:30:00.000Z"],
    ["Pacific/Kiritimati", "2026-11-01T00:00:00Z", "2026-11-01T19:00:00.000Z"],
    ["Europe/Berlin", "2026-03-28T09:00:00Z", "2026-03-29T07:00:00.000Z"],
  ])("at nine in %s after %s is %s", (timezone, after, expected) => {
    expect(next("0 9 * * *", timezone, after)).toBe(expected);
  });

  test("is none where the day does not exist", () => {
    expect(next("0 0 30 2 *", "Etc/UTC", "2026-11-01T00:00:00Z")).toBeUndefined();
  });
});

describe("a cron expression", () => {
  test.each([
    ["", "must have 5 fields"],
    ["0 9 * *", "must have 5 fields"],
    ["0 0 9 * * *", "must have 5 fields"],
    ["* 9 * * *", "must not trigger more than once a day"],
    ["0 9,21 * * *", "must not trigger more than once a day"],
    ["0 */12 * * *", "must not trigger more than once a day"],
    ["60 9 * * *", "is no cron expression"],
    ["0 9 0 * *", "is no cron expression"],
    ["0 9 * 13 *", "is no cron expression"],
    ["0 9 5-2 * *", "is no cron expression"],
    ["0 9 1,,2 * *", "is no cron expression"],
    ["0 9 */0 * *", "is no cron expression"],
    ["0 9 1-2-3 * *", "is no cron expression"],
    ["0 9 * * monday", 'has "monday"'],
    ["0 9 L * *", 'has "L"'],
    ["0 9 * * 5#2", 'has "5#2"'],
  ])("%j is refused: it %s", (text, message) => {
    expect(() => parseCron(text)).toThrow(message);
  });
});
