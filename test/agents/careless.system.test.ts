import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findScenario } from "../../src/sandbox/scenarios.ts";
import { CountingAgent } from "../support/agent.ts";
import { Program } from "../support/program.ts";
import { openSandbox, type Upstream } from "../support/upstream.ts";

type Args = Record<string, unknown>;

/** The call that a text tells, made from the text and the call before: its tool, what is to be left out, and what is to be there. */
function callIn(text: string, given: { tool: string; args: Args }): { tool: string; args: Args } {
  const [, tool = "", rest = ""] = /\b(?:call )?((?:list|get|wait_for)_webset\w*)\b(?: again)?(.*)/i.exec(text) ?? [];
  const args: Args = {};
  // To the same tool what was right is said again.
  const wrong = new Set([...text.matchAll(/no parameter "(\w+)"/g)].map(([, name]) => name));
  if (tool === given.tool && text.startsWith("invalid_request")) {
    for (const [name, value] of Object.entries(given.args)) if (!wrong.has(name)) args[name] = value;
  }
  const told = /^,? (?:with|and) (.*)/s.exec(rest)?.[1] ?? "";
  const parameter = /^(?:,? ?(?:and )?)(\w+) ("(?:[^"\\]|\\.)*"|\[[^\]]*\]|-?[\d.]+\d|\d+|true|false)/;
  for (let left = told; ; ) {
    const [whole, name, json] = parameter.exec(left) ?? [];
    if (whole === undefined || name === undefined || json === undefined) return { tool, args };
    args[name] = JSON.parse(json);
    left = left.slice(whole.length);
  }
}

let sandbox: Upstream;
let agent: CountingAgent;
let program: Program;
/** Of a Webset that is there, of one that runs, and of one that is deleted. */
const ids = { there: "", running: "", deleted: "" };

beforeAll(async () => {
  sandbox = await openSandbox({ speed: 1 });
  sandbox.world.past(136_000, () => findScenario("everything")?.begin(sandbox.world));
  const [deleted] = sandbox.world.events.walk({ order: "newest-first", types: ["webset.deleted"] });
  const [there] = sandbox.world.listWebsets({ order: "oldest-first" });
  if (deleted === undefined || there === undefined) throw new Error("the story lacks a Webset");
  ids.deleted = (deleted.event.data as { id: string }).id;
  ids.there = there.id;
  ids.running = sandbox.world.past(1_000, () =>
    sandbox.world.createWebset({ search: { query: "Makers of cargo bikes", count: 500 } }),
  ).id;
  program = new Program(["--max-wait", "2"], sandbox.env);
  agent = await CountingAgent.start(program);
});
afterAll(async () => {
  await program.end();
  await sandbox.close();
});

/** Puts in the ids that are known only now. */
function withIds(args: Args): Args {
  const known: Args = {
    THERE: ids.there,
    RUNNING: ids.running,
    DELETED: ids.deleted,
    MISTYPED: `${ids.there.slice(0, -1)}~`,
  };
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === "string" ? (known[value] ?? value) : value]),
  );
}

const LIST = "list_webset_events";
const WAIT = "wait_for_webset_event";

