import { describe, expect, test } from "vitest";
import { API, LONG_MS, openSandbox, ROBOTS } from "./support.ts";

describe("pausing", () => {
  test("makes life stand still until it is resumed", async () => {
    const { world, clock, send, events } = openSandbox();
    const { id } = world.createWebset(ROBOTS);
    await clock.advance(10_000);
    const paused = await send("POST", `/sandbox/websets/${id}/pause`);
    expect(paused.json.status).toBe("paused");
    const before = events().length;
    await clock.advance(LONG_MS);
    expect(events()).toHaveLength(before);
    expect(events().at(-1)).toMatchObject({ type: "webset.paused", data: { id, status: "paused" } });

    const resumed = await send("POST", `/sandbox/websets/${id}/resume`);
    expect(resumed.json.status).toBe("running");
    await clock.advance(LONG_MS);
    expect(events().at(-1)?.type).toBe("webset.idle");
  });

  test("leaves the time left as it is", async () => {
    const { world, clock } = openSandbox();
    const { id } = world.createWebset(ROBOTS);
    await clock.advance(10_000);
    const { timeLeft } = world.pauseWebset(id).searches[0]?.progress ?? {};
    expect(timeLeft).toBeGreaterThan(0);
    await clock.advance(LONG_MS);
    expect(world.getWebset(id).searches[0]?.progress.timeLeft).toBe(timeLeft);
  });

  test("tells it once when asked twice", () => {
    const { world, events } = openSandbox();
    const { id } = world.createWebset(ROBOTS);
    world.pauseWebset(id);
    world.pauseWebset(id);
    expect(events().filter(({ type }) => type === "webset.paused")).toHaveLength(1);
  });

  test("keeps a new search waiting", async () => {
    const { world, clock } = openSandbox();
    const { id } = world.createWebset({});
    world.pauseWebset(id);
    const { id: searchId } = world.createSearch(id, { query: "Robot makers", count: 1 });
    await clock.advance(LONG_MS);
    expect(world.getSearch(id, searchId)).toMatchObject({ status: "created", progress: { completion: 0 } });
    expect(world.getWebset(id).status).toBe("paused");
    world.resumeWebset(id);
    await clock.advance(LONG_MS);
    expect(world.getSearch(id, searchId).status).toBe("completed");
  });
});

