import { describe, expect, test } from "vitest";
import { numberFlag, readCommandLine, UsageError } from "../../src/cli/command-line.ts";

const messageOf = (args: string[]): string => {
  try {
    readCommandLine(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`${args.join(" ")} was understood`);
};

describe("the command line", () => {
  test("without arguments serves with nothing set", () => {
    expect(readCommandLine([])).toEqual({
      kind: "serve",
      sandbox: false,
      flags: { pollInterval: undefined, maxWait: undefined, logLevel: undefined },
    });
  });

  test("hands the server's flags on as texts, after a space or an equals sign", () => {
    const flags = { pollInterval: "0.5", maxWait: "60", logLevel: "debug" };
    const expected = { kind: "serve", sandbox: true, flags };
    expect(
      readCommandLine(["--sandbox", "--poll-interval", "0.5", "--max-wait", "60", "--log-level", "debug"]),
    ).toEqual(expected);
    expect(readCommandLine(["--log-level=debug", "--max-wait=60", "--poll-interval=0.5", "--sandbox"])).toEqual(
      expected,
    );
  });

  test("of sandbox has defaults of its own", () => {
    expect(readCommandLine(["sandbox"])).toMatchObject({
      kind: "sandbox",
      flags: { port: "4010", speed: "10", seed: "1", scenario: "demo", listOrder: "newest-first" },
    });
    expect(readCommandLine(["sandbox", "--port", "0", "--speed=50", "--seed", "7"])).toMatchObject({
      kind: "sandbox",
      flags: { port: "0", speed: "50", seed: "7" },
    });
  });

  test("of demo has a pace of its own", () => {
    expect(readCommandLine(["demo"])).toEqual({ kind: "demo", speed: "5" });
    expect(readCommandLine(["demo", "--speed=20"])).toEqual({ kind: "demo", speed: "20" });
    expect(readCommandLine(["demo", "--help"])).toEqual({ kind: "help", of: "server" });
    expect(messageOf(["demo", "--sandbox"])).toContain("--sandbox");
  });

  test.each([[["--help"]], [["-h"]], [["help"]], [["--sandbox", "-h"]], [["-h", "-v"]]])("%j asks for help", (args) => {
    expect(readCommandLine(args)).toEqual({ kind: "help", of: "server" });
  });

  test.each([[["sandbox", "--help"]], [["sandbox", "-h"]], [["help", "sandbox"]]])(
    "%j asks for that of the sandbox",
    (args) => {
      expect(readCommandLine(args)).toEqual({ kind: "help", of: "sandbox" });
    },
  );

  test.each([[["--version"]], [["-v"]], [["--sandbox", "-v"]], [["sandbox", "--version"]]])(
    "%j asks for the version",
    (args) => {
      expect(readCommandLine(args)).toEqual({ kind: "version" });
    },
  );

  test.each([
    [["--api-key", "secret"], "--api-key"],
    [["--port", "1"], "--port"],
    [["sandbox", "--poll-interval", "1"], "--poll-interval"],
    [["--sandbox=yes"], "--sandbox"],
    [["--max-wait"], "--max-wait"],
    [["-x"], "-x"],
    [["serve"], '"serve"'],
    [["sandbox", "now"], "now"],
    [["--sandbox", "now"], "now"],
  ])("%j is refused in one line that names what is wrong", (args, named) => {
    const message = messageOf(args);
    expect(message).toContain(named);
    expect(message).not.toContain("\n");
  });
});

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
