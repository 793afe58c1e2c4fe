import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { ownerOf, toFeedEvent } from "../../src/feed/event.ts";

const event = { id: "event_1", type: "webset.item.created", createdAt: "2026-11-01T12:00:00.123456Z" };

describe("an event as the feed keeps it", () => {
  test("stands at its time in whole milliseconds, with the text the API wrote", () => {
    expect(toFeedEvent({ ...event, data: { id: "item", websetId: "ws" } })).toEqual({
      ...event,
      time: Date.parse("2026-11-01T12:00:00.123Z"),
      owner: { kind: "webset", websetId: "ws" },
      data: { id: "item", websetId: "ws" },
    });
  });

  test("may have no data at all, or data of any kind", () => {
    for (const data of [undefined, null, 5, "text", [1, 2], {}]) {
      expect(toFeedEvent({ ...event, data })).toMatchObject({ owner: { kind: "unknown" } });
    }
  });
});

describe("the owner of an event", () => {
  test.each([
    ["webset.created", { id: "ws", object: "webset" }, { kind: "webset", websetId: "ws" }],
    ["webset.idle", { id: "ws" }, { kind: "webset", websetId: "ws" }],
    ["webset.search.updated", { id: "s", websetId: "ws" }, { kind: "webset", websetId: "ws" }],
    ["webset.item.enriched", { id: "i", websetId: "ws" }, { kind: "webset", websetId: "ws" }],
    ["webset.export.completed", { id: "x", websetId: "ws" }, { kind: "webset", websetId: "ws" }],
    ["monitor.created", { id: "m", websetId: "ws" }, { kind: "webset", websetId: "ws" }],
    ["monitor.run.created", { id: "r", monitorId: "m" }, { kind: "monitor", monitorId: "m" }],
    ["import.created", { id: "imp", object: "import" }, { kind: "import", importId: "imp" }],
    ["import.completed", { id: "imp" }, { kind: "import", importId: "imp" }],
    ["webset.renamed", { id: "ws", object: "webset" }, { kind: "webset", websetId: "ws" }],
    ["something.else", { id: "x" }, { kind: "unknown" }],
    ["webset.item.created", { id: "i", websetId: 5 }, { kind: "webset", websetId: "5" }],
    ["monitor.run.created", { id: 7, monitorId: 8 }, { kind: "monitor", monitorId: "8" }],
    ["webset.item.created", { id: "i", websetId: 5.5 }, { kind: "unknown" }],
    ["webset.item.created", { id: null, websetId: "" }, { kind: "unknown" }],
  ])("of %s with %j is %j", (type, data, owner) => {
    expect(ownerOf(type, data)).toEqual(owner);
  });
});

describe("long texts", () => {
  const kept = (data: unknown) => toFeedEvent({ ...event, data }).data;

  test("are cut and marked wherever they stand; the rest stays as it is", () => {
    const long = "é".repeat(3_000);
    const cut = kept({ a: [long, 1, null, true], b: { content: long, short: "s".repeat(2_000) } });
    const marked = `${"é".repeat(2_000)}… [cut: 3000 characters in all]`;
    expect(cut).toEqual({ a: [marked, 1, null, true], b: { content: marked, short: "s".repeat(2_000) } });
  });

  test("are never cut through a character of two halves", () => {
    const cut = kept(`${"x".repeat(1_999)}🦜${"y".repeat(1_000)}`) as string;
    expect(cut).toBe(`${"x".repeat(1_999)}… [cut: 3001 characters in all]`);
  });

  test("are looked for in a copy, to a depth no resource has, and under any name", () => {
    const data = JSON.parse('{"__proto__": {"polluted": true}, "a": {"b": 1}}');
    const copy = kept(data) as Record<string, unknown>;
    expect(JSON.stringify(copy)).toBe(JSON.stringify(data));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(copy.a).not.toBe(data.a);
    let deep: unknown = "bottom";
    for (let level = 0; level < 50; level++) deep = { deep };
    expect(JSON.stringify(kept(deep))).not.toContain("bottom");
  });

  test("are not held on to", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const kept: unknown[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 100; n++) {
      const json = JSON.stringify({
        ...event,
        data: { properties: { content: `${n}`.padEnd(500_000, "page text ") } },
      });
      kept.push(toFeedEvent(JSON.parse(json)));
    }
    collect();
    // The texts are 50 MB together, what is kept of them 200 kB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
    expect(kept).toHaveLength(100);
  });
});
