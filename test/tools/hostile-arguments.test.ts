import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { TOOLS } from "../../src/tools/index.ts";
import { jsonSchemaOf } from "../../src/tools/schemas.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { openToolWorld } from "../support/tool-world.ts";

const HOSTILE = fc.oneof(
  fc.constantFrom(
    null,
    "",
    ".",
    "..",
    "../websets",
    "%2e%2e%2f",
    "a b",
    "\ud800",
    "\u202e\u{e0041}",
    "x".repeat(100_000),
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "1e999",
    "[[[]]]",
    '["*"]',
    "constructor",
    "__proto__",
    -0,
    1e308,
    Number.MAX_SAFE_INTEGER,
  ),
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.jsonValue(),
);

/** What cannot be made a text or a number. */
const UNSPEAKABLE = { toString: false, valueOf: false };
const ODD: [object, Record<string, unknown>, boolean][] = [
  [{ problems: UNSPEAKABLE, detail: UNSPEAKABLE, atLeast: UNSPEAKABLE }, {}, false],
  [{}, { timeoutMs: UNSPEAKABLE }, false],
  [{}, { websets: UNSPEAKABLE }, false],
  [{ before: UNSPEAKABLE, after: UNSPEAKABLE }, {}, false],
];

test.each(TOOLS)("$name answers whatever it is called with, and nothing fails inside", async ({ name, input }) => {
  const opened = await openToolWorld();
  onTestFinished(() => opened.close());
  const { id } = opened.world.createWebset({ search: { query: "q", count: 5 } });
  const { properties = {} } = jsonSchemaOf(input, "input");
  const wild = fc.record(Object.fromEntries(Object.keys(properties).map((key) => [key, HOSTILE])), {
    requiredKeys: [],
  });
  // So that some calls get further than their first parameter.
  const tame = { ...(properties.websetId && { websetId: id }), ...(properties.eventId && { eventId: "event_1" }) };
  await fc.assert(
    fc.asyncProperty(
      wild,
      fc.dictionary(fc.string(), HOSTILE, { maxKeys: 1 }),
      fc.boolean(),
      async (args, more, isTame) => {
        const time = properties.timeoutSeconds && { timeoutSeconds: 0 };
        const call = opened.call(name, { ...(isTame && tame), ...args, ...(isTame ? {} : more), ...time });
        const { error } = await opened.clock.until(call);
        expect(error ?? "").not.toContain("nobody foresaw");
        expect((error ?? "").length).toBeLessThan(2_000);
      },
    ),
    { ...propertyRuns(100), examples: ODD },
  );
});
