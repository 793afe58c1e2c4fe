import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { eventFilter, isProblem, matches } from "../../src/feed/filter.ts";
import { refusalOf } from "../support/refusal-of.ts";

const KNOWN = EVENT_TYPES.map(({ type }) => type as string);
/** Of which this program knows nothing. */
const NEW = ["webset.moved", "webset.search.continued", "monitor.run.failed", "team.created"];
const LEFT_OUT = "webset.search.updated";

/** Which of all types, known and new, a filter lets through where the API gives what it was asked for. */
function passing(given: Parameters<typeof eventFilter>[0], status?: string): string[] {
  const filter = eventFilter(given);
  return [...KNOWN, ...NEW].filter((type) => matches(filter, { type, data: { status } }));
}

describe("types", () => {
  test.each([[undefined], [[]]])("are all but one where %j names none, also those nobody knows yet", (types) => {
    expect(eventFilter({ types }).types).toBeUndefined();
    expect(passing({ types })).toEqual([...KNOWN, ...NEW].filter((type) => type !== LEFT_OUT));
  });

  test.each([[["*"]], [["webset.idle", "*"]]])("are all for %j", (types) => {
    expect(eventFilter({ types }).types).toBeUndefined();
    expect(passing({ types })).toEqual([...KNOWN, ...NEW]);
  });

  test("that are exact are what the API is asked for, sorted, each once", () => {
    const { types, accepts } = eventFilter({ types: ["webset.idle", "import.created", "webset.idle"] });
    expect(types).toEqual(["import.created", "webset.idle"]);
    expect(accepts).toBeUndefined();
  });

  test.each([
    ["webset.item.*", ["webset.item.created", "webset.item.enriched"]],
    ["webset.search.c*", ["webset.search.created", "webset.search.completed", "webset.search.canceled", NEW[1]]],
    ["monitor.run*", ["monitor.run.created", "monitor.run.completed", NEW[2]]],
    ["webset.*", [...KNOWN, ...NEW].filter((type) => type.startsWith("webset."))],
  ])(
    "with a star are all under the prefix %s, also new ones, for which the API is asked for all",
    (prefix, expected) => {
      expect(eventFilter({ types: [prefix] }).types).toBeUndefined();
      expect(passing({ types: [prefix] })).toEqual(expected);
      expect(passing({ types: [prefix, "import.created"] })).toHaveLength(expected.length + 1);
    },
  );
});

test.each(["webset.idel", "webset.foo.*", ""])("the text %j, which no known type matches, is refused", (text) => {
  expect(() => eventFilter({ types: ["webset.idle", text] })).toThrow(
    expect.objectContaining({ kind: "invalid_request", message: expect.stringContaining(JSON.stringify(text)) }),
  );
});

describe("problems", () => {
  const always = ["webset.deleted", "webset.paused", "webset.search.canceled"];
  const byStatus = ["import.completed", "monitor.run.completed"];

  test.each([
    ["failed", [...always, ...byStatus]],
    ["canceled", [...always, "webset.search.completed", ...byStatus]],
    ["completed", always],
    ["processing", always],
  ])("with the status %s are told by so many types, and by all that nobody knows", (status, types) => {
    expect(passing({ problems: true }, status).toSorted()).toEqual([...types, ...NEW].toSorted());
    for (const type of types) expect(isProblem({ type, data: { status } })).toBe(true);
    for (const type of NEW) expect(isProblem({ type, data: { status } })).toBe(false);
    expect(eventFilter({ problems: true }).types).toBeUndefined();
  });

  test("hold beside types, and the API is asked only for those that can tell of one", () => {
    const { types } = eventFilter({ types: ["webset.item.created", "import.completed"], problems: true });
    expect(types).toEqual(["import.completed"]);
    expect(passing({ types: ["import.*"], problems: true }, "failed")).toEqual(["import.completed"]);
    expect(passing({ types: ["import.*"], problems: true }, "completed")).toEqual([]);
    expect(passing({ types: ["*"], problems: true }, "completed").toSorted()).toEqual([...always, ...NEW].toSorted());
    expect(passing({ types: ["import.completed"], problems: true }, "canceled")).toEqual(["import.completed"]);
  });

  test.each([[["webset.item.created"]], [["webset.item.*"]], [["webset.export.*", "webset.item.created"]]])(
    "of types that never tell of one are refused, for nothing could match: %j",
    (types) => {
      const { kind, message, advice } = refusalOf(() => eventFilter({ types, problems: true }));
      expect(kind).toBe("invalid_request");
      expect(message).toContain(types.join(", "));
      expect(advice).toContain("import.completed");
    },
  );

  test.each([undefined, null, "failed", 5, {}, { status: null }])("are not seen in the data %j", (data) => {
    expect(isProblem({ type: "import.completed", data })).toBe(false);
    expect(isProblem({ type: "webset.paused", data })).toBe(true);
  });
});
