import { describe, expect, test } from "vitest";
import { decodePageToken, encodeCursor, encodePageToken } from "../../src/feed/cursor.ts";
import { advance, byTime, positionAt } from "../../src/feed/position.ts";

const NOON = Date.parse("2026-11-01T12:00:00.000Z");
const position = advance(positionAt(NOON), { handedOut: [{ id: "seen", time: NOON }], settledUpTo: undefined });

function refusalOf(text: string): { kind: string; message: string } {
  try {
    decodePageToken(text);
  } catch (error) {
    return error as { kind: string; message: string };
  }
  throw new Error(`${text} was taken for a page token`);
}

describe("a page token", () => {
  test.each(["event_1", "", "né 🦜"])("gives back the place %j and the position", (id) => {
    const text = encodePageToken({ before: { id, time: NOON - 5 }, position });
    expect(text[0]).toBe("p");
    expect(decodePageToken(text)).toEqual({ before: { id, time: NOON - 5 }, position });
  });

  test("keeps the place of ids of any length and form, in a text of bounded length", () => {
    for (const id of [
      "x".repeat(1_000),
      `${"x".repeat(1_023)}é`,
      "né".repeat(1_000),
      "x".repeat(70_000),
      "bird \ud83e",
    ]) {
      const text = encodePageToken({ before: { id, time: NOON - 5 }, position });
      expect(text.length).toBeLessThanOrEqual(1_000);
      const { before } = decodePageToken(text);
      expect(byTime(before, { id, time: NOON - 5 })).toBe(0);
    }
  });

  test.each([Date.parse("0001-01-01T00:00:00Z"), -1, 0, 0.5, 2 ** 48])("gives back the time %d", (time) => {
    const text = encodePageToken({ before: { id: "event_1", time }, position });
    expect(text[0]).toBe("p");
    expect(decodePageToken(text).before.time).toBe(time);
  });

  test("that was not copied whole is refused", () => {
    const text = encodePageToken({ before: { id: "event_1", time: NOON }, position });
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "A" ? "B" : "A";
      expect(refusalOf(text.slice(0, at) + other + text.slice(at + 1)).kind).toBe("invalid_request");
      expect(refusalOf(text.slice(0, at)).kind).toBe("invalid_request");
    }
  });

  test("is not mixed up with a cursor", () => {
    expect(refusalOf(encodeCursor(position)).message).toContain("cursor");
    expect(refusalOf("2").message).toContain("no page token");
  });
});
