import { describe, expect, test } from "vitest";
import { LONG_MS, ROBOTS } from "../support.ts";
import { openWithFaults, recordEvents } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
type Any = any;

describe("an answer", () => {
  test("of the wrong shape is valid JSON, a success, and neither a list nor a resource", async () => {
    const opened = openWithFaults([{ name: "wrong-shape" }]);
    recordEvents(opened, 5);
    const shapes = new Set<string>();
    for (let asked = 0; asked < 50; asked++) {
      const { status, json } = await opened.get(asked % 2 === 0 ? "/events" : "/events/e1");
      expect(status).toBe(200);
      expect(Array.isArray(json?.data) || typeof json?.id === "string").toBe(false);
      shapes.add(JSON.stringify(json));
    }
    expect(shapes.size).toBeGreaterThan(4);
  });

  test("of the wrong shape is none where something is created", async () => {
    const { post } = openWithFaults([{ name: "wrong-shape" }]);
    expect((await post("/websets", {})).json.object).toBe("webset");
  });

  test("can have one malformed event among all the good ones", async () => {
    const opened = openWithFaults([{ name: "malformed-event" }]);
    const ids = recordEvents(opened, 5);
    const isGood = (event: Any) =>
      typeof event?.id === "string" &&
      event.id !== "" &&
      typeof event.type === "string" &&
      !Number.isNaN(Date.parse(event.createdAt));
    const places = new Set<number>();
    for (let asked = 0; asked < 50; asked++) {
      const { data } = (await opened.get("/events")).json;
      expect(data).toHaveLength(6);
      expect(data.filter(isGood).map(({ id }: Any) => id)).toEqual(ids.toReversed());
      places.add(data.findIndex((event: Any) => !isGood(event)));
    }
    expect(places.size).toBeGreaterThan(3);
  });

  test("can lack its Date header", async () => {
    const { get } = openWithFaults([{ name: "no-date", times: 1 }]);
    expect((await get("/events")).headers).not.toHaveProperty("date");
    expect((await get("/events")).headers).toHaveProperty("date");
  });
});

describe("500 KB of page text", () => {
  test("stand in every item, and nothing else changes", async () => {
    const opened = openWithFaults();
    const { world, clock, get, faults } = opened;
    const { id } = world.createWebset(ROBOTS);
    await clock.advance(LONG_MS);
    const paths = [`/websets/${id}/items`, "/events?types=webset.item.created", "/events?types=webset.idle"];
    const before: Any[] = [];
    for (const path of paths) before.push((await get(path)).json);
    const one = before[1].data[0];
    faults.add({ name: "large-payloads" });

    const items = (await get(`/websets/${id}/items`)).json.data;
    expect(items.map(({ properties }: Any) => properties.content.length)).toEqual(Array(8).fill(500_000));
    const events = (await get("/events?types=webset.item.created")).json.data;
    expect(events.every(({ data }: Any) => data.properties.content.length === 500_000)).toBe(true);
    events[0].data.properties.content = one.data.properties.content;
    expect(events[0]).toEqual(one);
    expect((await get(`/events/${one.id}`)).json.data.properties.content).toHaveLength(500_000);
    expect((await get(`/websets/${id}/items/${one.data.id}`)).json.properties.content).toHaveLength(500_000);

    expect((await get("/events?types=webset.idle")).json).toEqual(before[2]);
    expect(faults.happened).toEqual({ "large-payloads": 4 });
  });
});
