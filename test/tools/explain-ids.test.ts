import { describe, expect, onTestFinished, test } from "vitest";
import { idWithin } from "../../src/exa/id-within.ts";
import { explainIds, wrongKindOfId } from "../../src/tools/explain-ids.ts";
import { openToolWorld } from "../support/tool-world.ts";

async function open() {
  const world = await openToolWorld();
  onTestFinished(world.close);
  return world;
}

describe("an id in the wrong place", () => {
  test("is told from how it begins, with where it belongs", async () => {
    const { call, clock, world } = await open();
    const { searches, id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    const ask = async (name: string, args: object) => (await clock.until(call(name, { ...args }))).error;
    const searchId = searches[0]?.id ?? "";
    expect(searchId).not.toBe("");
    expect(await ask("get_webset_progress", { websetId: searchId })).toMatch(
      /^invalid_request: .*looks like the id of a search\. Call wait_for_webset with it as searchId/,
    );
    expect(await ask("wait_for_webset_event", { websetId: searchId })).toMatch(/^invalid_request: .*a search/);
    expect(await ask("list_webset_events", { websetId: "event_1" })).toMatch(/^invalid_request: .*get_webset_event/);
    expect(await ask("get_webset_event", { eventId: id })).toMatch(
      /^invalid_request: .*a Webset\. Call get_webset_progress with it as websetId/,
    );
    expect(await ask("wait_for_webset", { websetId: id, searchId: "event_1" })).toMatch(/^invalid_request: .*an event/);
  });

  test.each([
    (id: string) => `"${id}"`,
    (id: string) => `<${id}>`,
    (id: string) => id.toUpperCase(),
    (id: string) => id.replace("webset_", ""),
    (id: string) => `websetId: ${id}.`,
    (id: string) => `https://websets.exa.ai/websets/${id}?view=table`,
  ])("is told by itself where something is around it or missing of it, %#", async (written) => {
    const { call, clock, world } = await open();
    const { id } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 3 } });
    for (const name of ["get_webset_progress", "wait_for_webset", "list_webset_events"]) {
      const { error } = await clock.until(call(name, { websetId: written(id) }));
      expect(error).toMatch(/^(?:not_found|invalid_request): /);
      expect(error).toContain(` Call ${name} with websetId "${id}". `);
    }
  });

  test("is not guessed where a text has two, or one of another kind", () => {
    const [one, other] = ["webset_01m8fbp51wvh7dx70dxt3c38et", "webset_01m8fbp7zf80bqw0s80z8ptgqg"];
    expect(idWithin("websetId", `${one} and ${one}`)).toBe(one);
    for (const text of [one, `${one} and ${other}`, `x${one}`, `${one}x`, "webset_mine"]) {
      expect(idWithin("websetId", text), text).toBeUndefined();
    }
    expect(idWithin("eventId", `"${one}"`)).toBeUndefined();
  });

  test("of something that no parameter takes says where to look", () => {
    expect(wrongKindOfId("websetId", "monitor_abc")?.advice).toContain("list_webset_events");
    expect(wrongKindOfId("eventId", "webset_item_abc")?.message).toContain("an item");
  });

  test("is none where it is of the right kind, of no kind we know, or simply the caller's own", () => {
    for (const [parameter, id] of [
      ["websetId", "ws_1"],
      ["websetId", "webset_1"],
      ["searchId", "search_1"],
      ["eventId", "evt_1"],
      ["websetId", "my own id"],
      ["websetId", "customers_2026"],
      ["websetId", "search"],
    ] as const) {
      expect(wrongKindOfId(parameter, id), id).toBeUndefined();
    }
  });

  test("changes no error but that something was not found", () => {
    const error = new Error("something else");
    expect(explainIds(error, { websetId: "evt_1" })).toBe(error);
  });

  test("that exists all the same is taken as it is", async () => {
    const { call, clock, world } = await open();
    world.createWebset({ externalId: "search_mine", search: { query: "Makers of cargo bikes", count: 3 } });
    const { value } = await clock.until(call("get_webset_progress", { websetId: "search_mine" }));
    expect(value.progress.externalId).toBe("search_mine");
    const listed = await clock.until(call("list_webset_events", { websetId: "search_mine" }));
    expect(listed.error).toBeUndefined();
  });
});
