import { describe, expect, test } from "vitest";
import { sentenceForAgent } from "../../src/shared/errors.ts";
import type { Tool } from "../../src/tools/define.ts";
import { explainInput } from "../../src/tools/explain-input.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { readArguments } from "../../src/tools/read-arguments.ts";

function explained(name: string, args: unknown): string {
  const tool = TOOLS.find((one) => one.name === name) as Tool;
  const { success, error } = tool.input.safeParse(readArguments(tool.input, args));
  if (success) throw new Error(`${name} takes ${JSON.stringify(args)}`);
  return sentenceForAgent(explainInput(tool, error));
}

describe("wrong arguments", () => {
  test.each([
    ["get_webset_event", {}, "The parameter eventId is missing."],
    ["get_webset_event", { eventId: 5 }, "The parameter eventId: "],
    ["get_webset_event", { eventId: null }, "The parameter eventId is missing."],
    ["get_webset_event", { eventId: "evt_1", detail: "all" }, "The parameter detail: "],
    ["list_webset_events", { types: ["webset.idle", 5] }, "The parameter types.1: "],
    ["list_webset_events", { types: { a: 1 } }, "The parameter types: "],
    ["list_webset_events", { limit: 1.5 }, "The parameter limit: "],
    ["list_webset_events", { limit: 0 }, "The parameter limit: "],
    ["wait_for_webset_event", { atLeast: 101 }, "The parameter atLeast: "],
    ["wait_for_webset", { websetId: "w", timeoutSeconds: "25 s" }, "The parameter timeoutSeconds: "],
    ["get_webset_progress", { websetId: "w", verbose: true }, 'There is no parameter "verbose".'],
    ["get_webset_progress", { websetId: "w", b: 1, a: 2 }, 'There are no parameters "b", "a".'],
    ["get_webset_progress", [], "The arguments: "],
  ])("%s %j are explained by name", (name, args, expected) => {
    const text = explained(name, args);
    expect(text).toMatch(/^invalid_request: /);
    expect(text).toContain(expected);
  });

  test("are explained all at once, and with what the tool takes", () => {
    expect(explained("wait_for_webset_event", { atLeast: 0, webset_id: "w", timeoutSeconds: -1 })).toMatch(
      /^invalid_request: (?=.*atLeast)(?=.*timeoutSeconds: )(?=.*"webset_id").* wait_for_webset_event takes types, websetId, after, atLeast, limit, timeoutSeconds, detail\.$/,
    );
  });

  test("with long or hostile names are quoted in part", () => {
    const text = explained("get_webset_progress", { websetId: "w", [`\n\u001b[31m${"x".repeat(5_000)}`]: 1 });
    expect(text.length).toBeLessThan(300);
    expect(text).not.toMatch(/[\n\u001b]/);
  });
});
