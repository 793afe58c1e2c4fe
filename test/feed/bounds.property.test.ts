import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { decodePageToken, encodePageToken } from "../../src/feed/page-token.ts";
import type { Position } from "../../src/feed/position.ts";
import { propertyRuns } from "../support/property-runs.ts";

const LONGEST = 1_000;
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.integer({ min: 0, max: 5_000 }).map((length) => "é".repeat(length)),
);

/** Whatever the API's ids and cursors are, and however many events share a time. */
const positions: fc.Arbitrary<Position> = fc
  .record({
    since: fc.oneof(fc.integer({ min: 0, max: 2 ** 42 - 1 }), fc.double({ noNaN: true, min: -1, max: 2 ** 53 })),
    tie: fc.option(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 60 }), { nil: undefined }),
    crowd: fc.option(fc.record({ cursor: text, types: fc.integer({ min: 0, max: 2 ** 16 - 1 }) }), {
      nil: undefined,
    }),
    number: fc.constantFrom(0, 1, 40, 150, 5_000),
    first: fc.integer({ min: 0, max: 2 ** 35 }),
  })
  .map(({ since, tie, crowd, number, first }) => ({
    since,
    seen: new Map(Array.from({ length: number }, (_, n) => [first + n * 7, since + n * 3])),
    ...(tie !== undefined && { tie }),
    ...(crowd !== undefined && { crowd }),
  }));

test("every cursor has at most 1,000 characters, and is read again as itself", () => {
  fc.assert(
    fc.property(positions, (position) => {
      const cursor = encodeCursor(position);
      expect(cursor.length).toBeLessThanOrEqual(LONGEST);
      const read = decodeCursor(cursor);
      expect(encodeCursor(read)).toBe(cursor);
      expect(read.tie).toBe(position.tie);
      expect(read.since).toBeLessThanOrEqual(Math.max(0, position.since));
      for (const print of read.seen.keys()) expect(position.seen.has(print)).toBe(true);
    }),
    propertyRuns(500),
  );
});

test("so has every page token, whatever the id at which a listing goes on", () => {
  fc.assert(
    fc.property(positions, text, fc.integer({ min: 0, max: 2 ** 42 }), (position, id, time) => {
      const token = encodePageToken({ before: { id, time }, position });
      expect(token.length).toBeLessThanOrEqual(LONGEST);
      const read = decodePageToken(token);
      expect(read.before.time).toBe(time);
      expect(encodePageToken(read)).toBe(token);
    }),
    propertyRuns(500),
  );
});
