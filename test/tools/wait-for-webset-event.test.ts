import { describe, expect, onTestFinished, test } from "vitest";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

async function open(options: ToolWorldOptions = {}) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, world } = opened;
  const call = async (name: string, args: Record<string, unknown>) => {
    const { value, error } = await clock.until(opened.call(name, args));
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    ...opened,
    wait: (args: Record<string, unknown>) => call("wait_for_webset_event", args),
    list: (args: Record<string, unknown>) => call("list_webset_events", args),
    /** So many items found at this time, which is long ago without one. */
    record: (count: number, at = clock.wallTime() - 60_000) =>
      Array.from({ length: count }, (_, n) => {
        const data = { id: `item_${n}`, object: "webset_item", websetId: "ws_1" };
        return world.record("webset.item.created", data, { createdAt: at + (at < clock.wallTime() ? n : 0) }).id;
      }),
  };
}

const idsOf = ({ events }: { events: { id: string }[] }) => events.map(({ id }) => id);
const typesOf = ({ events }: { events: { type: string }[] }) => events.map(({ type }) => type).sort();

describe("a wait for events says how it ended, and in `next` what to call:", () => {
  test("events, while there is more and when there is none", async () => {
    const { wait, record } = await open();
    const ids = record(8);
    const args = { types: ["webset.item.created"], after: "10m", limit: 5 };
    const first = await wait(args);
    expect(first).toMatchObject({ outcome: "events", more: true, waitedSeconds: 0 });
    expect(Object.keys(first)).toEqual(["outcome", "now", "cursor", "more", "next", "waitedSeconds", "events"]);
    expect(first.next).toBe(
      'There is more: call wait_for_webset_event again at once, with types ["webset.item.created"] and this cursor as after.',
    );
    const second = await wait({ ...args, after: first.cursor });
    expect(second).toMatchObject({ outcome: "events", more: false });
    expect(second.next).toMatch(/^That is all that is visible now\. .*call wait_for_webset_event again, with types/);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
  });

  test("events, also where the time ran out before atLeast, which raises a lower limit", async () => {
    const { wait, record } = await open();
    const ids = record(8);
    const waited = await wait({ after: "10m", atLeast: 10, limit: 3, timeoutSeconds: 4 });
    expect(waited).toMatchObject({ outcome: "events", more: false, waitedSeconds: 4 });
    expect(idsOf(waited)).toEqual(ids);
  });

  test("quiet, and whether that is the end", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({});
    await clock.advance(60_000);
    const short = await wait({ websetId, types: ["webset.paused"], timeoutSeconds: 1 });
    expect(short).toMatchObject({ outcome: "quiet", more: false, events: [] });
    expect(short.next).toContain("with timeoutSeconds 7");
    expect(short.next).toContain(`with types ["webset.paused"], websetId "${websetId}" and this cursor as after`);
    const long = await wait({ websetId, problems: true, timeoutSeconds: 7 });
    expect(long).toMatchObject({ outcome: "quiet", more: false, events: [] });
    expect(long.next).toContain("The Webset was idle before this call: stop here, that was all but for exports");
    expect(long.next).toContain(`with problems true, websetId "${websetId}" and this cursor as after`);
  });

  test("that a Webset has ended, and how to stop after that", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({});
    await clock.advance(60_000);
    world.cancelWebset(websetId);
    world.record("webset.idle", { id: websetId, object: "webset", status: "idle" });
    const args = { websetId, itemsReady: true, atLeast: 2, after: "10m", timeoutSeconds: 1 };
    const ended = await wait(args);
    expect(ended).toMatchObject({ outcome: "events", more: false });
    expect(ended.next).toContain(`itemsReady true, websetId "${websetId}", atLeast 2 and this cursor as after, `);
    expect(ended.next).toMatch(/^1 of the 2 asked for\. The Webset is idle: call wait_for_webset_event again, /);
    expect(ended.next).toMatch(/, with timeoutSeconds 7 or more; if that is quiet, that was all\.$/);
    const { websetId: _, ...ofAll } = args;
    expect((await wait(ofAll)).next).toContain(`The Webset "${websetId}" is idle: call`);
    const last = await wait({ ...args, after: ended.cursor, timeoutSeconds: 7 });
    expect(last).toMatchObject({ outcome: "quiet" });
    expect(last.next).toMatch(/^Nothing new\. The Webset was idle before this call: stop here, that was all\. /);
  });

  test("that a Webset had ended, but not where it began anew meanwhile", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    await clock.advance(60_000);
    const args = { websetId, types: ["webset.paused"], timeoutSeconds: 7 };
    const { cursor, next } = await wait(args);
    expect(next).toContain("The Webset was idle before this call: stop here");
    const search = { query: "Makers of cargo trikes", count: 500, behavior: "append" } as const;
    world.later(10_000, () => world.createSearch(websetId, search));
    const anew = await wait({ ...args, after: cursor, timeoutSeconds: 30 });
    expect(anew).toMatchObject({ outcome: "quiet", next: expect.stringMatching(/^Nothing new\. Not yet: call/) });
    expect(anew.next).not.toContain("stop here");
  });

  test("no end of a Webset that began anew", async () => {
    const { wait, world, clock } = await open();
    const at = clock.wallTime() - 60_000;
    world.record("webset.idle", { id: "ws_1", object: "webset", status: "idle" }, { createdAt: at });
    const search = { id: "search_1", object: "webset_search", websetId: "ws_1", status: "created" };
    world.record("webset.search.created", search, { createdAt: at + 1_000 });
    expect((await wait({ after: "10m" })).next).toMatch(/^That is all that is visible now\. /);
  });

  test("an end at once, however many events were asked for", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    const waiting = wait({ websetId, types: ["webset.idle"], after: "1m", atLeast: 10, timeoutSeconds: 250 });
    const startedAt = clock.now();
    expect((await waiting).next).toMatch(/^1 of the 10 asked for\. The Webset is idle/);
    expect(clock.now() - startedAt).toBeLessThan(60_000);
  });

  test("that nothing came since the call began, and where to look for what came before", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({});
    world.record("webset.export.completed", { id: "exp_1", object: "export", websetId, status: "completed" });
    await clock.advance(120_000);
    const types = ["webset.export.completed"];
    const begunAt = clock.wallTime();
    const { outcome, next } = await wait({ types, websetId, timeoutSeconds: 25 });
    expect(outcome).toBe("quiet");
    const [, since = "", call] =
      /^Nothing since (\S+), when this call began\. If .*?: (.*?)\. Not yet: /.exec(next) ?? [];
    expect(Math.abs(Date.parse(since) - begunAt)).toBeLessThan(2_000);
    expect(call).toBe(`list_webset_events with types ["webset.export.completed"], websetId "${websetId}"`);
    // An export is none of the things that an idle Webset is done with.
    expect(next).not.toMatch(/stop|that was all/);
    expect((await wait({ types, timeoutSeconds: 1, after: "10s" })).next).toMatch(/^Nothing new\. Not yet: call/);
  });

  test("not to stop before the end", async () => {
    const { wait, world } = await open();
    const { id: websetId } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 500 } });
    const args = { types: ["webset.paused"], after: "1m" };
    for (const timeoutSeconds of [1, 10]) {
      const { outcome, next } = await wait({ ...args, websetId, timeoutSeconds });
      expect(outcome).toBe("quiet");
      expect(next).toMatch(/^Nothing new\. Not yet: call wait_for_webset_event again, with /);
      expect(next).not.toContain("stop here");
      expect(next).toContain("Once its Webset has ended (webset.idle, paused or deleted), with timeoutSeconds 7");
    }
    const ofAll = await wait({ ...args, timeoutSeconds: 10 });
    expect(ofAll.next).toMatch(
      /Not yet: call .*\. Only stop here if the work had ended before this call \(webset\.idle/,
    );
  });

  test("that nothing more comes of a deleted Webset", async () => {
    const { wait, world, clock } = await open();
    const { id: websetId } = world.createWebset({});
    await clock.advance(60_000);
    world.deleteWebset(websetId);
    await clock.advance(60_000);
    const { outcome, next } = await wait({ websetId, timeoutSeconds: 1 });
    expect({ outcome, next }).toEqual({
      outcome: "quiet",
      next: `Nothing more comes of a deleted Webset. What had happened: list_webset_events with websetId "${websetId}".`,
    });
  });

  test("behind, where not everything there is could be read in the time", async () => {
    const { wait, record, clock } = await open({ latencyMs: 600 });
    record(600, clock.wallTime() - 86_400_000);
    const first = await wait({ types: ["webset.*"], problems: true, after: "2d", timeoutSeconds: 0 });
    expect(first).toMatchObject({ outcome: "behind", more: true, events: [] });
    expect(first).not.toHaveProperty("warning");
    expect(first.next).toMatch(/^Nothing yet, .*: call wait_for_webset_event again at once, with /);
  });

  test("behind, with the seconds to wait, where more came at once than a cursor keeps", async () => {
    const { wait, record, clock } = await open();
    const from = new Date(clock.wallTime()).toISOString();
    const ids = record(400, clock.wallTime());
    const given: string[] = [];
    let held = 0;
    for (let after = from, outcome = ""; outcome !== "quiet"; ) {
      const waited = await wait({ after, limit: 100, timeoutSeconds: 0 });
      ({ cursor: after, outcome } = waited);
      given.push(...idsOf(waited));
      if (outcome !== "behind") continue;
      expect(waited.more).toBe(false);
      const [, seconds] = /is held for (\d+) s: then call wait_for_webset_event again, with/.exec(waited.next) ?? [];
      expect(Number(seconds)).toBeLessThanOrEqual(6);
      await clock.advance(Number(seconds) * 1_000);
      held++;
    }
    expect(given.sort()).toEqual(ids.sort());
    expect(held).toBeGreaterThan(0);
  });
});

