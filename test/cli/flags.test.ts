import { describe, expect, test } from "vitest";
import { lengthFlag, numberFlag, quoted, UsageError, withoutSecrets, wordFlag } from "../../src/cli/flags.ts";

describe("a number of a flag", () => {
  const whole = { least: 0, most: 65_535, whole: true };

  test("is taken with its bounds", () => {
    expect(numberFlag("--port", "0", whole)).toBe(0);
    expect(numberFlag("--port", "65535", whole)).toBe(65_535);
    expect(numberFlag("--speed", " 0.5 ", { least: 0.01, most: 10 })).toBe(0.5);
  });

  test.each(["", " ", "65536", "-1", "4010.5", "eighty", "NaN", "Infinity"])(
    "%j is none that a port can be",
    (text) => {
      expect(() => numberFlag("--port", text, whole)).toThrow(
        new UsageError(`--port must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`),
      );
    },
  );
});

describe("a length of time of a flag", () => {
  test.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    [" 1H ", 3_600_000],
    ["45", 45_000],
    ["0", 0],
  ])("%j is %d milliseconds", (text, ms) => {
    expect(lengthFlag("--timeout", text)).toBe(ms);
  });

  test.each(["", "soon", "1h30", "h", "-5s", "1h 30m", "1e3s", "5 minutes"])("%j is none", (text) => {
    expect(() => lengthFlag("--timeout", text)).toThrow(
      new UsageError(`--timeout must be a length of time such as 90s, 10m, 1h30m or 2d, not ${JSON.stringify(text)}`),
    );
  });
});

test("a word of a flag is one of those there are", () => {
  expect(wordFlag("--until", "idle", ["idle", "items"])).toBe("idle");
  expect(() => wordFlag("--until", "done", ["idle", "items"])).toThrow(
    new UsageError('--until must be one of idle, items, not "done"'),
  );
});

test("what may be a key in the wrong place is never repeated", () => {
  const key = "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f";
  expect(quoted(key)).toBe("of 36 characters");
  expect(() => numberFlag("--port", key, { least: 0, most: 1 })).toThrow(/not of 36 characters$/);
  expect(() => lengthFlag("--timeout", key)).toThrow(/not of 36 characters$/);
  expect(() => wordFlag("--until", key, ["idle"])).toThrow(/not of 36 characters$/);
  expect(withoutSecrets(`unknown option '--api-key=${key}'`)).toBe("unknown option '--api-key'");
  expect(withoutSecrets("unknown option '--api-key=short'")).toBe("unknown option '--api-key'");
  expect(withoutSecrets(`unknown option '--${key}'`)).toBe("unknown option of 38 characters");
  expect(withoutSecrets("option '--limit <number>' argument missing")).toBe(
    "option '--limit <number>' argument missing",
  );
});
