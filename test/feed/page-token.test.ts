import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCursor } from "../../src/feed/cursor.ts";
import { decodePage, decodePageToken, encodePage, encodePageToken, type PageToken } from "../../src/feed/page-token.ts";
import { advance, byTime, positionAt } from "../../src/feed/position.ts";
import { WebsetsError } from "../../src/shared/errors.ts";
import { propertyRuns } from "../support/property-runs.ts";

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

  test("has room for a hundred events that are not settled, and for 60 whatever stands beside them", () => {
    const seen = new Map(Array.from({ length: 150 }, (_, n) => [n, NOON]));
    const kept = (token: PageToken) => {
      const text = encodePageToken(token);
      expect(text.length).toBeLessThanOrEqual(1_000);
      const { position, repeats, ...place } = decodePageToken(text);
      expect({ ...token, ...place }).toEqual(token);
      expect(repeats).toBe(true);
      return position.seen.size;
    };
    const position = { since: NOON, seen };
    expect(kept({ before: { id: "event_01k8f0a2m1s4v7x9z3b5c6d8e0", time: NOON }, position })).toBeGreaterThanOrEqual(
      100,
    );
    const crowd = { types: 65_535, cursor: "c".repeat(180) };
    expect(kept({ before: { id: "i".repeat(60), time: NOON }, crowd, position })).toBeGreaterThanOrEqual(60);
  });

  test("is not mixed up with a cursor", () => {
    expect(refusalOf(encodeCursor(position)).message).toContain("cursor");
    expect(refusalOf("2").message).toContain("no page token");
  });
});

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ maxLength: 40 }));
/** A page token of each tool, and how it is read. */
const tokens = fc.oneof(
  text.map((cursor) => ({ tool: "list_websets" as const, content: { cursor } })),
  fc.record({ webset: text, cursor: text }).map((content) => ({ tool: "list_webset_items" as const, content })),
  fc
    .record({
      before: fc.record({ time: fc.integer({ min: 0 }), id: text }),
      cursor: fc.constant(encodeCursor(position)),
    })
    .map((content) => ({ tool: "list_webset_events" as const, content })),
);

test("each tool's page token is read again as what it is, by that tool alone", () => {
  fc.assert(
    fc.property(tokens, ({ tool, content }) => {
      const token = encodePage(tool, content as never);
      fc.pre(token !== null);
      expect(token).toMatch(/^p[\w-]{4,999}$/);
      expect(decodePage(tool, token as string)).toEqual(content);
      const other = tool === "list_websets" ? "list_webset_items" : "list_websets";
      expect(() => decodePage(other, token as string)).toThrow(`page token of ${tool}`);
    }),
    propertyRuns(300),
  );
});

test("a page token that was not copied whole is refused", () => {
  const change = fc.record({
    kind: fc.constantFrom("replace", "leave out", "exchange", "cut", "add"),
    at: fc.nat(),
    by: fc.constantFrom(..."AZaz09-_=. "),
  });
  fc.assert(
    fc.property(tokens, change, ({ tool, content }, { kind, at: anywhere, by }) => {
      const token = encodePage(tool, content as never) ?? "";
      fc.pre(token !== "");
      const at = anywhere % token.length;
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      const copied = {
        replace: before + by + after,
        "leave out": before + after,
        exchange: before + after.slice(0, 1) + token[at] + after.slice(1),
        cut: before,
        add: before + by + token.slice(at),
      }[kind] as string;
      fc.pre(copied !== token);
      expect(() => decodePage(tool, copied)).toThrow(WebsetsError);
    }),
    propertyRuns(1_000),
  );
});

test("a page token that would have more than 1,000 characters is not given out", () => {
  expect(encodePage("list_websets", { cursor: "c".repeat(716) })).toHaveLength(1_000);
  expect(encodePage("list_websets", { cursor: "c".repeat(717) })).toBeNull();
});
