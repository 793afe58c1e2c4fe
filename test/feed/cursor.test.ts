import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { encodePageToken } from "../../src/feed/page-token.ts";
import { advance, fingerprint, isDealtWith, isTellable, type Position, positionAt } from "../../src/feed/position.ts";

const NOON = Date.parse("2026-11-01T12:00:00.000Z");

function positionWith(events: number, since = NOON): Position {
  const handedOut = Array.from({ length: events }, (_, n) => ({ id: `event_${n}`, time: since + n * 100 }));
  return advance(positionAt(since), { handedOut, settledUpTo: undefined });
}

function refusalOf(text: string): { kind: string; message: string } {
  try {
    decodeCursor(text);
  } catch (error) {
    return error as { kind: string; message: string };
  }
  throw new Error(`${text} was taken for a cursor`);
}

describe("a cursor", () => {
  test("gives back the position, with the latest time of all in place of each event's own", () => {
    const position = positionWith(3);
    const decoded = decodeCursor(encodeCursor(position));
    expect(decoded.since).toBe(NOON);
    expect(new Set(decoded.seen.keys())).toEqual(new Set(position.seen.keys()));
    expect(new Set(decoded.seen.values())).toEqual(new Set([NOON + 200]));
  });

  test("has at most 256 characters with 40 events in the window, and grows by 6 for each further one", () => {
    expect(encodeCursor(positionWith(40))).toHaveLength(256);
    expect(encodeCursor(positionWith(0)).length).toBeLessThan(20);
    expect(encodeCursor(positionWith(140)).length - encodeCursor(positionWith(40)).length).toBe(600);
  });

  test("does not depend on the order in which events were dealt with", () => {
    const { since, seen } = positionWith(5);
    expect(encodeCursor({ since, seen: new Map([...seen].reverse()) })).toBe(encodeCursor({ since, seen }));
  });

  test("of any position is read as the same position again, never a later one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 42 - 1 }),
        fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.integer({ min: 0, max: 10_000_000 })), {
          selector: ([id]) => id,
          maxLength: 60,
        }),
        (since, events) => {
          const seen = new Map(events.map(([id, after]) => [fingerprint(id), since + after]));
          const text = encodeCursor({ since, seen });
          const decoded = decodeCursor(text);
          expect(decoded.since).toBe(since);
          expect([...decoded.seen.keys()].sort()).toEqual([...seen.keys()].sort());
          for (const [print, time] of seen) expect(decoded.seen.get(print)).toBeGreaterThanOrEqual(time);
          expect(encodeCursor(decoded)).toBe(text);
          expect(text).toMatch(/^c[\w-]*$/);
        },
      ),
    );
  });

  test("with a tie is read as the same position again", () => {
    for (const tie of ["event_1", "ïd 🦜", "x".repeat(60)]) {
      const position = { ...positionWith(3), tie };
      expect(decodeCursor(encodeCursor(position))).toEqual({ ...decodeCursor(encodeCursor(positionWith(3))), tie });
    }
  });

  test("of a time no cursor can hold is that of the latest it can", () => {
    expect(decodeCursor(encodeCursor(positionAt(Number.MAX_SAFE_INTEGER))).since).toBe(2 ** 42 - 1);
    expect(decodeCursor(encodeCursor(positionAt(-5))).since).toBe(0);
    expect(decodeCursor(encodeCursor(positionAt(1_000.9))).since).toBe(1_000);
  });

  test("keeps what it has dealt with, however far that lies ahead", () => {
    const handedOut = [{ id: "far", time: NOON + 90 * 60_000 }];
    const decoded = decodeCursor(encodeCursor(advance(positionAt(NOON), { handedOut, settledUpTo: undefined })));
    const later = advance(decoded, { handedOut: [], settledUpTo: NOON + 80 * 60_000 });
    expect(isDealtWith(later, { id: "far", time: NOON + 90 * 60_000 })).toBe(true);
  });

  test("is refused when a character was changed, added, lost or swapped", () => {
    const text = encodeCursor(positionWith(7));
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "A" ? "B" : "A";
      expect(refusalOf(text.slice(0, at) + other + text.slice(at + 1)).kind).toBe("invalid_request");
      expect(refusalOf(text.slice(0, at) + text.slice(at + 1)).kind).toBe("invalid_request");
      expect(refusalOf(text.slice(0, at)).kind).toBe("invalid_request");
      const [a, b] = [text[at], text[at + 1]];
      if (b !== undefined && a !== b) {
        expect(refusalOf(text.slice(0, at) + b + a + text.slice(at + 2)).kind).toBe("invalid_request");
      }
    }
    expect(refusalOf(`${text}A`).kind).toBe("invalid_request");
    expect(refusalOf(`${text}=`).kind).toBe("invalid_request");
  });

  test("that is none of ours is refused in words that say so, and a page token in others", () => {
    for (const text of ["", "now", "2026-11-01", "🦜", "c".repeat(300), "null"]) {
      expect(refusalOf(text)).toMatchObject({ kind: "invalid_request" });
      expect(refusalOf(text).message).toContain("no cursor of this server");
    }
    const token = encodePageToken({ before: { id: "e", time: NOON }, position: positionAt(NOON) });
    expect(refusalOf(token).message).toContain("page token");
  });
});

