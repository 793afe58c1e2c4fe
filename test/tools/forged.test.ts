import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { checksum, encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { openToolWorld } from "../support/tool-world.ts";

const POSITION = positionAt(Date.UTC(2026, 10, 1));
const CURSOR = Buffer.from(encodeCursor(POSITION), "base64url");
const CHAIN = Buffer.from(encodeCursor({ ...POSITION, chain: { id: 1, call: 1, openSince: 1 } }), "base64url");

/** The cursor with other bytes, and the checksum that belongs to them. */
function forgedCursor(bytes: Buffer): string {
  const [start, parts] =
    bytes[0] !== CHAIN[0]
      ? ([9, [bytes.subarray(0, 9), bytes.subarray(12)]] as const)
      : ([1, [bytes.subarray(4)]] as const);
  checksum(...parts).copy(bytes, start);
  return bytes.toString("base64url");
}

/** A real cursor, cut or made longer, with some of its bytes overwritten. */
const cursor = fc
  .record({
    version: fc.constantFrom(0x70, 0x71, 0x72, 0x73, undefined),
    length: fc.integer({ min: 12, max: 120 }),
    bytes: fc.array(fc.tuple(fc.nat(60), fc.constantFrom(0, 1, 0x7f, 0x80, 0xf0, 0xff)), { maxLength: 12 }),
  })
  .map(({ version, length, bytes }) => {
    const made = Buffer.alloc(length);
    (version === CHAIN[0] ? CHAIN : CURSOR).copy(made);
    for (const [at, byte] of bytes) if (at < length) made[at] = byte;
    if (version !== undefined) made[0] = version;
    return forgedCursor(made);
  });

/** What is in a page token, with the checksum that belongs to it. */
function forgedPage(json: string): string {
  return `p${checksum(Buffer.from(json)).toString("base64url")}${Buffer.from(json).toString("base64url")}`;
}

const odd = fc.constantFrom(Number.NaN, 1e300, -1e300, -1, 0.5, null, undefined, "", "event_1", "\ud83e", [], {});
const page = fc
  .record({
    tool: fc.constantFrom("list_webset_events", "list_websets", "toString", 1),
    before: fc.oneof(odd, fc.record({ time: odd, id: odd }), fc.record({ time: fc.integer(), id: fc.string() })),
    crowd: fc.oneof(
      fc.constant(undefined),
      odd,
      fc.record({ types: odd, cursor: odd }),
      fc.constant({ types: 1, cursor: "x" }),
    ),
    cursor: fc.oneof(odd, cursor, fc.constant(encodeCursor(POSITION))),
  })
  .map(({ tool, ...content }) => forgedPage(JSON.stringify([tool, content])));

const token = fc.oneof(
  cursor.map((text) => ({ parameter: "after" as const, text })),
  page.map((text) => ({ parameter: "page" as const, text })),
);

const IMPOSSIBLE_PAGES = [
  "",
  "{",
  "null",
  "[]",
  '["list_webset_events"]',
  `["list_webset_events",${"[".repeat(600)}`,
].map((json): [{ parameter: "page"; text: string }] => [{ parameter: "page", text: forgedPage(json) }]);

test("a forged cursor or page token is refused in words or taken, and nothing fails inside", async () => {
  const opened = await openToolWorld();
  onTestFinished(() => opened.close());
  const told: string[] = [];
  await fc.assert(
    fc.asyncProperty(token, async ({ parameter, text }) => {
      const call =
        parameter === "after"
          ? opened.call("wait_for_webset_event", { after: text, timeoutSeconds: 0, itemsReady: text.length % 2 === 0 })
          : opened.call("list_webset_events", { page: text });
      const { error } = await opened.clock.until(call);
      expect(error ?? "").not.toContain("nobody foresaw");
      if (error !== undefined) told.push(error);
    }),
    { ...propertyRuns(150), examples: IMPOSSIBLE_PAGES },
  );
  // Whoever makes up a place in a crowd is told that the API has no such event there.
  for (const error of told) expect(error).toMatch(/^invalid_request: |does not hold the event any more/);
  expect(told.length).toBeGreaterThan(25);
});
