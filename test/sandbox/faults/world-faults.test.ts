import { describe, expect, test } from "vitest";
import { LONG_MS, ROBOTS } from "../support.ts";
import { openWithFaults, recordEvents } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
type Any = any;

describe("the world", () => {
  test("lists oldest first", async () => {
    const opened = openWithFaults();
    const ids = recordEvents(opened, 3);
    const listed = async () => (await opened.get("/events")).json.data.map(({ id }: Any) => id);
    expect(await listed()).toEqual(ids.toReversed());
    opened.faults.add({ name: "oldest-first" });
    expect(await listed()).toEqual(ids);
  });

  test.each([
    ["clock-fast", 600_000],
    ["clock-slow", -600_000],
  ] as const)("has %s, in dates and creation times alike", async (name, offset) => {
    const { clock, get, post } = openWithFaults([{ name }]);
    const created = await post("/websets", {});
    const expected = new Date(clock.wallTime() + offset);
    expect(created.headers.date).toBe(expected.toUTCString());
    expect(created.json.createdAt).toBe(expected.toISOString());
    const [event] = (await get("/events")).json.data;
    expect(event.createdAt).toBe(expected.toISOString());
  });

  test("shows events up to five seconds late, in any order, as the seed has it", async () => {
    const delays = async (seed: number) => {
      const { world, clock, events } = openWithFaults([{ name: "late-events" }], { seed });
      const ids = Array.from({ length: 60 }, (_, n) => world.record("webset.idle", { n }, { id: `e${n}` }).id);
      const seen = new Map<string, number>();
      for (let ms = 0; ms <= 5_000; ms += 100) {
        for (const { id } of events()) if (!seen.has(id)) seen.set(id, ms);
        await clock.advance(100);
      }
      return ids.map((id) => seen.get(id) ?? Number.NaN);
    };
    const first = await delays(1);
    expect(Math.min(...first)).toBeLessThan(500);
    expect(Math.max(...first)).toBeGreaterThan(4_500);
    expect(first.toSorted((left, right) => left - right)).not.toEqual(first);
    expect(await delays(1)).toEqual(first);
    expect(await delays(2)).not.toEqual(first);
  });

  test("shows only a share of the events late, when asked so", async () => {
    const { world, clock, events } = openWithFaults([{ name: "late-events", rate: 0.2 }]);
    for (let n = 0; n < 200; n++) world.record("webset.idle", { n });
    expect(events().length).toBeGreaterThan(140);
    expect(events().length).toBeLessThan(185);
    await clock.advance(5_000);
    expect(events()).toHaveLength(200);
  });

  test("gives the events of one second one timestamp", async () => {
    const { world, clock, events } = openWithFaults([{ name: "same-timestamp" }], { speed: 20 });
    await clock.advance(300);
    world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const times = events().map(({ createdAt }) => createdAt);
    expect(times.length).toBeGreaterThan(10 * new Set(times).size);
    expect(times.every((time) => time.endsWith(".000Z"))).toBe(true);
  });

  test("gets new events between the pages of a walk, but not before it", async () => {
    const opened = openWithFaults([{ name: "arrivals" }]);
    recordEvents(opened, 4);
    const first = (await opened.get("/events?limit=2")).json;
    expect(opened.events()).toHaveLength(4);
    await opened.get(`/events?limit=2&cursor=${first.nextCursor}`);
    const arrived = opened.events().slice(4);
    expect(arrived.length).toBeGreaterThanOrEqual(1);
    for (const { type, data } of arrived) {
      expect(type).toBe("webset.created");
      expect((await opened.get(`/websets/${data.id}`)).status).toBe(200);
    }
  });

  test("has events of types that nobody knows, which stay", async () => {
    const { get } = openWithFaults([{ name: "unknown-type", times: 1 }]);
    const first = (await get("/events")).json.data;
    expect(first).toMatchObject([{ object: "event", type: "webset.item.reviewed", data: { object: "webset_review" } }]);
    expect((await get("/events")).json.data).toEqual(first);
    expect((await get(`/events/${first[0].id}`)).json).toEqual(first[0]);
  });

  test("loses a Webset just before it is asked for", async () => {
    const { world, clock, get, events, faults } = openWithFaults([{ name: "deleted-webset", from: 2, times: 1 }]);
    const { id } = world.createWebset({ ...ROBOTS, externalId: "crm/7" });
    expect((await get("/websets/crm%2F7")).status).toBe(200);
    expect((await get("/websets/crm%2F7")).status).toBe(404);
    expect((await get(`/websets/${id}/items`)).status).toBe(404);
    await clock.advance(LONG_MS);
    expect(events().at(-1)).toMatchObject({ type: "webset.deleted", data: { id } });
    expect(faults.happened).toEqual({ "deleted-webset": 1 });
  });

  test("has a search that ends with a status nobody knows, and a Webset that is idle then", async () => {
    const { world, clock, get, events, faults } = openWithFaults([{ name: "unknown-status", times: 2 }]);
    const { id } = world.createWebset(ROBOTS);
    await clock.advance(9_000);
    const failed = { status: "idle", searches: [{ status: "failed", canceledReason: null, canceledAt: null }] };
    expect((await get(`/websets/${id}`)).json).toMatchObject(failed);
    await clock.advance(LONG_MS);
    expect((await get(`/websets/${id}`)).json).toMatchObject(failed);
    expect(events().at(-1)).toMatchObject({ type: "webset.idle", data: failed });
    expect(events().map(({ type }) => type)).not.toContain("webset.search.completed");
    expect(faults.happened).toEqual({ "unknown-status": 1 });
    // While only events are asked for, it befalls whichever Webset runs.
    const { id: other } = world.createWebset(ROBOTS);
    await get("/events?limit=1");
    expect(world.getWebset(other)).toMatchObject(failed);
  });

  test("loses no Webset that is not there", async () => {
    const { get, faults } = openWithFaults([{ name: "deleted-webset", times: 1 }]);
    expect((await get("/websets/webset_no")).status).toBe(404);
    expect((await get("/websets/%E0%A4%A")).status).toBe(404);
    expect(faults.happened).toEqual({});
  });

  test("has forgotten an event that is asked for alone", async () => {
    const opened = openWithFaults([{ name: "past-retention", times: 1 }]);
    const [id] = recordEvents(opened, 1);
    const { status, json } = await opened.get(`/events/${id}`);
    expect(status).toBe(404);
    expect(json.path).toBe(`/v0/events/${id}`);
    expect((await opened.get(`/events/${id}`)).status).toBe(200);
  });
});