/** Written by the first release: whatever cursors look like one day, agents may still hold these. */
describe("a cursor of version 1 stays readable", () => {
  test.each([
    ["cWhlvsWAAAAA332U", 1_793_534_400_000, []],
    ["cWhlvsWAAAH0dTeACnaUJsA", 1_793_534_400_000, ["event_0"]],
    ["cWhlvr_CwBNxZ2smCnaUJsG9qQuK", 1_793_534_394_123, ["event_0", "event_1"]],
    ["cWhlvr_C____c3XFCnaUJsA", 1_793_534_394_123, ["event_0"]],
  ])("%s", (text, since, ids) => {
    const position = decodeCursor(text);
    expect(position.since).toBe(since);
    expect([...position.seen.keys()].sort()).toEqual(ids.map(fingerprint).sort());
  });
});

describe("a cursor of version 2 stays readable", () => {
  test("cmhlvsWAAAAAGZwgB2V2ZW50XzcKdpQmwA", () => {
    expect(decodeCursor("cmhlvsWAAAAAGZwgB2V2ZW50XzcKdpQmwA")).toEqual({
      since: 1_793_534_400_000,
      tie: "event_7",
      seen: new Map([[fingerprint("event_0"), 1_793_534_400_000]]),
    });
  });
});

test("a cursor has room for all that a position may keep, whatever stands beside it", () => {
  const crowd = { cursor: "c".repeat(180), types: 7 };
  const chain = { id: 1, call: 2, openSince: 3 };
  const tie = "t".repeat(60);
  const roomy: Partial<Position>[] = [{}, { tie }, { crowd }, { crowd, tie }];
  for (const extras of roomy.flatMap((one) => [one, { ...one, chain }])) {
    let position: Position = { since: 1_000, seen: new Map(), ...extras };
    for (let n = 1; isTellable(position); n++) {
      expect(decodeCursor(encodeCursor(position)).seen.size).toBe(n - 1);
      position = { ...position, seen: new Map([...position.seen, [n, 1_000]]) };
    }
    expect(position.seen.size).toBeGreaterThan(100);
  }
});

test("a cursor of a chain names it, and is refused where it was miscopied or has another chain in it", () => {
  for (const chain of [
    { id: 2 ** 32 - 1, call: 7, openSince: Date.UTC(2026, 10, 1) },
    { id: 0, call: 0 },
  ]) {
    const position = { ...positionAt(Date.UTC(2026, 10, 2)), chain };
    const text = encodeCursor(position);
    expect(text).toMatch(/^c[\w-]+$/);
    expect(decodeCursor(text)).toEqual(position);
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "A" ? "B" : "A";
      expect(() => decodeCursor(text.slice(0, at) + other + text.slice(at + 1))).toThrow("no cursor of this server");
    }
  }
});
