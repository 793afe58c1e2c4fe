import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/exa/event-types.ts";
import { requireTypes, unknownType } from "../../src/feed/meant-type.ts";
import { refusalOf } from "../support/refusal-of.ts";

describe("a type that is none", () => {
  test.each([
    ["export.completed", "webset.export.completed"],
    ["export.ready", "webset.export.completed"],
    ["import.finished", "import.completed"],
    ["webset.import.completed", "import.completed"],
    ["webset.import.created", "import.created"],
    ["webset.monitor.created", "monitor.created"],
    ["webset.monitor.run.completed", "monitor.run.completed"],
    ["monitor.completed", "monitor.run.completed"],
    ["monitor.run.finished", "monitor.run.completed"],
    ["webset.completed", "webset.idle"],
    ["webset.done", "webset.idle"],
    ["search.completed", "webset.search.completed"],
    ["webset.search.complete", "webset.search.completed"],
    ["webset.search.finished", "webset.search.completed"],
    ["webset.search.failed", "webset.search.canceled"],
    ["search.cancelled", "webset.search.canceled"],
    ["item.found", "webset.item.created"],
    ["webset.items.created", "webset.item.created"],
    ["webset.itm.created", "webset.item.created"],
    ["webset_item_enriched", "webset.item.enriched"],
    ["websetItemCreated", "webset.item.created"],
    ["WEBSET.SEARCH.COMPLETED", "webset.search.completed"],
    ["enrichment.completed", "webset.item.enriched"],
    ["webset.enrichment.completed", "webset.item.enriched"],
    ["Webset.Idle", "webset.idle"],
    ["webset.idel", "webset.idle"],
    ["webset.monitor.*", "monitor.*"],
    ["webset.monitor.run.*", "monitor.run.*"],
    ["webset.import.*", "import.*"],
    ["imports.*", "import.*"],
    ["export.*", "webset.export.*"],
    ["items.*", "webset.item.*"],
    ["webset.searches.*", "webset.search.*"],
    ["wobset.*", "webset.*"],
  ])("like %s is refused with the one meant, %s", (text, meant) => {
    const { kind, message, advice, instead } = refusalOf(() => requireTypes([text]));
    expect(kind).toBe("invalid_request");
    expect(message).toBe(`There is no event type ${JSON.stringify(text)}; did you mean ${meant}?`);
    expect(instead).toBe(`types [${JSON.stringify(meant)}]`);
    // Who has tools alone cannot open a resource.
    expect(advice).toContain("webset.export.{created,completed}, import.{created,completed}");
  });

  test.each([
    ["webset.search", ["webset.search.*"]],
    ["webset", ["webset.*"]],
    ["items", ["webset.item.*"]],
    ["monitor.run", ["monitor.run.*"]],
    [
      "*.completed",
      ["webset.search.completed", "webset.export.completed", "import.completed", "monitor.run.completed"],
    ],
    ["webset.*.created", ["webset.search.created", "webset.item.created", "webset.export.created"]],
    ["*.run.*ed", ["monitor.run.created", "monitor.run.completed"]],
    ["webset.export.failed", ["webset.export.created", "webset.export.completed"]],
    ["item.error", ["webset.item.created", "webset.item.enriched"]],
  ])("like %s is refused with all that may be meant, %j", (text, meant) => {
    const { message, instead } = unknownType(text);
    expect(instead).toBe(`types ${JSON.stringify(meant)}`);
    expect(message).toContain(meant.join(", "));
  });

  test("says where nothing tells of a failure, and how to ask for whatever went wrong", () => {
    expect(unknownType("webset.export.failed").message).toBe(
      'There is no event type "webset.export.failed", and no other that tells of a failure there: there are webset.export.created, webset.export.completed',
    );
    expect(unknownType("*.failed").instead).toBe("problems true");
  });

  test.each([
    ["import.failed", "import.completed"],
    ["import.canceled", "import.completed"],
    ["webset.import.failed", "import.completed"],
    ["monitor.run.failed", "monitor.run.completed"],
    ["monitor.run.error", "monitor.run.completed"],
    ["monitor.failed", "monitor.run.completed"],
  ])("like %s is refused with %s, in which it hides as a status", (text, meant) => {
    const { message, instead } = refusalOf(() => requireTypes([text]));
    expect(instead).toBe(`types [${JSON.stringify(meant)}] and problems true`);
    expect(message).toContain(`did you mean ${meant} with the status "failed" or "canceled" in its data`);
    expect(message).toContain("problems: true");
  });

  test("like each known one with a letter missing is refused with that", () => {
    for (const { type } of EVENT_TYPES) {
      for (let at = 0; at < type.length; at++) {
        const text = type.slice(0, at) + type.slice(at + 1);
        expect(unknownType(text).message, text).toContain(`did you mean ${type}`);
      }
    }
  });

  test.each(["all", "Everything", "any", "events", "**"])("like %j means all of them", (text) => {
    expect(unknownType(text).instead).toBe('types ["*"]');
  });

  test.each(["", "foo", "webset.foo", "__proto__", "x".repeat(5_000), "\u0000", "..."])(
    "like %j has nothing of any: it is refused without a guess, not repeated in full",
    (text) => {
      const { message, instead, advice } = unknownType(text, ["webset.idle", text]);
      expect(message).toBe(`There is no event type ${JSON.stringify(text.slice(0, 80))}`);
      expect(instead).toBeUndefined();
      expect(advice).toContain("The types are ");
    },
  );

  test("among others is put right beside those", () => {
    const types = ["webset.idle", "export.completed", "webset.export.completed"];
    const { instead } = refusalOf(() => requireTypes(types));
    expect(instead).toBe('types ["webset.idle","webset.export.completed"]');
    const many = Array.from({ length: 50 }, () => "webset.idle");
    expect(refusalOf(() => requireTypes([...many, "export.completed"])).instead).toBe(
      'types ["webset.export.completed"]',
    );
  });
});
