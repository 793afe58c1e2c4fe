import { describe, expect, test } from "vitest";
import * as z from "zod/v4";
import { defineTool } from "../../src/tools/define.ts";
import { explainInput } from "../../src/tools/explain.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { readArguments } from "../../src/tools/read-arguments.ts";
import { jsonSchemaOf } from "../../src/tools/schemas.ts";

/** A tool with a parameter of each kind: what holds for it holds for every tool. */
const tool = defineTool({
  name: "try_it",
  title: "Try it",
  description: "Tries it.",
  idempotent: true,
  input: z.strictObject({
    id: z.string().min(1),
    text: z.string().optional(),
    whole: z.int().min(1).default(5),
    number: z.number().optional(),
    flag: z.boolean().default(false),
    word: z.enum(["one", "two"]).default("one"),
    list: z.array(z.string().min(1)).optional(),
    numbers: z.array(z.number()).optional(),
    either: z.union([z.string(), z.number()]).optional(),
    action: z.string().optional(),
  }),
  output: z.object({}),
  run: async () => ({}),
});
const DEFAULTS = { id: "id", whole: 5, flag: false, word: "one" };

/** What a tool is run with, or why not. */
function read(more: object): unknown {
  const given = readArguments(tool.input, { id: "id", ...more });
  const { success, data, error } = tool.input.safeParse(given);
  return success ? data : explainInput(tool, error, given).message;
}

describe("what can only mean one thing means it:", () => {
  test.each([
    [{ id: " id\n" }, {}],
    [{ text: null, whole: null, flag: null, word: null, list: null, either: null }, {}],
    [{ text: "", whole: "", number: " ", flag: "", word: "", list: "", numbers: "" }, {}],
    [{ text: "null", whole: "null", list: "null", flag: " undefined " }, {}],
    [{ text: "None", whole: "nil", list: "None", flag: "NULL", word: "None" }, {}],
    [{ text: " a b " }, { text: "a b" }],
    [{ text: "5" }, { text: "5" }],
    [
      { whole: "20", number: " 2.5 " },
      { whole: 20, number: 2.5 },
    ],
    [{ number: "-1e3" }, { number: -1_000 }],
    [{ flag: "true" }, { flag: true }],
    [{ flag: "False" }, { flag: false }],
    [{ word: " two " }, { word: "two" }],
    [{ list: "a" }, { list: ["a"] }],
    [{ list: '["a", " b "]' }, { list: ["a", "b"] }],
    [{ list: "webset.idle, webset.item.*" }, { list: ["webset.idle", "webset.item.*"] }],
    [{ list: "webset.idle\nwebset.item.*" }, { list: ["webset.idle", "webset.item.*"] }],
    [{ list: "a b,c,\td," }, { list: ["a", "b", "c", "d"] }],
    [{ list: "a; b|c" }, { list: ["a", "b", "c"] }],
    [{ list: "['a', \"b\", c.*]" }, { list: ["a", "b", "c.*"] }],
    [{ list: "webset.{idle,paused}, monitor.*" }, { list: ["webset.idle", "webset.paused", "monitor.*"] }],
    [{ list: ["webset.item.{ created, enriched }"] }, { list: ["webset.item.created", "webset.item.enriched"] }],
    [{ list: ["a, b", "c\nd"] }, { list: ["a", "b", "c", "d"] }],
    [{ list: ["a (b), c"] }, { list: ["a (b), c"] }],
    [{ list: [" a "] }, { list: ["a"] }],
    [{ numbers: "[1, 2]" }, { numbers: [1, 2] }],
    [{ numbers: "1,2.5" }, { numbers: [1, 2.5] }],
    [{ numbers: ["1", 2] }, { numbers: [1, 2] }],
    [{ either: "5" }, { either: "5" }],
    [
      { toolCallId: "call_1", sessionId: "s", chatInput: "hi", wait_for_previous: true, task_progress: "- [ ] look" },
      {},
    ],
    [{ action: "sendMessage" }, { action: "sendMessage" }],
  ])("%j", (given, expected) => {
    expect(read(given)).toEqual({ ...DEFAULTS, ...expected });
  });
});

describe("what can mean several things or none is refused by name:", () => {
  test.each([
    [{ id: null }, "id is missing"],
    [{ id: "" }, "id is missing"],
    [{ id: 5 }, "id is "],
    [{ id: ["id"] }, "id is "],
    [{ text: 5 }, "text is "],
    [{ whole: "5 events" }, "whole is "],
    [{ whole: "1.5" }, "whole is "],
    [{ whole: "0" }, "whole is "],
    [{ whole: true }, "whole is "],
    [{ number: "1,000" }, "number is "],
    [{ number: "0x10" }, "number is "],
    [{ number: "Infinity" }, "number is "],
    [{ flag: "yes" }, "flag is "],
    [{ flag: 1 }, "flag is "],
    [{ word: "three" }, "word is "],
    [{ list: 5 }, "list is "],
    [{ list: { a: 1 } }, "list is "],
    [{ list: ["a", null] }, "list.1 is "],
    [{ list: '["a", 5]' }, "list.1 is "],
    [{ numbers: "['a" }, "numbers is "],
    [{ numbers: "[['1']]" }, "numbers is "],
    [{ numbers: "a" }, "numbers.0 is "],
    [{ toolCallID: "x" }, '"toolCallID"'],
    [JSON.parse('{"__proto__": 1}'), '"__proto__"'],
  ])("%j", (given, expected) => {
    expect(read(given)).toContain(expected);
  });

  test("lists in lists, however deep", () => {
    let deep: unknown = "a";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(read({ list: deep })).toContain("list.0 is ");
    expect(read({ text: deep })).toContain("text is ");
  });

  test.each([[null], ["text"], [[1]]])("%j in the place of all arguments", (given) => {
    expect(readArguments(tool.input, given)).toBe(given);
  });
});

describe.each(TOOLS)("$name", ({ input, name }) => {
  const { properties = {} } = jsonSchemaOf(input, "input");
  const needed = Object.keys(properties).filter((key) => !input.shape[key]?.safeParse(undefined).success);
  const least = Object.fromEntries(needed.map((key) => [key, "some_id"]));

  test("takes null and blanks for every parameter that may be left out", () => {
    for (const key of Object.keys(properties).filter((one) => !needed.includes(one))) {
      for (const nothing of [null, "", " ", "null", "None"]) {
        expect(input.parse(readArguments(input, { ...least, [key]: nothing })), `${name} ${key}`).toEqual(
          input.parse(least),
        );
      }
    }
  });

  test("says each default in words", () => {
    for (const [key, { default: value, description }] of Object.entries(properties)) {
      if (value !== undefined) expect(description, key).toContain(`Default ${JSON.stringify(value)}`);
    }
  });
});
