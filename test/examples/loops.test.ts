import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod/v4";
import { TOOLS } from "../../src/tools/index.ts";
import { blocksOf } from "../support/code-blocks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/loops.md"), "utf8");

function toolOf(name: string | undefined) {
  const tool = TOOLS.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return tool;
}

describe("docs/loops.md", () => {
  test("shows the loop as it stands in the example", () => {
    const example = readFileSync(join(root, "examples/follow-webset.ts"), "utf8");
    const [loop] = blocksOf(page, "ts");
    expect(loop).toContain("async function follow(");
    expect(example).toContain(loop);
  });

  test("calls tools as they are in Python, too", () => {
    const [python = ""] = blocksOf(page, "python");
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
});
