import { describe, expect, test } from "vitest";
import { API, LONG_MS, openSandbox, ROBOTS } from "./support.ts";

const DAY_MS = 86_400_000;
const DAILY = { cadence: { cron: "0 9 * * *" }, behavior: { type: "search", config: { count: 3 } } } as const;

/** A finished Webset, and a monitor in it. */
async function openMonitored(options: Parameters<typeof openSandbox>[0] = {}) {
  const opened = openSandbox(options);
  const { id: websetId } = opened.world.createWebset(ROBOTS);
  await opened.clock.advance(LONG_MS);
  const created = await opened.post("/monitors", { websetId, ...DAILY });
  const { id } = created.json;
  const told = opened.events().length - 1;
  // What happens from now on stands behind that, whatever the ids are.
  await opened.clock.advance(1);
  return {
    ...opened,
    websetId,
    id,
    created,
    trigger: (body?: unknown) => opened.send("POST", `/sandbox/monitors/${id}/trigger`, body),
    change: (body: unknown) => opened.send("PATCH", `${API}/monitors/${id}`, body),
    /** The types of what happened since the monitor's creation, without items and progress. */
    story: () =>
      opened
        .events()
        .slice(told)
        .map(({ type }) => type)
        .filter((type) => !/item|search.updated/.test(type)),
  };
}

describe("a monitor", () => {
  test("is created with what was asked for and what the API adds", async () => {
    const { created, websetId, get, clock, story } = await openMonitored();
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      object: "monitor",
      status: "enabled",
      websetId,
      cadence: { cron: "0 9 * * *", timezone: "Etc/UTC" },
      behavior: { type: "search", config: { count: 3, behavior: "append" } },
      lastRun: null,
      metadata: {},
    });
    // It is noon on the first of November.
    expect(new Date(clock.wallTime()).toISOString()).toMatch(/^2026-11-01T12:0/);
    expect(created.json.nextRunAt).toBe("2026-11-02T09:00:00.000Z");
    expect((await get(`/monitors/${created.json.id}`)).json).toEqual(created.json);
    expect((await get(`/websets/${websetId}`)).json.monitors).toEqual([created.json]);
    expect(story()).toEqual(["monitor.created"]);
  });

  test("is listed with all others, or with those of its Webset", async () => {
    const { world, get, clock, websetId, id } = await openMonitored();
    await clock.advance(1_000);
    const other = world.createWebset({ search: { query: "x", count: 1 } });
    const { id: otherId } = world.monitors.create({
      websetId: other.id,
      cadence: { cron: "0 0 1 * *", timezone: "Etc/UTC" },
      behavior: { type: "search", config: { count: 1, behavior: "append" } },
    });
    const ids = async (query: string) =>
      (await get(`/monitors${query}`)).json.data.map((one: { id: string }) => one.id);
    expect(await ids("")).toEqual([otherId, id]);
    expect(await ids("?limit=1")).toEqual([otherId]);
    expect(await ids(`?websetId=${websetId}`)).toEqual([id]);
  });

  test("is changed, which is told and moves its next run", async () => {
    const { change, get, websetId, story } = await openMonitored();
    const weekly = { cadence: { cron: "30 7 * * mon", timezone: "America/New_York" }, metadata: { a: "1" } };
    const changed = (await change(weekly)).json;
    expect(changed).toMatchObject({ ...weekly, nextRunAt: "2026-11-02T12:30:00.000Z" });
    expect((await change({ status: "disabled" })).json).toMatchObject({ status: "disabled", nextRunAt: null });
    expect((await get(`/websets/${websetId}`)).json.monitors[0].status).toBe("disabled");
    expect(story()).toEqual(["monitor.created", "monitor.updated", "monitor.updated"]);
  });

  test("is deleted, alone or with its Webset", async () => {
    const { remove, get, id, websetId, world, clock, story } = await openMonitored();
    expect((await remove(`/monitors/${id}`)).json.id).toBe(id);
    expect((await get(`/monitors/${id}`)).status).toBe(404);
    expect((await get(`/websets/${websetId}`)).json.monitors).toEqual([]);
    await clock.advance(1_000);

    const again = world.monitors.create({ websetId, ...DAILY } as Parameters<typeof world.monitors.create>[0]);
    await clock.advance(1_000);
    world.monitors.trigger(again.id);
    await clock.advance(2_000);
    world.deleteWebset(websetId);
    await clock.advance(3 * DAY_MS);
    const told = story();
    // The end of the run and that of its search fall together.
    expect(told.splice(5, 2).toSorted()).toEqual(["monitor.run.completed", "webset.search.canceled"]);
    expect(told).toEqual([
      "monitor.created",
      "monitor.deleted",
      "monitor.created",
      "monitor.run.created",
      "webset.search.created",
      "monitor.deleted",
      "webset.deleted",
    ]);
  });

  test.each([
    ["no Webset", { websetId: "ws_no" }, 404],
    ["a cron of six fields", { cadence: { cron: "0 0 9 * * *" } }, 422],
    ["a run every hour", { cadence: { cron: "0 * * * *" } }, 422],
    ["a time zone nobody lives in", { cadence: { cron: "0 9 * * *", timezone: "Mars/Olympus" } }, 422],
    ["another behavior", { behavior: { type: "refresh", config: { count: 1 } } }, 422],
    ["a count of nothing", { behavior: { type: "search", config: { count: 0 } } }, 422],
  ])("with %s is refused", async (_, change, status) => {
    const { post, websetId, story } = await openMonitored();
    expect((await post("/monitors", { websetId, ...DAILY, ...change })).status).toBe(status);
    expect(story()).toEqual(["monitor.created"]);
  });

  test("without a query is refused where there is no search to take it from", async () => {
    const { world, post } = openSandbox();
    const { id: websetId } = world.createWebset({});
    expect((await post("/monitors", { websetId, ...DAILY })).status).toBe(400);
    const behavior = { type: "search", config: { count: 3, query: "Robot makers" } };
    expect((await post("/monitors", { websetId, ...DAILY, behavior })).status).toBe(201);
  });
});

