import { expect, test } from "vitest";
import { monitorRunSchema, parseMonitor, parseSearch, parseWebset } from "../../src/exa/schemas.ts";

test("a Webset of id and status alone reads with every other field at its fallback", () => {
  expect(parseWebset({ id: "ws_1", status: "running" })).toEqual({
    id: "ws_1",
    status: "running",
    externalId: null,
    title: null,
    dashboardUrl: null,
    searches: [],
    enrichments: [],
    imports: [],
    monitors: [],
    createdAt: null,
    updatedAt: null,
  });
});

test("a Webset keeps unknown fields and an unknown status", () => {
  const webset = parseWebset({ id: "ws_1", status: "hibernating", dashboardUrl: "https://x", metadata: { a: "b" } });
  expect(webset).toMatchObject({ status: "hibernating", dashboardUrl: "https://x", metadata: { a: "b" } });
});

test("a field of the wrong type falls back and loses nothing else", () => {
  const webset = parseWebset({
    id: "ws_1",
    status: "idle",
    title: 5,
    externalId: {},
    searches: "none",
    monitors: null,
  });
  expect(webset).toMatchObject({ id: "ws_1", title: null, externalId: null, searches: [], monitors: [] });
});

test("a malformed element is left out of its Webset, the others stay", () => {
  const webset = parseWebset({
    id: "ws_1",
    status: "running",
    searches: [
      { id: "s_1", status: "running" },
      { status: "running" },
      { id: "" },
      null,
      "s",
      { id: "s_2", status: "completed" },
    ],
    enrichments: [{ id: "e_1", status: "pending", title: "CEO" }, {}],
    imports: [7, { id: "i_1", status: "processing" }],
    monitors: [{ id: "m_1", status: "enabled", nextRunAt: "2026-11-02T00:00:00Z" }, []],
  });
  expect(webset.searches.map(({ id }) => id)).toEqual(["s_1", "s_2"]);
  expect(webset.enrichments).toEqual([
    { id: "e_1", status: "pending", title: "CEO", description: "", updatedAt: null },
  ]);
  expect(webset.imports.map(({ id, status }) => [id, status])).toEqual([["i_1", "processing"]]);
  expect(webset.monitors.map(({ nextRunAt }) => nextRunAt)).toEqual(["2026-11-02T00:00:00Z"]);
});

test("a search inside a Webset that lost its status stays, because it may be running", () => {
  const webset = parseWebset({ id: "ws_1", status: "running", searches: [{ id: "s_1" }] });
  expect(webset.searches).toMatchObject([{ id: "s_1", status: "unknown" }]);
});

test("a search's progress is read number by number, and what is missing is unknown", () => {
  const progress = (told: unknown) => parseSearch({ id: "s_1", status: "running", progress: told }).progress;
  const whole = { found: 3, analyzed: 9, completion: 12.5, timeLeft: 40 };
  const unknown = { found: null, analyzed: null, completion: null, timeLeft: null };
  expect(progress(whole)).toEqual(whole);
  expect(progress({ found: 3, extra: 1 })).toEqual({ ...unknown, found: 3, extra: 1 });
  for (const told of [undefined, null, "half", 5, []]) expect(progress(told)).toEqual(unknown);
});

test("text that can only mean a number is one, and what cannot be true is unknown", () => {
  const progress = (told: object) => parseSearch({ id: "s_1", status: "running", progress: told }).progress;
  expect(progress({ found: "3", analyzed: "09", completion: "12.5", timeLeft: "40" })).toEqual({
    found: 3,
    analyzed: 9,
    completion: 12.5,
    timeLeft: 40,
  });
  for (const wrong of [
    "",
    " ",
    "3 items",
    "1e3",
    "0x10",
    "-1",
    "many",
    true,
    {},
    [3],
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]) {
    expect(progress({ found: wrong, analyzed: wrong, completion: wrong, timeLeft: wrong })).toEqual({
      found: null,
      analyzed: null,
      completion: null,
      timeLeft: null,
    });
  }
  expect(progress({ found: 2.5, completion: 100.1, timeLeft: 0 })).toMatchObject({
    found: null,
    completion: null,
    timeLeft: 0,
  });
  expect(progress({ completion: "250" }).completion).toBeNull();
  expect(parseSearch({ id: "s_1", status: "running", count: "50" }).count).toBe(50);
  expect(parseSearch({ id: "s_1", status: "running", count: -1 }).count).toBeNull();
});

test("a search's query and count are read, and missing ones have a fallback", () => {
  expect(parseSearch({ id: "s_1", status: "running", query: "AI labs", count: 50 })).toMatchObject({
    query: "AI labs",
    count: 50,
  });
  expect(parseSearch({ id: "s_1", status: "running" })).toMatchObject({ query: "", count: null, canceledReason: null });
});

test.each([
  ["a Webset", parseWebset],
  ["a search", parseSearch],
  ["a monitor", parseMonitor],
])("%s without a usable id or status is an unexpected answer that names the field", (_, parse) => {
  const message = (json: unknown) => {
    try {
      parse(json);
      return "no error";
    } catch (error) {
      expect(error).toMatchObject({ kind: "unexpected_response" });
      return (error as Error).message;
    }
  };
  expect(message({ status: "running" })).toContain('"id"');
  expect(message({ id: "", status: "running" })).toContain('"id"');
  expect(message({ id: "x" })).toContain('"status"');
  expect(message({ id: "x", status: 4 })).toContain('"status"');
  expect(message(null)).toContain("not an object");
  expect(message("<html>secret</html>")).not.toContain("secret");
});

test("a monitor keeps its Webset, its next run and a last run that can be read", () => {
  const monitor = {
    id: "m_1",
    status: "enabled",
    websetId: "ws_1",
    nextRunAt: null,
    lastRun: { id: "r_1", status: "running" },
  };
  expect(parseMonitor(monitor)).toMatchObject(monitor);
  expect(parseMonitor({ ...monitor, lastRun: { status: "running" } }).lastRun).toBeNull();
});

test("a monitor run has no more than its monitor's id to find its Webset by", () => {
  expect(monitorRunSchema.parse({ id: "r_1", status: "completed", monitorId: "m_1" })).toMatchObject({
    monitorId: "m_1",
  });
});

test("a field named like an object's own machinery changes nothing", () => {
  const webset = parseWebset(JSON.parse('{"id":"ws_1","status":"idle","__proto__":{"polluted":true}}'));
  expect((webset as { polluted?: boolean }).polluted).toBeUndefined();
});
