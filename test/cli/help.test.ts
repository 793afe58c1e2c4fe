import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { FAULTS } from "../../src/sandbox/faults.ts";
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";
import { runInShell } from "../support/shell.ts";

const { stdout: help } = await runInShell(["help"]);
const { stdout: sandboxHelp } = await runInShell(["sandbox", "--help"]);

test("help names the version, every variable, and where the rest of it is", () => {
  expect(help).toMatch(/^websets-events-mcp 0\.0\.0-source: /);
  for (const variable of ["EXA_API_KEY", "EXA_BASE_URL", "HTTPS_PROXY", "NO_PROXY", "WEBSETS_EVENTS_MAX_WAIT"]) {
    expect(help).toContain(variable);
  }
  expect(help).toContain("COMMAND --help");
});

test("the sandbox's help names every scenario and every fault", () => {
  for (const { name, description } of [...SCENARIOS, ...FAULTS]) {
    expect(sandboxHelp).toContain(`  ${name} `);
    expect(sandboxHelp).toContain(description);
  }
});

test("help shows only flags of the server that are understood", () => {
  const flags = [...help.matchAll(/^ {2}(--[a-z-]+) [A-Z]+/gm)].map(([, flag]) => String(flag));
  expect(flags.length).toBeGreaterThanOrEqual(3);
  for (const flag of flags) expect(readCommandLine([flag, "1"]).kind).toBe("serve");
});

describe.each([
  ["help", help],
  ["the sandbox's help", sandboxHelp],
])("%s", (_, text) => {
  test("fits a terminal: no line is longer than 120 characters", () => {
    expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
    expect(text.endsWith("\n")).toBe(true);
  });
});
