import { describe, expect, test } from "vitest";
import { encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { isTime, positionOf, shortened, timeOf, timeoutOf } from "../../src/tools/schemas.ts";

/** The error in which something ends. */
function refusal(action: () => unknown): WebsetsError {
  try {
    action();
  } catch (error) {
    if (error instanceof WebsetsError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a time", () => {
  test.each([
    ["2026-11-01T12:00:00Z", Date.UTC(2026, 10, 1, 12)],
    [" 2026-11-01T12:00:00.250Z ", Date.UTC(2026, 10, 1, 12, 0, 0, 250)],
    ["2026-11-01T12:00:00+02:00", Date.UTC(2026, 10, 1, 10)],
    ["2026-11-01T12:00Z", Date.UTC(2026, 10, 1, 12)],
  ])("%j is understood", (text, time) => {
    expect(timeOf("before", text)).toBe(time);
  });

  test("that is not given is none", () => {
    expect(timeOf("before", undefined)).toBeUndefined();
  });

  test.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["3d", 259_200_000],
    [" 1.5 H ", 5_400_000],
    ["10 minutes ago", 600_000],
    ["-1h", 3_600_000],
    ["-10m", 600_000],
    ["PT1H", 3_600_000],
    ["-P1DT12H", 129_600_000],
    ["pt90s", 90_000],
    ["last hour", 3_600_000],
    ["the past 3 days", 259_200_000],
    ["in the last 2h", 7_200_000],
    ["2 weeks", 1_209_600_000],
    ["45 min", 2_700_000],
    ["1 hour", 3_600_000],
    ["60d", 5_184_000_000],
    ["now", 0],
  ])("may be the age %j", (text, agoMs) => {
    expect(timeOf("before", text)).toEqual({ agoMs });
    expect(positionOf(text)).toEqual({ agoMs });
    expect(isTime(text)).toBe(true);
  });

  test.each(["61d", "1441h", `${"9".repeat(100)}d`])("%j is an age beyond what is kept", (text) => {
    const { kind, message, advice } = refusal(() => timeOf("after", text));
    expect(kind).toBe("invalid_request");
    expect(message).toContain("keeps events for 60 days");
    expect(advice).toContain('pass after "60d"');
  });

  test.each(["10", "m", "-h", "10x", "10m 5s", "P", "PT", "P1H", "last", "last x", "1e3s", "yesterday"])(
    "%j is no age",
    (text) => {
      const { message, advice } = refusal(() => positionOf(text));
      expect(message).toBe(`The parameter after holds "${text}", which is neither an ISO 8601 time nor an age`);
      expect(advice).toContain('"10m"');
      expect(advice).toContain("cursor of an earlier result");
    },
  );

  test.each(["2026-11-01", "2026-11-01T12:00:00", "2026-11-01T12:00:00.5"])(
    "%j has no zone or no time of day",
    (text) => {
      const { kind, message, advice } = refusal(() => timeOf("before", text));
      expect(kind).toBe("invalid_request");
      expect(message).toBe(`The parameter before holds "${text}", which has no time of day or no time zone`);
      expect(advice).toContain("2026-11-01T12:00:00Z");
    },
  );

  test.each(["yesterday", "", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z", "2025-02-29T12:00:00Z", "1793534400"])(
    "%j is none",
    (text) => {
      expect(refusal(() => timeOf("after", text)).kind).toBe("invalid_request");
      expect(refusal(() => timeOf("after", text)).message).toContain("after");
    },
  );

  test.each([
    "2026-02-30T12:00:00Z",
    "2026-13-01",
    "2026-11-01T25:00:00",
    "2026-11-01T12:60Z",
    "2026-11-01T12:00:00+25:00",
  ])("%j is one that there is not", (text) => {
    const { message, instead } = refusal(() => timeOf("after", text));
    expect(message).toContain("names a day, a time of day or an offset that there is not");
    expect(instead).toBeUndefined();
  });

  test.each([
    ["2026-11-27 00:00:00+00:00", "2026-11-27T00:00:00+00:00"],
    ["2026-11-27 00:00:00Z", "2026-11-27T00:00:00Z"],
    ["2026-11-27T00:00:00 UTC", "2026-11-27T00:00:00.000Z"],
    ["2026-11-27T00:00:00+02", "2026-11-26T22:00:00.000Z"],
    ["2026-11-27T00:00:00,5Z", "2026-11-27T00:00:00.500Z"],
    ["2026-11-27", "2026-11-27T00:00:00Z"],
  ])("in another form, %j, is told as the one meant", (text, meant) => {
    expect(refusal(() => timeOf("after", text)).instead).toBe(`after "${meant}"`);
  });

  test("before all that is kept is no way to have all", () => {
    const { advice } = refusal(() => timeOf("before", "61d"));
    expect(advice).toContain("leave before out");
    expect(advice).not.toContain('"60d"');
  });

  test("that counts from 1970 is told as the time it may be", () => {
    for (const text of ["1793534400", "1793534400000"]) {
      expect(refusal(() => timeOf("before", text)).advice).toContain('That is "2026-11-01T12:00:00.000Z"');
    }
    expect(refusal(() => timeOf("before", "12")).advice).not.toContain("1970");
  });

  test("with a blank where a T belongs is refused for that", () => {
    const { message } = refusal(() => timeOf("after", "2026-11-27 00:00:00+00:00"));
    expect(message).toContain("has a space between date and time of day");
  });

  test("is quoted only in part where it is long, and without line breaks", () => {
    const { message } = refusal(() => timeOf("after", `\n\u001b[31m${"x".repeat(5_000)}`));
    expect(message.length).toBeLessThan(200);
    expect(message).not.toMatch(/[\n\u001b]/);
  });
});

describe("after", () => {
  test("that is not given means now", () => {
    expect(positionOf(undefined)).toBeUndefined();
  });

  test("may be a cursor, with spaces around it as copying brings them", () => {
    const position = positionAt(Date.UTC(2026, 10, 1));
    expect(positionOf(` ${encodeCursor(position)}\n`)).toEqual(position);
  });

  test("may be a time", () => {
    expect(positionOf("2026-11-01T12:00:00Z")).toEqual(positionAt(Date.UTC(2026, 10, 1, 12)));
  });

  test.each(["", "no cursor", "eyJ2IjoxfQ", "2026-11-01"])("%j is neither", (text) => {
    expect(refusal(() => positionOf(text)).kind).toBe("invalid_request");
  });

  test("that was miscopied is refused", () => {
    const cursor = encodeCursor(positionAt(Date.UTC(2026, 10, 1)));
    const middle = Math.floor(cursor.length / 2);
    const other = cursor[middle] === "A" ? "B" : "A";
    for (const wrong of [
      cursor.slice(0, -1),
      `${cursor}A`,
      cursor.slice(0, middle) + other + cursor.slice(middle + 1),
    ]) {
      expect(refusal(() => positionOf(wrong)).kind, wrong).toBe("invalid_request");
    }
  });
});

describe("timeoutSeconds", () => {
  const limits = { maxWaitSeconds: 300, defaultTimeoutSeconds: 25 };

  test("is what was asked for, from zero to the longest wait", () => {
    for (const seconds of [0, 0.5, 25, 300]) expect(timeoutOf(seconds, limits)).toBe(seconds);
  });

  test("has a default, which is never longer than the longest wait", () => {
    expect(timeoutOf(undefined, limits)).toBe(25);
    expect(timeoutOf(undefined, { ...limits, maxWaitSeconds: 10 })).toBe(10);
  });

  test("that is more than the host bears is cut, and said so once it has passed", () => {
    expect(timeoutOf(301, limits)).toBe(300);
    expect(timeoutOf(Number.MAX_VALUE, limits)).toBe(300);
    expect(shortened(600, limits, 300_000)).toMatch(/ended after 300 of the 600 s asked for.*nothing is lost/);
    expect(shortened(600, limits, 5_000)).toBe("");
    expect(shortened(300, limits, 300_000)).toBe("");
    expect(shortened(undefined, limits, 300_000)).toBe("");
  });
});
