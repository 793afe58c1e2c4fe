import { describe, expect, test } from "vitest";
import { sentenceForAgent } from "../../src/shared/errors.ts";
import type { Tool } from "../../src/tools/define.ts";
import { explainInput, meantBy } from "../../src/tools/explain.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { readArguments } from "../../src/tools/read-arguments.ts";
import { jsonSchemaOf } from "../../src/tools/schemas.ts";

function toolNamed(name: string): Tool {
  return TOOLS.find((one) => one.name === name) as Tool;
}

function explained(name: string, args: unknown): string {
  const tool = toolNamed(name);
  const given = readArguments(tool.input, args);
  const { success, error } = tool.input.safeParse(given);
  if (success) throw new Error(`${name} takes ${JSON.stringify(args)}`);
  return sentenceForAgent(explainInput(tool, error, given));
}

describe("wrong arguments", () => {
  test.each([
    [
      "get_webset_event",
      {},
      "The parameter eventId is missing: The id of an event, as other results give it. Call list_webset_events to find it.",
    ],
    [
      "wait_for_webset",
      {},
      "The parameter websetId is missing: The Webset's id or your externalId. Call list_websets to find it.",
    ],
    ["get_webset_event", { eventId: 5 }, "The parameter eventId is 5, and it takes a text of at most 300 characters."],
    ["get_webset_event", { eventId: null }, "The parameter eventId is missing: "],
    [
      "get_webset_event",
      { eventId: "e", detail: "all" },
      'detail is "all", and it takes "summary" or "full"; did you mean "full"?',
    ],
    ["get_webset_event", { eventId: "e", detail: "most" }, 'detail is "most", and it takes "summary" or "full".'],
    ["wait_for_webset", { websetId: "w", until: "completed" }, '"idle"; did you mean "search_completed"?'],
    ["wait_for_webset", { websetId: "w", until: "done" }, '"idle"; did you mean "idle"?'],
    ["wait_for_webset", { websetId: "w", until: "finished" }, '"idle"; did you mean "idle"?'],
    [
      "list_webset_events",
      { types: ["webset.idle", 5] },
      "types.1 is 5, and it takes a text of at most 100 characters.",
    ],
    ["list_webset_events", { types: { a: 1 } }, "types is an object, and it takes a list of at most 50: each a text"],
    ["list_webset_events", { limit: 1.5 }, "The parameter limit is 1.5, and it takes a whole number from 1 to 200."],
    [
      "get_webset_progress",
      { websetId: "w", extra: true },
      'There is no parameter "extra". Call get_webset_progress without "extra". ',
    ],
    [
      "list_websets",
      { page: 2 },
      'page is 2, and it takes the nextPage of an earlier result as it is, for pages have no numbers. Call list_websets without "page". ',
    ],
    ["list_websets", { offset: 20 }, 'no parameter "offset": page is meant, which takes the nextPage of an earlier'],
    ["get_webset_progress", { websetId: "w", b: 1, a: 2 }, 'There is no parameter "b"; There is no parameter "a".'],
    ["get_webset_progress", [], "The arguments have to be an object with the parameters by their names."],
  ])("%s %j are explained by name", (name, args, expected) => {
    const text = explained(name, args);
    expect(text).toMatch(/^invalid_request: /);
    expect(text).toContain(expected);
  });

  test.each([
    ["list_webset_events", { limit: 500 }, "limit 200"],
    ["list_webset_events", { limit: 0 }, "limit 1"],
    ["list_webset_events", { after: 1_793_534_400 }, 'after "2026-11-01T12:00:00.000Z"'],
    ["list_webset_events", { before: 1_793_534_400_000 }, 'before "2026-11-01T12:00:00.000Z"'],
    ["list_webset_events", { createdAfter: "10m", createdBefore: "5m" }, 'after "10m", before "5m"'],
    ["list_webset_events", { createdAfter: "2026-11-27" }, 'after "2026-11-27T00:00:00Z"'],
    ["list_webset_events", { since: "2h", count: 5 }, 'after "2h", limit 5'],
    ["list_webset_events", { event_types: "webset.idle" }, 'types ["webset.idle"]'],
    ["list_webset_events", { nextPage: "pabc" }, 'page "pabc"'],
    ["list_webset_events", { nextPage: "p".repeat(61) }, 'page in the place of "nextPage"'],
    ["list_webset_events", { nextCursor: "p".repeat(60) }, `page "${"p".repeat(60)}"`],
    ["list_webset_events", { eventTypes: Array(20).fill("webset.idle") }, 'types in the place of "eventTypes"'],
    ["list_webset_events", { since: "2026-11-27 12:00:00+02:00" }, 'after "2026-11-27T12:00:00+02:00"'],
    ["list_webset_events", { verbose: true }, 'detail "full"'],
    ["wait_for_webset_event", { count: 5 }, "atLeast 5"],
    ["wait_for_webset_event", { atLeast: 500 }, "atLeast 100"],
    ["wait_for_webset_event", { cursor: "cabc", max_events: 20 }, 'after "cabc", limit 20'],
    ["wait_for_webset_event", { timeoutMs: 20_000 }, "timeoutSeconds 20"],
    ["wait_for_webset_event", { timeoutSeconds: "25 s" }, "timeoutSeconds 25"],
    ["wait_for_webset_event", { timeoutSeconds: "1m" }, "timeoutSeconds 60"],
    ["wait_for_webset_event", { timeoutSeconds: [20] }, "timeoutSeconds 20"],
    ["wait_for_webset", { websetId: "w", items: "1,000" }, "items 1000"],
    ["wait_for_webset", { websetId: ["w"] }, 'websetId "w"'],
    ["list_webset_events", { limit: "10 events" }, "limit 10"],
    ["list_webset_events", { limit: 1e300 }, "limit 200"],
    ["list_websets", { status: ["Running"] }, 'status "running"'],
    ["wait_for_webset_event", { timeout: -1 }, "timeoutSeconds -1"],
    ["wait_for_webset", { webset_id: "w" }, 'websetId "w"'],
    ["wait_for_webset", { id: "w", count: 5 }, 'websetId "w", items 5, until "items"'],
    ["wait_for_webset", { websetId: "w", until: "completed" }, 'until "search_completed"'],
    ["wait_for_webset", { websetId: "w", until: "done" }, 'until "idle"'],
    ["list_websets", { status: "completed" }, 'status "idle"'],
    ["list_websets", { status: "In progress" }, 'status "running"'],
    ["list_webset_items", { websetId: "w", detail: "everything" }, 'detail "full"'],
    ["list_webset_items", { websetIds: ["w"] }, 'websetId "w"'],
    ["wait_for_webset", { websetID: "w" }, 'websetId "w"'],
    ["get_webset_progress", { webset: "w" }, 'websetId "w"'],
    ["get_webset_event", { id: "e" }, 'eventId "e"'],
    ["get_webset_event", { event: "e" }, 'eventId "e"'],
    ["list_websets", { state: "running", pageSize: 5 }, 'status "running", limit 5'],
    ["list_webset_items", { externalId: "w", num_results: 5 }, 'websetId "w", limit 5'],
  ])("%s %j lead to the right call", (name, args, right) => {
    expect(explained(name, args)).toContain(`Call ${name} with ${right}. `);
  });

  test("a parameter that is meant by two names is taken as it was given by its own", () => {
    const text = explained("wait_for_webset", { websetId: "mine", id: "other" });
    expect(text).toContain('There is no parameter "id": websetId is meant.');
    expect(text).not.toContain("Call wait_for_webset with ");
    expect(text).toContain('Call wait_for_webset without "id".');
  });

  test.each([
    ["limit", "0x10"],
    ["limit", "1_0"],
    ["limit", "5,0"],
    ["timeoutSeconds", "00:30"],
    ["timeoutSeconds", "1000ms"],
    ["timeoutSeconds", "2 x"],
  ])("that only begin with a number, %s %j, are not taken for that", (name, value) => {
    expect(explained("wait_for_webset_event", { [name]: value })).not.toContain("Call wait_for_webset_event with");
  });

  test("say what is wrong once, and mark what they repeat in part", () => {
    expect(explained("list_websets", { limit: 1e300 }).match(/The parameter limit/g)).toHaveLength(1);
    expect(explained("get_webset_progress", { websetId: "x".repeat(301) })).toContain(
      `is "${"x".repeat(60)}…", and it takes a text of at most 300 characters`,
    );
  });

  test("are explained all at once, and with what the tool takes", () => {
    const text = explained("wait_for_webset_event", { atLeast: 0, webset_id: "w", timeoutSeconds: -1 });
    expect(text).toMatch(/^invalid_request: (?=.*atLeast is 0)(?=.*timeoutSeconds is -1)(?=.*"webset_id")/);
    const parameters = Object.keys(toolNamed("wait_for_webset_event").input.shape).join(", ");
    expect(text.endsWith(`. wait_for_webset_event takes ${parameters}.`)).toBe(true);
  });

  test("with long or hostile names are quoted in part", () => {
    const text = explained("get_webset_progress", { websetId: "w", [`\n\u001b[31m${"x".repeat(5_000)}`]: 1 });
    expect(text.length).toBeLessThan(300);
    expect(text).not.toMatch(/[\n\u001b]/);
  });

  test("of any size and depth are quoted in part", () => {
    let deep: unknown = "a";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    for (const value of ["x".repeat(100_000), { a: "x".repeat(10_000) }, Array(10_000).fill("xxxx"), deep]) {
      for (const args of [{ limit: value }, { count: value }, { types: value }, { detail: value }]) {
        expect(explained("list_webset_events", args).length).toBeLessThan(1_000);
      }
    }
  });
});

test("no name of a parameter is taken for another one", () => {
  for (const { input } of TOOLS) {
    const parameters = Object.keys(jsonSchemaOf(input, "input").properties ?? {});
    for (const parameter of parameters) expect(meantBy(parameter, 1, parameters)?.name).toBe(parameter);
  }
});
