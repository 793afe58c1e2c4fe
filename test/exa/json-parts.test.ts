import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonParts } from "../../src/exa/body.ts";

const countOf = (text: string) => new JsonParts().add(Buffer.from(text));

test.each([
  ["1", 0],
  ["[]", 1],
  ["[1]", 1],
  ["[1,2,3]", 3],
  ['{"a":1,"b":[2]}', 5],
  [' { "a" : [ 1 , 2 ] } ', 4],
  ['"a,b:[c]{d}"', 0],
  ['["\\"a,b","\\\\",1]', 3],
  ['{"日本,":"\\u0022,"}', 2],
])("%s counts as %i", (text, count) => {
  expect(countOf(text)).toBe(count);
});

test("the count is what the value holds, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (value, steps) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const parts = new JsonParts();
      let count = 0;
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const step = steps[turn % steps.length] as number;
        count = parts.add(bytes.subarray(at, at + step));
        at += step;
      }
      expect(count).toBe(partsOf(value));
    }),
  );
});

/** A container and the commas and colons in it. */
function partsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const elements = Object.values(value);
  const inside = elements.reduce<number>((sum, element) => sum + partsOf(element), 0);
  const colons = Array.isArray(value) ? 0 : elements.length;
  return 1 + Math.max(0, elements.length - 1) + colons + inside;
}