describe("a careless call leads to the right one, which its answer tells:", () => {
  test.each<[what: string, tool: string, args: Args, right: { tool: string; args: Args }]>([
    ["a mistyped Webset", LIST, { websetId: "MISTYPED" }, { tool: "list_websets", args: {} }],
    ["a mistyped Webset", "list_webset_items", { websetId: "MISTYPED" }, { tool: "list_websets", args: {} }],
    ["a mistyped Webset", WAIT, { websetId: "MISTYPED" }, { tool: "list_websets", args: {} }],
    ["a mistyped Webset", "wait_for_webset", { websetId: "MISTYPED" }, { tool: "list_websets", args: {} }],
    ["no Webset", "wait_for_webset", {}, { tool: "list_websets", args: {} }],
    ["a deleted Webset", "get_webset_progress", { websetId: "DELETED" }, { tool: LIST, args: { websetId: "DELETED" } }],
    ["a deleted Webset", "list_webset_items", { websetId: "DELETED" }, { tool: LIST, args: { websetId: "DELETED" } }],
    ["count", WAIT, { count: 5, after: "1h" }, { tool: WAIT, args: { atLeast: 5, after: "1h" } }],
    ["count", LIST, { count: 5 }, { tool: LIST, args: { limit: 5 } }],
    [
      "count",
      "wait_for_webset",
      { websetId: "THERE", count: 5 },
      { tool: "wait_for_webset", args: { websetId: "THERE", until: "items", items: 5 } },
    ],
    ["createdAfter", LIST, { createdAfter: "1h" }, { tool: LIST, args: { after: "1h" } }],
    ["since, as a day", LIST, { after: "2026-11-01" }, { tool: LIST, args: { after: "2026-11-01T00:00:00Z" } }],
    ["a type", LIST, { types: ["export.completed"] }, { tool: LIST, args: { types: ["webset.export.completed"] } }],
    ["types", LIST, { types: ["webset.monitor.*"] }, { tool: LIST, args: { types: ["monitor.*"] } }],
    [
      "a failure as a type",
      LIST,
      { types: ["import.failed"] },
      { tool: LIST, args: { types: ["import.completed"], problems: true } },
    ],
    [
      "a failure as a type",
      WAIT,
      { types: ["monitor.run.failed"], after: "1h" },
      { tool: WAIT, args: { types: ["monitor.run.completed"], problems: true, after: "1h" } },
    ],
    [
      "a type among others",
      LIST,
      { types: ["webset.idle", "webset.done", "webset.search.done"] },
      { tool: LIST, args: { types: ["webset.idle", "webset.search.done"] } },
    ],
    ["type", LIST, { type: "webset.idle" }, { tool: LIST, args: { types: ["webset.idle"] } }],
    ["too high a limit", LIST, { limit: 500 }, { tool: LIST, args: { limit: 200 } }],
    ["too high a limit", "list_websets", { limit: 500 }, { tool: "list_websets", args: { limit: 50 } }],
    ["a number in words", LIST, { limit: "5 events" }, { tool: LIST, args: { limit: 5 } }],
    [
      "until items without how many",
      "wait_for_webset",
      { websetId: "THERE", until: "items" },
      { tool: "wait_for_webset", args: { websetId: "THERE", until: "items", items: 10 } },
    ],
    [
      "another word for idle",
      "wait_for_webset",
      { websetId: "THERE", until: "done" },
      { tool: "wait_for_webset", args: { websetId: "THERE", until: "idle" } },
    ],
    ["another status", "list_websets", { status: "active" }, { tool: "list_websets", args: { status: "running" } }],
    ["a parameter of nothing", LIST, { order: "desc", limit: 2 }, { tool: LIST, args: { limit: 2 } }],
    ["a list of Websets", LIST, { websetIds: ["mine"] }, { tool: LIST, args: { websetId: "mine" } }],
    ["an event's id without its name", "get_webset_event", {}, { tool: LIST, args: {} }],
  ])("%s: %s %j", async (_what, tool, careless, right) => {
    const given = { tool, args: withIds(careless) };
    const { text, value } = await agent.call(tool, given.args);
    expect(value).toBeUndefined();
    const next = callIn(text, given);
    expect(next, text).toEqual({ tool: right.tool, args: withIds(right.args) });
    // One more misspelling, and an id that nobody has, take one more call.
    const isWhole = !JSON.stringify(right).match(/mine|search\.done/);
    if (isWhole) expect((await agent.call(next.tool, next.args)).value).toBeDefined();
  });

  test.each<[what: string, tool: string, args: Args]>([
    ["a prefix that ends in a word", LIST, { types: ["webset.search.c*"] }],
    ["what a host adds", "list_websets", { toolCallId: "1", sessionId: "2", chatInput: "3" }],
    ["null and nothing", LIST, { websetId: null, types: "", after: "", limit: null, problems: "null" }],
    ["items without until", "wait_for_webset", { websetId: "THERE", items: 5 }],
    ["numbers as text", WAIT, { atLeast: "1", limit: "5", timeoutSeconds: "1", after: "1h" }],
    ["a list as text", LIST, { types: '["webset.idle", "webset.paused"]' }],
    ["types in one text", LIST, { types: "webset.idle, webset.paused" }],
    ["blanks around an id", "get_webset_progress", { websetId: " THERE " }],
    ["true as text", LIST, { problems: "true" }],
  ])("%s: %s %j is taken as it is meant", async (_what, tool, careless) => {
    const args = withIds(careless);
    if (careless.websetId === " THERE ") args.websetId = ` ${ids.there} `;
    expect((await agent.call(tool, args)).value).toBeDefined();
  });

  test("a wait longer than a call may take ends in time and says how to go on", async () => {
    const given = { tool: "wait_for_webset", args: { websetId: ids.running, timeoutSeconds: 120 } };
    const { value } = await agent.call(given.tool, given.args);
    expect(value.outcome).toBe("still_running");
    expect(value.next).toContain("The wait ended after 2 of the 120 s asked for");
    expect(callIn(value.next, given)).toEqual({ tool: "wait_for_webset", args: { websetId: ids.running } });
  });

  test("a wait for what a deleted Webset does leads to what it did", async () => {
    const given = { tool: WAIT, args: { websetId: ids.deleted, timeoutSeconds: 1 } };
    const { value } = await agent.call(given.tool, given.args);
    expect(value.note).toContain("was deleted at");
    const next = callIn(value.next, given);
    expect(next).toEqual({ tool: LIST, args: { websetId: ids.deleted } });
    expect((await agent.call(next.tool, next.args)).value.events[0]).toMatchObject({ type: "webset.deleted" });
  });

  test("an id in the wrong place leads to the tool that takes it", async () => {
    const { text } = await agent.call("get_webset_event", { eventId: ids.there });
    expect(text).toContain(`${JSON.stringify(ids.there)} as eventId: it looks like the id of a Webset`);
    expect(text).toContain("Call get_webset_progress with it as websetId");
  });
});
