import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { UsageError } from "../../src/cli/flags.ts";

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

  test.each([[["--help"]], [["-h"]], [["--sandbox", "-h"]], [["-h", "-v"]]])("%j asks for help", (args) => {
    expect(readCommandLine(args)).toEqual({ kind: "help" });
  });

  test.each([[["--version"]], [["-v"]], [["--sandbox", "-v"]]])("%j asks for the version", (args) => {
    expect(readCommandLine(args)).toEqual({ kind: "version" });
  });

  test.each([
    [["--api-key", "secret"], "--api-key"],
    [["--port", "1"], "--port"],
    [["--sandbox=yes"], "--sandbox"],
    [["--max-wait"], "--max-wait"],
    [["-x"], "-x"],
    [["--sandbox", "now"], "now"],
    [["--sandbox", "wait"], "a command comes first"],
    [["--sandbx"], "Did you mean --sandbox?"],
    [["--max-wiat=5"], "Did you mean --max-wait?"],
    [["--poll", "5"], "--poll"],
  ])("%j is refused in one line that names what is wrong", (args, named) => {
    const message = messageOf(args);
    expect(message).toContain(named);
    expect(message).not.toContain("\n");
  });

  test("guesses no flag that is quite another one", () => {
    for (const flag of ["--port", "--api-key", "--x", "--helpful-hints"]) {
      expect(messageOf([flag])).not.toContain("Did you mean");
    }
  });

  test("repeats no key in the wrong place", () => {
    const key = "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f";
    for (const args of [
      [`--api-key=${key}`],
      [`--${key}`],
      ["--sandbox", key],
      ["--no-tasks", key],
      [`--sandbox=${key}`],
    ]) {
      expect(messageOf(args)).not.toContain(key);
    }
  });
});
