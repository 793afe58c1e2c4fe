import { expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { helpText } from "../../src/cli/help.ts";
import { SCENARIOS } from "../../src/sandbox/scenarios.ts";

const help = helpText("1.2.3");

test("help names the version, every scenario and every variable", () => {
  expect(help).toMatch(/^websets-events-mcp 1\.2\.3: /);
  for (const { name, description } of SCENARIOS) {
    expect(help).toContain(name);
    expect(help).toContain(description);
  }
  for (const variable of ["EXA_API_KEY", "EXA_BASE_URL", "HTTPS_PROXY", "NO_PROXY", "WEBSETS_EVENTS_MAX_WAIT"]) {
    expect(help).toContain(variable);
  }
});

test("every flag that help shows is one that is understood", () => {
  const [ofServer = "", ofSandbox = ""] = help.split("Options of the sandbox:");
  const shown = (text: string) => [...text.matchAll(/^ {2}(--[a-z-]+) [A-Z]+/gm)].map(([, flag]) => String(flag));
  expect(shown(ofServer).length).toBeGreaterThanOrEqual(3);
  expect(shown(ofSandbox).length).toBeGreaterThanOrEqual(5);
  for (const flag of shown(ofServer)) expect(readCommandLine([flag, "1"]).kind).toBe("serve");
  for (const flag of shown(ofSandbox)) expect(readCommandLine(["sandbox", flag, "1"]).kind).toBe("sandbox");
});

test("help fits a terminal: no line is longer than 120 characters", () => {
  expect(help.split("\n").filter((line) => line.length > 120)).toEqual([]);
  expect(help.endsWith("\n")).toBe(true);
});
