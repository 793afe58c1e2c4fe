import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { parseTypes, requireKnownType } from "../../src/feed/filter.ts";

function refusalOf(action: () => unknown): { kind: string; message: string; advice: string } {
  try {
    action();
  } catch (error) {
    return error as { kind: string; message: string; advice: string };
  }
  throw new Error("nothing was refused");
}

describe("types", () => {
  test("are every type where none is named, which includes those nobody knows yet", () => {
    expect(parseTypes(undefined)).toBeUndefined();
    expect(parseTypes([])).toBeUndefined();
    expect(parseTypes(["*"])).toBeUndefined();
    expect(parseTypes(["webset.idle", "*"])).toBeUndefined();
  });

  test("are sorted, each once, so that the same wish is one set", () => {
    expect(parseTypes(["webset.idle", "import.created", "webset.idle"])).toEqual(["import.created", "webset.idle"]);
  });

  test("with a star are every known type under the prefix", () => {
    expect(parseTypes(["webset.item.*"])).toEqual(["webset.item.created", "webset.item.enriched"]);
    expect(parseTypes(["monitor.*"])).toEqual([
      "monitor.created",
      "monitor.deleted",
      "monitor.run.completed",
      "monitor.run.created",
      "monitor.updated",
    ]);
    const webset = EVENT_TYPES.map(({ type }) => type).filter((type) => type.startsWith("webset."));
    expect(parseTypes(["webset.*"])).toEqual([...webset].sort());
    expect(parseTypes(["webset.*", "webset.idle"])).toHaveLength(webset.length);
  });

  test("may be any beginning of names", () => {
    expect(parseTypes(["monitor*"])).toEqual(parseTypes(["monitor.*"]));
    expect(parseTypes(["webset.search.c*"])).toEqual([
      "webset.search.canceled",
      "webset.search.completed",
      "webset.search.created",
    ]);
    expect(refusalOf(() => parseTypes(["wobset.*"])).kind).toBe("invalid_request");
  });

  test.each([
    ["webset.search.complete", "webset.search.completed"],
    ["webset.itm.created", "webset.item.created"],
    ["Webset.Idle", "webset.idle"],
    ["monitor.run.finished", "monitor.run.created"],
  ])("that are misspelt, like %s, are refused with the nearest, %s", (text, nearest) => {
    const refusal = refusalOf(() => parseTypes([text]));
    expect(refusal.kind).toBe("invalid_request");
    expect(refusal.message).toContain(text);
    expect(refusal.message).toContain(nearest);
    expect(refusal.advice).toContain("websets://event-types");
  });

  test("that are long or odd are refused without being repeated in full", () => {
    expect(refusalOf(() => parseTypes(["x".repeat(5_000)])).message.length).toBeLessThan(200);
    expect(refusalOf(() => parseTypes([""])).kind).toBe("invalid_request");
    expect(refusalOf(() => parseTypes(["constructor"])).kind).toBe("invalid_request");
  });

  test("can be asked for one by one", () => {
    expect(requireKnownType("webset.idle")).toBe("webset.idle");
    expect(refusalOf(() => requireKnownType("webset.idel")).message).toContain("webset.idle");
  });
});
