import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod/v4";
import { TOOLS } from "../../src/tools/index.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const cli = "/absolute/path/to/websets-events-mcp/dist/cli.js";

function blocksOf(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);
}

function toolOf(name: string | undefined) {
  const tool = TOOLS.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return tool;
}

interface Entry {
  type?: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
}

describe("the README", () => {
  test("shows the loop as it stands in the example", () => {
    const example = readFileSync(join(root, "examples/follow-webset.ts"), "utf8");
    const [loop] = blocksOf("ts");
    expect(loop).toContain("async function follow(");
    expect(example).toContain(loop);
  });

  test("configures hosts with a key and with the sandbox, each in its own shape", () => {
    const [common, vscode] = blocksOf("json").map((block) => JSON.parse(block));
    const servers: Record<string, Entry>[] = [common.mcpServers, vscode.servers];
    for (const { "websets-events": real, "websets-sandbox": sandbox } of servers) {
      expect(real).toMatchObject({ command: "node", args: [cli] });
      expect(Object.keys(real?.env ?? {})).toEqual(["EXA_API_KEY"]);
      expect(sandbox).toMatchObject({ command: "node", args: [cli, "--sandbox"] });
    }
    expect(vscode.servers["websets-events"].env.EXA_API_KEY).toBe(`\${input:${vscode.inputs[0].id}}`);
    expect(vscode.inputs[0]).toMatchObject({ type: "promptString", password: true });
  });

  test("calls tools as they are in Python, too", () => {
    const [python = ""] = blocksOf("python");
    const calls = [...python.matchAll(/await call\(\s*"(\w+)",(.*?)\n? *\)\n/gs)];
    expect(calls.map(([, tool]) => tool)).toEqual(["wait_for_webset", "wait_for_webset_event"]);
    for (const [, name, args = ""] of calls) {
      const named = [...args.matchAll(/(\w+)=/g)].map(([, parameter]) => parameter);
      expect(named.length).toBeGreaterThan(1);
      expect(Object.keys(toolOf(name).input.shape)).toEqual(expect.arrayContaining(named));
    }
    const tools: Record<string, string> = { waited: "wait_for_webset", news: "wait_for_webset_event" };
    const said = (pattern: RegExp) =>
      [...python.matchAll(pattern)].map(([, result = "", what = ""]) => ({ ...toolOf(tools[result]), what }));
    const read = said(/\b(waited|news)(?:\["|\.get\(")(\w+)"/g);
    expect(read.length).toBeGreaterThan(3);
    for (const { output, what } of read) expect(output.shape).toHaveProperty(what);
    const compared = said(/\b(waited|news)\["outcome"\] [=!]= ("\w+")/g);
    expect(compared).not.toEqual([]);
    for (const { output, what } of compared) {
      expect(JSON.stringify(z.toJSONSchema(output).properties?.outcome)).toContain(what);
    }
  });

  test("names only scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const named = [...readme.matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name);
    expect(named).toContain("demo");
    expect(named.filter((name) => name !== undefined && !(name in scripts))).toEqual([]);
  });
});