describe("canceling", () => {
  test("a search lets the next one begin and gives no reason", async () => {
    const { world, clock, post, events } = openSandbox();
    const webset = world.createWebset(ROBOTS);
    const next = world.createSearch(webset.id, { query: "Drone makers", count: 1, behavior: "append" });
    await clock.advance(5_000);
    const { json } = await post(`/websets/${webset.id}/searches/${webset.searches[0]?.id}/cancel`);
    expect(json).toMatchObject({ status: "canceled", canceledReason: null });
    // As recorded, whatever was found.
    expect(json.progress).toMatchObject({ found: 0, completion: 100, timeLeft: 0 });
    expect(json.canceledAt).toBe(new Date(clock.wallTime()).toISOString());
    await clock.advance(LONG_MS);
    expect(world.getSearch(webset.id, next.id).status).toBe("completed");
    expect(events().at(-1)?.type).toBe("webset.idle");
  });

  test("a search before its creation was told tells the creation first", async () => {
    const { world, clock, events } = openSandbox();
    const { id, searches } = world.createWebset(ROBOTS);
    world.cancelSearch(id, searches[0]?.id ?? "");
    await clock.advance(LONG_MS);
    const types = events().map(({ type }) => type);
    expect(types.toSorted()).toEqual([
      "webset.created",
      "webset.idle",
      "webset.search.canceled",
      "webset.search.created",
    ]);
  });

  test("a finished search changes nothing", async () => {
    const { world, clock, events } = openSandbox();
    const { id, searches } = world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const before = events().length;
    expect(world.cancelSearch(id, searches[0]?.id ?? "").status).toBe("completed");
    expect(events()).toHaveLength(before);
  });

  test("a Webset stops its searches and enrichments and makes it idle", async () => {
    const { world, clock, post, get, events } = openSandbox();
    const { id } = world.createWebset(ROBOTS);
    world.createSearch(id, { query: "Drone makers", count: 1 });
    await clock.advance(12_000);
    const { json } = await post(`/websets/${id}/cancel`);
    expect(json.status).toBe("idle");
    expect(json.searches.map(({ canceledReason }: { canceledReason: string }) => canceledReason)).toEqual([
      "webset_canceled",
      "webset_canceled",
    ]);
    expect(json.enrichments.map(({ status }: { status: string }) => status)).toEqual(["canceled", "canceled"]);
    await clock.advance(LONG_MS);
    expect(
      events()
        .slice(-3)
        .map(({ type }) => type),
    ).toEqual(["webset.search.canceled", "webset.search.canceled", "webset.idle"]);
    const items = (await get(`/websets/${id}/items`)).json.data;
    const statuses = items.flatMap((item: { enrichments: { status: string }[] }) =>
      item.enrichments.map(({ status }) => status),
    );
    expect(statuses).not.toContain("pending");
  });

  test("a paused Webset makes it idle, and a later search runs", async () => {
    const { world, clock } = openSandbox();
    const { id } = world.createWebset(ROBOTS);
    world.pauseWebset(id);
    expect(world.cancelWebset(id).status).toBe("idle");
    const search = world.createSearch(id, { query: "Drone makers", count: 1 });
    await clock.advance(LONG_MS);
    expect(world.getSearch(id, search.id).status).toBe("completed");
  });
});

describe("deleting", () => {
  test("cancels the searches, tells it, and leaves nothing but the events", async () => {
    const { world, clock, get, remove, events } = openSandbox();
    const { id } = world.createWebset({ ...ROBOTS, externalId: "mine" });
    await clock.advance(8_000);
    const deleted = await remove(`/websets/${id}`);
    expect(deleted.status).toBe(200);
    expect(deleted.json.searches[0].canceledReason).toBe("webset_deleted");
    for (const path of [`/websets/${id}`, "/websets/mine", `/websets/${id}/items`]) {
      expect((await get(path)).status).toBe(404);
    }
    await clock.advance(LONG_MS);
    expect(
      events()
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(["webset.search.canceled", "webset.deleted"]);
    expect((await get(`/events/${events()[0]?.id}`)).status).toBe(200);
    expect((await get("/websets")).json.data).toEqual([]);
    expect(world.createWebset({ externalId: "mine" }).externalId).toBe("mine");
  });
});

describe("the sandbox's own paths", () => {
  test("need no key and count only what reached the API", async () => {
    const { send, get } = openSandbox();
    await get("/events?limit=1");
    await get("/events?limit=2");
    await get("/events/nothing");
    await get("/nowhere");
    await send("GET", "/sandbox/health");
    const { status, json } = await send("GET", "/sandbox/requests", undefined, { "x-api-key": "" });
    expect(status).toBe(200);
    expect(json).toEqual({
      total: 4,
      counts: {
        [`GET ${API}/events`]: 2,
        [`GET ${API}/events/:id`]: 1,
        "GET (unknown)": 1,
      },
    });
  });

  test("keep the latest requests with their queries", async () => {
    const { sandbox, clock, get } = openSandbox();
    await get("/events?types=webset.idle&limit=1");
    expect(sandbox.requests.latest).toEqual([
      {
        method: "GET",
        path: `${API}/events`,
        query: "types=webset.idle&limit=1",
        route: `GET ${API}/events`,
        time: clock.wallTime(),
      },
    ]);
  });

  test("say that the sandbox is ready", async () => {
    const { send } = openSandbox();
    expect((await send("GET", "/sandbox/health")).json.status).toBe("ok");
  });
});