describe("both ways to events", () => {
  const NEW = "webset.search.continued";
  const record = (opened: Awaited<ReturnType<typeof open>>) => {
    const { world, clock } = opened;
    const all = {
      "webset.search.created": {},
      "webset.search.updated": {},
      "webset.search.canceled": {},
      [NEW]: {},
      "import.created": {},
      "import.completed": { status: "failed" },
      "monitor.run.completed": { status: "completed" },
    };
    for (const [type, data] of Object.entries(all)) {
      const past = { createdAt: clock.wallTime() - 60_000 };
      world.record(type, { id: `of_${type}`, websetId: "ws_1", ...data }, past);
    }
  };

  test.each([
    [
      {},
      [
        "import.completed",
        "import.created",
        "monitor.run.completed",
        "webset.search.canceled",
        NEW,
        "webset.search.created",
      ],
    ],
    [{ types: ["webset.search.c*"] }, ["webset.search.canceled", NEW, "webset.search.created"]],
    [{ types: "webset.search.*" }, ["webset.search.canceled", NEW, "webset.search.created", "webset.search.updated"]],
    [{ problems: true }, ["import.completed", "webset.search.canceled", NEW]],
    [{ problems: "true", types: "import.created\nimport.completed" }, ["import.completed"]],
    [{ problems: null, types: ["monitor.run.completed"] }, ["monitor.run.completed"]],
  ])("go by %j", async (args, expected) => {
    const opened = await open();
    record(opened);
    const after = "10m";
    expect(typesOf(await opened.wait({ ...args, after }))).toEqual(expected);
    expect(typesOf(await opened.list({ ...args, after }))).toEqual(expected);
  });
});
