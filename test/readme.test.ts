import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { blocksOf } from "./support/code-blocks.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

describe("the README", () => {
  test("is short: what few want to know stands in docs/", () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(160);
  });

  test("has the two commands that a stranger tries first", () => {
    for (const command of ["npm ci && npm run demo", "npm ci && npm test"]) expect(readme).toContain(command);
  });

  test("says whose it is not, whom it talks to, what Exa says of Websets, and what rests on no recording", () => {
    const text = readme.replaceAll(/\s+/g, " ");
    expect(text).toContain("Unofficial, not Exa's");
    expect(text).toContain("go to the Exa API and to nobody else: no telemetry");
    expect(text).toContain(
      "recommended its Agent API for new work since June 2026; Websets serve the integrations there are",
    );
    expect(text).toContain("and what of that no recording shows](docs/decisions/)");
  });

  test("names only scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const named = [...readme.matchAll(/npm run ([a-z]+)/g)].map(([, name = ""]) => name);
    expect(named).toContain("demo");
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("names only commands and options that the program knows", () => {
    const help = ["help.txt", "commands-help.txt"]
      .map((name) => readFileSync(join(root, "test/surface", name), "utf8"))
      .join("\n");
    const commands = blocksOf(readme, "sh").flatMap((block) => [...block.matchAll(/^node dist\/cli\.js ([^#\n]+)/gm)]);
    expect(commands.length).toBeGreaterThan(2);
    for (const word of commands.flatMap(([, words = ""]) => words.trim().split(" "))) expect(help).toContain(word);
  });

  test("configures the server by its path, with a place for the key that nobody takes for one", () => {
    const [{ mcpServers }] = blocksOf(readme, "json").map((block) => JSON.parse(block));
    const { command, args, env } = mcpServers["websets-events"];
    expect([command, ...args]).toEqual(["node", "/absolute/path/to/websets-events-mcp/dist/cli.js"]);
    expect(readConfig({}, env).apiKey).toBeUndefined();
    const added = [...readme.matchAll(/^(?:claude|codex|gemini) mcp add .*$/gm)].map(([line]) => line);
    expect(added).toHaveLength(3);
    for (const line of added) {
      expect(line).toContain(`--env EXA_API_KEY=${env.EXA_API_KEY} `);
      expect(line.endsWith(`node ${args[0]}`)).toBe(true);
    }
  });
});
