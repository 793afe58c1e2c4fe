import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { DEMO, LONG_MS, openWorld } from "./in-process.ts";
import { ERA_NAMES, openSession } from "./session.ts";

describe.each(ERA_NAMES)("a subscription of a client of %s", (era) => {
  async function open(options: Parameters<typeof openWorld>[0] = {}) {
    const opened = openWorld(options);
    const { id } = opened.world.past(600_000, () => opened.world.createWebset(DEMO));
    const session = await openSession(era, opened);
    const search = () => opened.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    /** Moves the clock, and lets what was sent arrive. */
    const pass = async (ms: number) => {
      await opened.clock.advance(ms);
      await setImmediate();
    };
    return { ...opened, id, uri: `websets://websets/${id}/progress`, session, search, pass };
  }

  test("brings an update within the poll interval and a second, and reading shows the change", async () => {
    const { session, uri, search, pass } = await open();
    await session.subscribe(uri);
    await pass(3_000);
    expect(session.updates).toEqual([]);
    search();
    await pass(1_200);
    expect(session.updates).toEqual([uri]);
    expect((await session.read(uri)).searches).toHaveLength(2);
  });

  test("brings at most one update a second, and none when all is done", async () => {
    const { session, uri, search, pass } = await open();
    await session.subscribe(uri);
    await pass(1_000);
    search();
    await pass(10_000);
    expect(session.updates.length).toBeGreaterThan(5);
    expect(session.updates.length).toBeLessThanOrEqual(10);
    await pass(LONG_MS);
    const before = session.updates.length;
    expect((await session.read(uri)).status).toBe("idle");
    await pass(LONG_MS);
    expect(session.updates).toHaveLength(before);
  });

  test("ends the polling when it ends", async () => {
    const { session, uri, pass, feed, sandbox, search } = await open();
    const end = await session.subscribe(uri);
    await pass(3_000);
    expect(feed.tails).toBe(1);
    await end();
    await pass(10);
    expect(feed.tails).toBe(0);
    const before = sandbox.requests.total;
    search();
    await pass(60_000);
    expect(sandbox.requests.total).toBe(before);
    expect(session.updates).toEqual([]);
  });

  test("ends when the client goes", async () => {
    const { session, uri, pass, feed, sandbox } = await open();
    await session.subscribe(uri);
    await pass(3_000);
    await session.close();
    await pass(10);
    expect(feed.tails).toBe(0);
    const before = sandbox.requests.total;
    await pass(60_000);
    expect(sandbox.requests.total).toBe(before);
  });

  test("can be begun again", async () => {
    const { session, uri, search, pass } = await open();
    await (await session.subscribe(uri))();
    await session.subscribe(uri);
    await pass(1_000);
    search();
    await pass(1_200);
    expect(session.updates).toEqual([uri]);
  });

  test("is for the Websets it names and no others, which one poll loop serves", async () => {
    const { session, search, world, pass, feed } = await open();
    const ids = [1, 2].map(() => world.past(600_000, () => world.createWebset(DEMO)).id);
    const uris = ids.map((id) => `websets://websets/${id}/progress`);
    await session.subscribe(...uris);
    await pass(2_000);
    expect(feed.tails).toBe(1);
    search();
    world.createSearch(ids[1] as string, { query: "Robot makers in Asia", count: 5 });
    await pass(1_200);
    expect(new Set(session.updates)).toEqual(new Set([uris[1]]));
  });

  test("brings a last update when the Webset is deleted, and polls no longer", async () => {
    const { session, uri, id, world, pass, feed } = await open();
    await session.subscribe(uri);
    await pass(2_000);
    world.deleteWebset(id);
    await pass(1_200);
    expect(session.updates).toEqual([uri]);
    expect((await session.refusal(uri)).message).toMatch(/^not_found: /);
    expect(feed.tails).toBe(0);
  });

  test("brings an update when it cannot go on, so that reading tells why", async () => {
    const { session, uri, pass, feed, trouble, clock } = await open();
    await session.subscribe(uri);
    await pass(2_000);
    trouble.answer = { status: 401 };
    await pass(3_000);
    expect(session.updates).toEqual([uri]);
    expect((await clock.until(session.refusal(uri))).message).toMatch(/^unauthorized: /);
    expect(feed.tails).toBe(0);
  });

  test("begins with what the client has read: what changed in between is told", async () => {
    const { session, uri, world, id, pass } = await open();
    await session.read(uri);
    world.createEnrichment(id, { description: "Year founded" });
    world.pauseWebset(id);
    await session.subscribe(uri);
    await pass(100);
    expect(session.updates).toEqual([uri]);
    await pass(20_000);
    expect(session.updates).toEqual([uri]);
  });

  test("can be begun for a Webset that was not there before", async () => {
    const { session, world, pass } = await open();
    const uri = "websets://websets/ours/progress";
    const refused = session.subscribe(uri).catch(() => {});
    // What is not there is looked for once more, 2 s later.
    await pass(3_000);
    await refused;
    const { id } = world.past(600_000, () => world.createWebset({ ...DEMO, externalId: "ours" }));
    await session.subscribe(uri);
    await pass(1_000);
    world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await pass(1_200);
    expect(session.updates).toEqual(era === "2025-11-25" ? [uri] : [uri, uri]);
  });

  test("takes an id that needs encoding, and tells of it by the URI it was given", async () => {
    const { session, world, pass } = await open();
    const { id } = world.past(600_000, () => world.createWebset({ ...DEMO, externalId: "our robots: 1" }));
    const uri = `websets://websets/${encodeURIComponent("our robots: 1")}/progress`;
    await session.subscribe(uri);
    await pass(2_000);
    world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await pass(1_200);
    expect(session.updates).toEqual([uri]);
  });
});

