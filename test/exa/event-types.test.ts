import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EVENT_TYPES, isKnownEventType } from "../../src/exa/event-types.ts";

const DOCUMENTED = [
  "webset.created",
  "webset.deleted",
  "webset.paused",
  "webset.idle",
  "webset.search.created",
  "webset.search.updated",
  "webset.search.completed",
  "webset.search.canceled",
  "webset.item.created",
  "webset.item.enriched",
  "webset.export.created",
  "webset.export.completed",
  "import.created",
  "import.completed",
  "monitor.created",
  "monitor.updated",
  "monitor.deleted",
  "monitor.run.created",
  "monitor.run.completed",
];

test("the catalogue holds exactly the documented types", () => {
  expect(EVENT_TYPES.map(({ type }) => type)).toEqual(DOCUMENTED);
});

test("a type refers to other known types, never to itself", () => {
  for (const { type, seeAlso } of EVENT_TYPES) {
    expect(seeAlso.length, type).toBeGreaterThan(0);
    expect(
      seeAlso.filter((other) => other === type || !DOCUMENTED.includes(other)),
      type,
    ).toEqual([]);
  }
});

test("only what ends a resource's story is terminal", () => {
  expect(EVENT_TYPES.filter(({ terminal }) => terminal).map(({ type }) => type)).toEqual([
    "webset.deleted",
    "webset.search.completed",
    "webset.search.canceled",
    "webset.export.completed",
    "import.completed",
    "monitor.deleted",
    "monitor.run.completed",
  ]);
});

test("a type's resource is the one its group is about", () => {
  const resources = new Map(EVENT_TYPES.map(({ group, resource }) => [group, resource]));
  expect(Object.fromEntries(resources)).toEqual({
    webset: "Webset",
    search: "WebsetSearch",
    item: "WebsetItem",
    export: "Export",
    import: "Import",
    monitor: "Monitor",
    monitor_run: "MonitorRun",
  });
  for (const { type, group, resource } of EVENT_TYPES) expect(resource, type).toBe(resources.get(group));
});

test("a name outside the catalogue is unknown, also one that every object has", () => {
  expect(isKnownEventType("webset.idle")).toBe(true);
  for (const name of ["webset.exploded", "webset.*", "", "toString", "__proto__"]) {
    expect(isKnownEventType(name), name).toBe(false);
  }
});

test("the catalogue imports nothing", () => {
  const source = readFileSync(new URL("../../src/exa/event-types.ts", import.meta.url), "utf8");
  expect(source).not.toMatch(/^import |\bimport\(|\brequire\(/m);
});
