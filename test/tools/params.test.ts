import { describe, expect, test } from "vitest";
import { encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { positionOf, timeOf, timeoutOf } from "../../src/tools/params.ts";

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
    expect(timeOf("createdAfter", text)).toBe(time);
  });

  test("that is not given is none", () => {
    expect(timeOf("createdAfter", undefined)).toBeUndefined();
  });

  test.each(["2026-11-01", "2026-11-01T12:00:00", "2026-11-01T12:00:00.5"])(
    "%j has no zone or no time of day",
    (text) => {
      const { kind, message, advice } = refusal(() => timeOf("createdAfter", text));
      expect(kind).toBe("invalid_request");
      expect(message).toBe(`The parameter createdAfter holds "${text}", which has no time of day or no time zone`);
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

  test("with a blank where a T belongs is refused for that", () => {
    const { message } = refusal(() => timeOf("after", "2026-11-27 00:00:00+00:00"));
    expect(message).toContain("has a blank between date and time of day");
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

  test("that is too long is refused, with the limit and what to do", () => {
    const { kind, message, advice } = refusal(() => timeoutOf(300.5, limits));
    expect(kind).toBe("invalid_request");
    expect(message).toBe("timeoutSeconds is 300.5, and this server waits 300 s at most");
    expect(advice).toContain("--max-wait");
  });
});
