import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutText, resultBytes, withinBytes, withoutDepths } from "../../src/shared/bounded-json.ts";
import { propertyRuns } from "../support/property-runs.ts";

/** Lists in lists, as deep as told. */
function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe("a value that may be too large", () => {
  test("is left as it is where it fits", () => {
    const value = { text: "x".repeat(5_000), list: Array.from({ length: 500 }, (_, n) => n) };
    expect(withinBytes(value, 40_000)).toBe(value);
  });

  test("is cut and marked where it does not", () => {
    const value = { id: "item_1", pages: Array.from({ length: 300 }, () => "word ".repeat(1_000)), short: "kept" };
    const cut = withinBytes(value, 40_000);
    expect(resultBytes(cut)).toBeLessThanOrEqual(40_000);
    expect(cut).toMatchObject({ id: "item_1", short: "kept" });
    expect(cut.pages[0]).toMatch(/^(word )+.*… \[cut: 5000 characters in all\]$/);
    expect(cut.pages.at(-1)).toBe("… [cut: 300 entries in all]");
  });

  test("is told with the length that a text had before an earlier cut", () => {
    const once = cutText("x".repeat(9_000), 2_000);
    expect(cutText(once, 2_000)).toBe(once);
    expect(cutText(once, 100)).toBe(`${"x".repeat(100)}… [cut: 9000 characters in all]`);
  });

  test("fits whatever it is", () => {
    const hostile = fc.oneof(
      fc.constantFrom('"'.repeat(50_000), "\u2028".repeat(20_000), "\ud83d".repeat(20_000), "\\".repeat(50_000)),
      fc.constantFrom(1, 100, 5_000, 100_000).map(nested),
      fc.array(fc.string(), { minLength: 100, maxLength: 200 }).map((list) => Array.from({ length: 100 }, () => list)),
      fc.dictionary(fc.string(), fc.anything()).map((one) => JSON.parse(JSON.stringify({ one }))),
      fc.constant(Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`key ${n}`, n]))),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), (value) => {
        expect(resultBytes(withinBytes(value, 10_000))).toBeLessThanOrEqual(10_000);
      }),
      propertyRuns(30),
    );
  });

  test("can be written however deep it was, with a mark where it was cut", () => {
    expect(withoutDepths(nested(50))).toEqual(nested(50));
    expect(JSON.stringify(withoutDepths(nested(100_000)))).toContain("[cut: nested deeper]");
  });
});
