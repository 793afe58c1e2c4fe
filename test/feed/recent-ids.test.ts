import { describe, expect, test } from "vitest";
import { RecentIds } from "../../src/feed/recent-ids.ts";
import { DEMO, LONG_MS, openWorld } from "../resources/in-process.ts";

const signal = new AbortController().signal;

function eventOf(id: string, websetId = "ws_1") {
  return { id, type: "webset.item.created", createdAt: "2026-11-01T12:00:00.000Z", data: { websetId } };
}

describe("the ids met lately", () => {
  test("come with the one met last first, and as they begin", () => {
    const recent = new RecentIds();
    for (const id of ["event_a", "event_b", "other_c", "event_a"]) recent.noteEvent(eventOf(id));
    expect(recent.events("")).toEqual(["event_a", "other_c", "event_b"]);
    expect(recent.events("event_")).toEqual(["event_a", "event_b"]);
    expect(recent.websets("")).toEqual(["ws_1"]);
  });

  test("are kept up to a bound", () => {
    const recent = new RecentIds();
    for (let number = 0; number < 1_000; number++) recent.noteEvent(eventOf(`event_${number}`, `ws_${number}`));
    expect(recent.events("")).toHaveLength(200);
    expect(recent.events("")[0]).toBe("event_999");
    expect(recent.websets("").at(-1)).toBe("ws_800");
  });

  test("are those of what a client was answered, whichever way a list is sorted", async () => {
    for (const listOrder of ["newest-first", "oldest-first"] as const) {
      const { exa, recent, world, clock } = openWorld({ listOrder });
      const { id } = world.createWebset(DEMO);
      await clock.advance(LONG_MS);
      const { value } = await exa.listEvents({ types: ["webset.search.updated", "webset.idle"] }, { signal });
      const newest = value.events.map(({ createdAt }) => createdAt).sort();
      const times = new Map(value.events.map((event) => [event.id, event.createdAt]));
      expect(recent.events("").map((event) => times.get(event))).toEqual(newest.reverse());
      expect(recent.websets("")).toEqual([id]);
    }
  });

  test("hold the Webset and the event that were asked for by name", async () => {
    const { exa, recent, world } = openWorld();
    const { id } = world.createWebset({ ...DEMO, externalId: "mine" });
    const event = world.record("webset.idle", { id: "ws_other" });
    await exa.getWebset("mine", { signal });
    await exa.getEvent(event.id, { signal });
    expect(recent.websets("")).toEqual(["ws_other", id]);
    expect(recent.events("")).toEqual([event.id]);
  });

  test("are not those of answers that never came", async () => {
    const { exa, recent } = openWorld();
    await expect(exa.getWebset("ws_nowhere", { signal })).rejects.toMatchObject({ kind: "not_found" });
    expect(recent.websets("")).toEqual([]);
  });
});
