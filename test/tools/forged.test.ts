import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { checksum, encodeCursor, encodePageToken } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { openToolWorld } from "../support/tool-world.ts";

const POSITION = positionAt(Date.UTC(2026, 10, 1));
const CURSOR = Buffer.from(encodeCursor(POSITION), "base64url");
const CHAIN = Buffer.from(encodeCursor({ ...POSITION, chain: { id: 1, call: 1, openSince: 1 } }), "base64url");
const PAGE = Buffer.from(
  encodePageToken({ before: { id: "event_1", time: POSITION.since }, position: POSITION }),
  "base64url",
);

/** The token with another inside, and the checksum that belongs to it. */
function forged(parameter: "after" | "page", bytes: Buffer): string {
  const [start, parts] =
    parameter === "after" && bytes[0] !== CHAIN[0]
      ? ([9, [bytes.subarray(0, 9), bytes.subarray(12)]] as const)
      : ([1, [bytes.subarray(4)]] as const);
  checksum(...parts).copy(bytes, start);
  return bytes.toString("base64url");
}

/** A real token, cut or made longer, with some of its bytes overwritten. */
const token = fc
  .record({
    parameter: fc.constantFrom("after" as const, "page" as const),
    version: fc.constantFrom(0x70, 0x71, 0x72, 0x73, 0xa5, 0xa6, undefined),
    length: fc.integer({ min: 12, max: 120 }),
    bytes: fc.array(fc.tuple(fc.nat(60), fc.constantFrom(0, 1, 0x7f, 0x80, 0xf0, 0xff)), { maxLength: 12 }),
  })
  .map(({ parameter, version, length, bytes }) => {
    const made = Buffer.alloc(length);
    (parameter === "page" ? PAGE : version === CHAIN[0] ? CHAIN : CURSOR).copy(made);
    for (const [at, byte] of bytes) if (at < length) made[at] = byte;
    if (version !== undefined) made[0] = version;
    return { parameter, text: forged(parameter, made) };
  });

const IMPOSSIBLE_TIMES = [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300, -1].map(
  (time): [{ parameter: "page"; text: string }] => [
    { parameter: "page", text: encodePageToken({ before: { id: "event_1", time }, position: POSITION }) },
  ],
);

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
    { numRuns: 150, examples: IMPOSSIBLE_TIMES },
  );
  for (const error of told) expect(error).toMatch(/^invalid_request: /);
  expect(told.length).toBeGreaterThan(25);
});