describe("resources/subscribe of 2025-11-25", () => {
  async function open(options: Parameters<typeof openWorld>[0] = {}) {
    const opened = openWorld(options);
    const session = await openSession("2025-11-25", opened);
    const refusal = (uri: string) => session.subscribe(uri).then(Promise.reject, (error: unknown) => error);
    return { ...opened, session, refusal };
  }

  test("refuses a Webset that there is not", async () => {
    const { refusal, feed, clock } = await open();
    const refused = refusal("websets://websets/ws_nowhere/progress");
    // It may just have been created.
    while (clock.sleeping === 0) await setImmediate();
    await clock.advance(2_000);
    const error = await refused;
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("not_found: the API does not know") });
    expect(feed.tails).toBe(0);
  });

  test("refuses what is no id", async () => {
    const { refusal, sandbox } = await open();
    const error = await refusal("websets://websets/a%2Fb/progress");
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("websetId contains a slash") });
    expect(sandbox.requests.total).toBe(0);
  });

  test.each(["websets://event-types", "websets://events/event_1", "https://api.exa.ai/"])(
    "refuses %s, and says what can be subscribed to",
    async (uri) => {
      const { refusal } = await open();
      const message = expect.stringContaining("Only websets://websets/{websetId}/progress can");
      expect(await refusal(uri)).toMatchObject({ code: -32602, message });
    },
  );

  test("explains a missing key", async () => {
    const { refusal } = await open({ apiKey: undefined });
    const error = await refusal("websets://websets/ws_1/progress");
    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining("missing_key: ") });
  });

  test("may come twice, and is ended by one unsubscribe", async () => {
    const { session, world, clock, feed } = await open();
    const { id } = world.createWebset(DEMO);
    const uri = `websets://websets/${id}/progress`;
    await session.subscribe(uri);
    const end = await session.subscribe(uri);
    await clock.advance(1_000);
    expect(feed.tails).toBe(1);
    await end();
    await clock.advance(0);
    expect(feed.tails).toBe(0);
  });

  test("is answered while trouble lasts, and begins when it is over", async () => {
    const { session, world, clock, trouble } = await open();
    const { id } = world.createWebset(DEMO);
    trouble.answer = { status: 503 };
    await clock.until(session.subscribe(`websets://websets/${id}/progress`));
    trouble.answer = undefined;
    await clock.advance(20_000);
    await setImmediate();
    expect(session.updates.length).toBeGreaterThan(0);
  });

  test("ends one by one", async () => {
    const { session, world, clock } = await open();
    const ids = [1, 2].map(() => world.past(600_000, () => world.createWebset(DEMO)).id) as [string, string];
    const [uri, other] = ids.map((id) => `websets://websets/${id}/progress`) as [string, string];
    await session.subscribe(uri, other);
    await session.client.unsubscribeResource({ uri });
    await clock.advance(2_000);
    for (const id of ids) world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await clock.advance(1_200);
    await setImmediate();
    expect(session.updates).toEqual([other]);
  });

  test("that is ended before it has begun is no error", async () => {
    const { session, world, clock, trouble, feed } = await open();
    const { id } = world.createWebset(DEMO);
    const uri = `websets://websets/${id}/progress`;
    const answer = trouble.hold();
    const asked = session.subscribe(uri);
    await clock.advance(100);
    await session.client.unsubscribeResource({ uri });
    await asked;
    answer();
    await clock.advance(5_000);
    expect(feed.tails).toBe(0);
  });

  test("that is given up before its answer leaves nothing behind", async () => {
    const { session, world, clock, trouble, feed } = await open();
    const { id } = world.createWebset(DEMO);
    const answer = trouble.hold();
    const given = new AbortController();
    const asked = session.client.subscribeResource(
      { uri: `websets://websets/${id}/progress` },
      { signal: given.signal },
    );
    await clock.advance(100);
    given.abort();
    await expect(asked).rejects.toThrow();
    await setImmediate();
    answer();
    await clock.advance(5_000);
    expect(feed.tails).toBe(0);
  });

  test("cannot be ended by who does not hold it", async () => {
    const { session } = await open();
    await session.client.unsubscribeResource({ uri: "websets://websets/ws_1/progress" });
  });
});

describe("subscriptions/listen of 2026-07-28", () => {
  async function open() {
    const opened = openWorld();
    const { id } = opened.world.past(600_000, () => opened.world.createWebset(DEMO));
    return { ...opened, id, session: await openSession("2026-07-28", opened) };
  }

  test("is acknowledged for a Webset that there is not, and nothing comes", async () => {
    const { session, clock, feed, sandbox } = await open();
    await session.subscribe("websets://websets/ws_nowhere/progress", "websets://event-types", "websets://nothing");
    await clock.advance(60_000);
    await setImmediate();
    expect(session.updates).toEqual([]);
    expect(feed.tails).toBe(0);
    // It may just have been created.
    expect(sandbox.requests.total).toBe(2);
  });

  test("goes on for one listener when another has ended", async () => {
    const { session, id, world, clock, feed } = await open();
    const uri = `websets://websets/${id}/progress`;
    const end = await session.subscribe(uri);
    const endOther = await session.subscribe(uri);
    await clock.advance(2_000);
    await end();
    await clock.advance(2_000);
    expect(feed.tails).toBe(1);
    world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    await clock.advance(1_200);
    await setImmediate();
    expect(session.updates).toEqual([uri]);
    await endOther();
    await clock.advance(10);
    expect(feed.tails).toBe(0);
  });
});