describe("a monitor run", () => {
  test("is a search in the Webset, with the last one's query and criteria, and ends as that does", async () => {
    const { trigger, get, id, websetId, world, clock, story } = await openMonitored();
    const { status, json } = await trigger();
    expect(status).toBe(201);
    expect(json).toMatchObject({ object: "monitor_run", status: "created", monitorId: id, type: "search" });
    await clock.advance(1_000);
    expect((await get(`/monitors/${id}/runs/${json.id}`)).json.status).toBe("running");
    expect(world.getWebset(websetId).status).toBe("running");
    await clock.advance(LONG_MS);
    const run = (await get(`/monitors/${id}/runs/${json.id}`)).json;
    expect(run).toMatchObject({ status: "completed", failedAt: null, canceledAt: null, failedReason: null });
    expect(run.completedAt).toBe(run.updatedAt);
    expect((await get(`/monitors/${id}`)).json.lastRun).toEqual(run);
    expect(story()).toEqual([
      "monitor.created",
      "monitor.run.created",
      "webset.search.created",
      "webset.search.completed",
      "monitor.run.completed",
      "webset.idle",
    ]);
    const { searches } = world.getWebset(websetId);
    expect(searches[1]).toMatchObject({
      status: "completed",
      count: 3,
      behavior: "append",
      query: ROBOTS.search.query,
    });
    expect(searches[1]?.criteria.map(({ description }) => description)).toEqual(
      searches[0]?.criteria.map(({ description }) => description),
    );
    expect([...world.listItems(websetId, { order: "oldest-first" })]).toHaveLength(11);
  });

  test("that fails says why, and searches nothing", async () => {
    const { trigger, id, get, clock, story, events } = await openMonitored();
    const { json } = await trigger({ outcome: "failed" });
    await clock.advance(LONG_MS);
    const run = (await get(`/monitors/${id}/runs/${json.id}`)).json;
    expect(run).toMatchObject({ status: "failed", completedAt: null, failedReason: expect.stringMatching(/\w{3}/) });
    expect(run.failedAt).toBe(run.updatedAt);
    expect(events().at(-1)?.data).toEqual(run);
    expect(story()).toEqual(["monitor.created", "monitor.run.created", "monitor.run.completed"]);
  });

  test("is canceled with its search, whoever cancels that", async () => {
    const { trigger, world, websetId, clock, events } = await openMonitored();
    await trigger({ outcome: "canceled" });
    await clock.advance(LONG_MS);
    const last = () =>
      events()
        .filter(({ type }) => type === "monitor.run.completed")
        .at(-1)?.data;
    expect(last()).toMatchObject({ status: "canceled", completedAt: null });
    await trigger();
    await clock.advance(2_000);
    world.cancelSearch(websetId, world.getWebset(websetId).searches.at(-1)?.id ?? "");
    await clock.advance(1_000);
    expect(last()).toMatchObject({ status: "canceled", canceledAt: expect.any(String) });
    expect(events().filter(({ type }) => type === "monitor.run.completed")).toHaveLength(2);
  });

  test("does not begin while another is under way", async () => {
    const { trigger, clock } = await openMonitored();
    expect((await trigger()).status).toBe(201);
    expect((await trigger()).status).toBe(409);
    expect((await trigger({ outcome: "fine" })).status).toBe(422);
    await clock.advance(LONG_MS);
    expect((await trigger()).status).toBe(201);
  });

  test.each([1, 20])("begins by itself at nextRunAt, again and again, at speed %i too", async (speed) => {
    const { id, get, clock } = await openMonitored({ speed });
    await clock.advance(3 * DAY_MS);
    const runs = (await get(`/monitors/${id}/runs`)).json.data;
    expect(runs.map(({ createdAt }: { createdAt: string }) => createdAt)).toEqual([
      "2026-11-04T09:00:00.000Z",
      "2026-11-03T09:00:00.000Z",
      "2026-11-02T09:00:00.000Z",
    ]);
    expect(runs.every(({ status }: { status: string }) => status === "completed")).toBe(true);
    expect((await get(`/monitors/${id}`)).json.nextRunAt).toBe("2026-11-05T09:00:00.000Z");
  });

  test("does not begin by itself where the monitor is disabled", async () => {
    const { id, change, get, clock } = await openMonitored();
    await change({ status: "disabled" });
    await clock.advance(3 * DAY_MS);
    expect((await get(`/monitors/${id}/runs`)).json.data).toEqual([]);
  });

  test("is unknown below another monitor", async () => {
    const { trigger, get } = await openMonitored();
    const { json } = await trigger();
    expect((await get(`/monitors/monitor_no/runs/${json.id}`)).status).toBe(404);
    expect((await get("/monitors/monitor_no/runs")).status).toBe(404);
  });
});
