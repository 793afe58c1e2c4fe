import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { helpText, sandboxHelpText } from "../../src/cli/help.ts";
import { FAULTS } from "../../src/sandbox/faults.ts";
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";

const help = helpText("1.2.3");
const sandboxHelp = sandboxHelpText("1.2.3");

test("help names the version, every variable, and where the scenarios and faults are", () => {
  expect(help).toMatch(/^websets-events-mcp 1\.2\.3: /);
  for (const variable of ["EXA_API_KEY", "EXA_BASE_URL", "HTTPS_PROXY", "NO_PROXY", "WEBSETS_EVENTS_MAX_WAIT"]) {
    expect(help).toContain(variable);
  }
  expect(help).toContain("sandbox --help");
});

test("the sandbox's help names the version, every scenario and every fault", () => {
  expect(sandboxHelp).toMatch(/^websets-events-mcp 1\.2\.3: /);
  for (const { name, description } of [...SCENARIOS, ...FAULTS]) {
    expect(sandboxHelp).toContain(`  ${name} `);
    expect(sandboxHelp).toContain(description);
  }
});

describe.each([
  ["help", help],
  ["the sandbox's help", sandboxHelp],
])("%s", (_, text) => {
  test("shows only flags that are understood", () => {
    const [ofServer = "", ofSandbox = ""] = text.split("Options of the sandbox:");
    const shown = (part: string) => [...part.matchAll(/^ {2}(--[a-z-]+) [A-Z]+/gm)].map(([, flag]) => String(flag));
    expect(shown(ofServer).length).toBeGreaterThanOrEqual(text === help ? 3 : 0);
    expect(shown(ofSandbox).length).toBeGreaterThanOrEqual(5);
    for (const flag of shown(ofServer)) expect(readCommandLine([flag, "1"]).kind).toBe("serve");
    for (const flag of shown(ofSandbox)) expect(readCommandLine(["sandbox", flag, "1"]).kind).toBe("sandbox");
  });

  test("fits a terminal: no line is longer than 120 characters", () => {
    expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
    expect(text.endsWith("\n")).toBe(true);
  });
});
