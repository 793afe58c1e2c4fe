import { afterAll, beforeAll, describe, expect } from "vitest";
import { findScenario } from "../../src/sandbox/scenarios.ts";
import { ERAS, type Session } from "../support/eras.ts";
import { Program } from "../support/program.ts";
import { type Starters, test } from "../support/stdio-test.ts";
import { openSandbox, type Upstream } from "../support/upstream.ts";

const FAST = ["--poll-interval", "0.2"];

/** What the API was asked, without what the test itself asked of it. */
const routes = ({ requests }: Upstream) => requests.latest.map(({ route }) => route);

describe.each(ERAS)("over stdio in the era of $name", (era) => {
  /** The program, connected, on a sandbox in which one Webset of 50 items was completed some time ago. */
  async function withFinishedWebset({ startSandbox, startProgram }: Pick<Starters, "startSandbox" | "startProgram">) {
    const upstream = await startSandbox();
    findScenario("finished")?.begin(upstream.world);
    const [first] = upstream.world.listWebsets({ order: "oldest-first" });
    const session = await era.open(startProgram(FAST, upstream.env));
    return { session, upstream, websetId: first?.id ?? "" };
  }

  test("a client finds the seven tools, the instructions and the resource", async ({ startProgram, startSandbox }) => {
    const { session } = await withFinishedWebset({ startProgram, startSandbox });
    expect(session.tools.map(({ name }) => name)).toEqual([
      "wait_for_webset",
      "wait_for_webset_event",
      "list_webset_events",
      "get_webset_event",
      "get_webset_progress",
      "list_websets",
      "list_webset_items",
    ]);
    for (const { annotations } of session.tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, openWorldHint: true });
    }
    expect(session.instructions).toContain("wait_for_webset");
    expect(await session.listResources()).toMatchObject([{ uri: "websets://event-types" }]);
    const [content] = await session.readResource("websets://event-types");
    const { eventTypes } = JSON.parse(content?.text ?? "");
    expect(content?.mimeType).toBe("application/json");
    expect(eventTypes).toHaveLength(19);
  });

  test("list_webset_events lists newest first and pages on to older ones without gap or repeat", async ({
    startProgram,
    startSandbox,
  }) => {
    const { session, upstream, websetId } = await withFinishedWebset({ startProgram, startSandbox });
    const all = [...upstream.world.events.walk({ order: "newest-first" })].map(({ event }) => event.id);
    const ids: string[] = [];
    let page: string | null | undefined;
    do {
      const { value } = await session.call("list_webset_events", {
        websetId,
        types: ["*"],
        limit: 80,
        ...(page ? { page } : {}),
      });
      ids.push(...value.events.map(({ id }: { id: string }) => id));
      page = value.nextPage;
    } while (page !== null);
    expect(ids).toEqual(all);
  });

  test("list_webset_events filters by types and says when that was all", async ({ startProgram, startSandbox }) => {
    const { session } = await withFinishedWebset({ startProgram, startSandbox });
    const { value } = await session.call("list_webset_events", { types: ["webset.search.completed", "webset.idle"] });
    expect(value.events.map(({ type }: { type: string }) => type)).toEqual(["webset.idle", "webset.search.completed"]);
    expect(value).toMatchObject({ nextPage: null, now: expect.stringMatching(/^20.*Z$/) });
  });

  test("get_webset_event gives the event with its resource, and without it where a summary is wanted", async ({
    startProgram,
    startSandbox,
  }) => {
    const { session, websetId } = await withFinishedWebset({ startProgram, startSandbox });
    const listed = await session.call("list_webset_events", { types: ["webset.item.created"], limit: 1 });
    const [summary] = listed.value.events;
    expect(summary.data).toBeUndefined();
    const full = await session.call("get_webset_event", { eventId: summary.id });
    expect(full.value.event).toMatchObject({ ...summary, data: { object: "webset_item", websetId } });
    const short = await session.call("get_webset_event", { eventId: summary.id, detail: "summary" });
    expect(short.value.event).toEqual(summary);
  });

  test("get_webset_progress tells how far a Webset is, by its id and by the caller's externalId", async ({
    startProgram,
    startSandbox,
  }) => {
    const { session, upstream, websetId } = await withFinishedWebset({ startProgram, startSandbox });
    const { value } = await session.call("get_webset_progress", { websetId });
    expect(value.progress).toMatchObject({
      websetId,
      status: "idle",
      searches: [{ status: "completed", found: 50, target: 50, completion: 100 }],
    });
    expect(value.progress.enrichments).toHaveLength(2);
    const other = upstream.world.createWebset({ externalId: "my own id", search: { query: "Kite makers", count: 5 } });
    const mine = await session.call("get_webset_progress", { websetId: "my own id" });
    expect(mine.value.progress).toMatchObject({ websetId: other.id, externalId: "my own id", status: "running" });
  });

  test.for(["search_completed", "idle"])(
    "wait_for_webset until %s on one that was finished before returns with the first or second request",
    async (until, { startProgram, startSandbox }) => {
      const { session, upstream, websetId } = await withFinishedWebset({ startProgram, startSandbox });
      const { value } = await session.call("wait_for_webset", { websetId, until });
      expect(value).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
      expect(routes(upstream)[0]).toBe("GET /websets/v0/websets/:id");
      expect(upstream.requests.total).toBeLessThanOrEqual(2);
    },
  );

  test("wait_for_webset_event gives what has already happened after a given time, oldest first", async ({
    startProgram,
    startSandbox,
  }) => {
    const { session, upstream } = await withFinishedWebset({ startProgram, startSandbox });
    const types = ["webset.item.created"];
    const all = [...upstream.world.events.walk({ order: "oldest-first", types })];
    const after = new Date(Date.now() - 3_600_000).toISOString();
    const { value } = await session.call("wait_for_webset_event", { types, after, limit: 7 });
    expect(value.outcome).toBe("events");
    expect(value.events.map(({ id }: { id: string }) => id)).toEqual(all.slice(0, 7).map(({ event }) => event.id));
    const rest = await session.call("wait_for_webset_event", { types, after: value.cursor });
    expect(rest.value.events.map(({ id }: { id: string }) => id)).toEqual(all.slice(7).map(({ event }) => event.id));
  });

  describe("what cannot be is refused in words before the API is asked", () => {
    // Nothing of this reaches the API or changes anything, so one program does for all of it.
    let upstream: Upstream;
    let session: Session;
    beforeAll(async () => {
      upstream = await openSandbox();
      session = await era.open(new Program(FAST, upstream.env));
    });
    afterAll(async () => {
      await session.program.end();
      await upstream.close();
    });

    test.each([
      ["an unknown parameter", "get_webset_progress", { websetId: "webset_1", verbose: true }, '"verbose"'],
      ["a missing parameter", "get_webset_event", {}, "eventId is missing"],
      ["a parameter of the wrong kind", "wait_for_webset_event", { atLeast: "three" }, "atLeast"],
      ["a number out of range", "list_webset_events", { limit: 201 }, "limit"],
      [
        "a misspelt type",
        "wait_for_webset_event",
        { types: ["webset.items.created"] },
        "did you mean webset.item.created?",
      ],
      ["a star over nothing", "list_webset_events", { types: ["webset.searches.*"] }, "webset.search."],
      ["a time without a zone", "list_webset_events", { after: "2026-01-01T00:00:00" }, "time zone"],
      ["a time that is none", "wait_for_webset_event", { after: "yesterday" }, "after"],
      ["a cursor of somebody else", "wait_for_webset_event", { after: "eyJpZCI6MX0" }, "cursor"],
      ["a negative wait", "wait_for_webset", { websetId: "webset_1", timeoutSeconds: -1 }, "timeoutSeconds"],
      ["an id with a slash", "get_webset_event", { eventId: "evt_1/../../websets" }, "slash"],
      ["an id with a backslash", "get_webset_progress", { websetId: "a\\b" }, "slash"],
      ["an id of two dots", "wait_for_webset", { websetId: ".." }, '".."'],
      ["an id with a line break", "get_webset_event", { eventId: "evt_1\r\nx-api-key: 2" }, "control character"],
      ["an id with a zero byte", "get_webset_progress", { websetId: "web\u0000set" }, "control character"],
      ["an empty id", "get_webset_event", { eventId: "" }, "eventId"],
      ["an id of spaces, which is none", "get_webset_progress", { websetId: "   " }, "websetId is missing"],
    ])("%s", async (_what, tool, args, named) => {
      const { error } = await session.call(tool, args);
      expect(error).toMatch(/^invalid_request: /);
      expect(error).toContain(named);
      expect(upstream.requests.total).toBe(0);
    });
  });

  test("an id with a space is an id like any other, and unknown ones are named", async ({
    startProgram,
    startSandbox,
  }) => {
    const { session, upstream } = await withFinishedWebset({ startProgram, startSandbox });
    const { error } = await session.call("get_webset_event", { eventId: "evt 1?x=%2F#ü" });
    expect(error).toMatch(/^not_found: .*"evt 1\?x=%2F#ü".*60 days/);
    expect(upstream.requests.latest.at(-1)).toMatchObject({
      path: "/websets/v0/events/evt%201%3Fx%3D%252F%23%C3%BC",
      query: "",
    });
  });

  test("a tool that does not exist is an error that names those that do", async ({ startProgram, startSandbox }) => {
    const { session } = await withFinishedWebset({ startProgram, startSandbox });
    await expect(session.call("create_webset")).rejects.toThrow(/no tool "create_webset".*wait_for_webset/);
  });
});
