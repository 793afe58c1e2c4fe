import { expect, onTestFinished, test } from "vitest";
import type { Faults } from "../../src/sandbox/message.ts";
import { openToolWorld } from "../support/tool-world.ts";

const SEARCH = { query: "Makers of cargo bikes", count: 3 };

async function open(parameters: object = { search: SEARCH }) {
  const world = await openToolWorld();
  onTestFinished(world.close);
  const webset = world.world.createWebset(parameters);
  const wait = async (args: object = {}) =>
    world.clock.until(world.call("wait_for_webset", { websetId: webset.id, timeoutSeconds: 250, ...args }));
  return { ...world, webset, wait, id: JSON.stringify(webset.id) };
}

const ENRICHED = { search: SEARCH, enrichments: [{ description: "Contact email", format: "email" }] };

test("a search that is completed names the wait for the enrichments that are pending, and that one the items", async () => {
  const { wait, id } = await open(ENRICHED);
  const searched = await wait();
  expect(searched.value.outcome).toBe("reached");
  expect(searched.value.next).toMatch(
    `An enrichment still goes on: call wait_for_webset with websetId ${id} and until "idle"`,
  );
  expect(searched.value.next).not.toContain("searchId");
  const done = await wait({ until: "idle" });
  expect(done.value).toMatchObject({ outcome: "reached", progress: { status: "idle" } });
  expect(done.value.next).toMatch(`list_webset_items with websetId ${id}`);
  expect(done.value.next).not.toContain("wait_for_webset");
});

test("what was so before the call may be of before a search that was just started: that one's searchId is asked for", async () => {
  const { wait, webset } = await open();
  await wait();
  for (const until of ["search_completed", "idle"]) {
    expect((await wait({ until })).value.next).toContain(
      "if you have just started a search, call again with its searchId",
    );
  }
  expect((await wait({ searchId: webset.searches[0]?.id })).value.next).not.toContain("searchId");
});

test("a wait that ends before says how to go on with the same", async () => {
  const { wait, id, webset, world } = await open({ search: { ...SEARCH, count: 30 } });
  const searchId = webset.searches[0]?.id ?? "";
  const args = { until: "items", items: 29, searchId, timeoutSeconds: 1 };
  const again = `wait_for_webset again with websetId ${id}, until "items", items 29, searchId "${searchId}".`;
  expect((await wait(args)).value).toMatchObject({ outcome: "still_running", next: `Call ${again}` });
  world.pauseWebset(webset.id);
  const paused = await wait(args);
  expect(paused.value.outcome).toBe("paused");
  expect(paused.value.next).toContain(`; then call ${again}`);
  world.resumeWebset(webset.id);
  world.cancelWebset(webset.id);
  const canceled = await wait();
  expect(canceled.value.outcome).toBe("canceled");
  expect(canceled.value.next).toMatch(/canceledReason.*list_webset_items/);
  expect((await wait({ until: "items", items: 30 })).value.outcome).toBe("canceled");
});

test("so many items are waited for, and fewer are an end, too", async () => {
  const { wait } = await open();
  const some = await wait({ until: "items", items: 2 });
  expect(some.value).toMatchObject({
    outcome: "reached",
    next: expect.stringMatching(/^2 of the 2 asked for are found\. A search still goes on: call/),
  });
  const more = await wait({ until: "items", items: 4 });
  expect(more.value).toMatchObject({
    outcome: "stopped",
    next: expect.stringMatching(/^3 of the 4 asked for are found\. Nothing more comes.*list_webset_items/),
  });
});

test("items belongs to until items: one without the other is refused with the call that is meant", async () => {
  const { wait } = await open();
  expect((await wait({ until: "items" })).error).toMatch(
    /^invalid_request: .*needs the parameter items.*items 10 .*, or without until\.$/,
  );
  for (const until of ["search_completed", "idle"]) {
    expect((await wait({ until, items: 5 })).error).toMatch(
      /^invalid_request: .*items holds 5.*until "items" and items 5/,
    );
  }
  for (const items of [0, -1, 1.5, "many"]) {
    expect((await wait({ until: "items", items })).error).toMatch(/^invalid_request: The parameter items/);
  }
  expect((await wait({ until: "items", items: "2" })).value.outcome).toBe("reached");
  const alone = (await wait({ items: 1 })).value;
  expect(alone.outcome).toBe("reached");
  expect(alone.next).toMatch(/^[23] items are found, 1 were asked for\. /);
});

test("a deleted Webset ends the wait, and its events are named", async () => {
  const { call, clock, webset, world } = await open({ search: { ...SEARCH, count: 30 } });
  const waiting = call("wait_for_webset", { websetId: webset.id });
  await clock.advance(3_000);
  world.deleteWebset(webset.id);
  const { value } = await clock.until(waiting);
  expect(value).toMatchObject({ outcome: "deleted", next: expect.stringContaining("list_webset_events") });
});

test("a search that was canceled by itself has no reason to read", async () => {
  const alone = await open({ search: { ...SEARCH, count: 30 } });
  alone.world.cancelSearch(alone.webset.id, alone.webset.searches[0]?.id ?? "");
  expect((await alone.wait()).value).toMatchObject({
    outcome: "canceled",
    next: expect.stringMatching(/^Nothing more comes of what was canceled, and the API does not say why\./),
  });
});

test("where the Webset is paused, nobody is sent to wait for what does not go on", async () => {
  const { wait, world, webset } = await open(ENRICHED);
  expect((await wait()).value.outcome).toBe("reached");
  world.pauseWebset(webset.id);
  const { value } = await wait();
  expect(value).toMatchObject({
    outcome: "reached",
    next: expect.stringContaining("The Webset is paused: nothing else"),
  });
  expect(value.next).not.toContain("for its end");
});

test("a status of the Webset that nobody knows is told with when to stop, for it may be an end", async () => {
  const faults: Faults = {
    async intercept(_, next) {
      const answer = await next();
      return {
        ...answer,
        body: answer.body.replace('"object":"webset","status":"running"', '"object":"webset","status":"archived"'),
      };
    },
  };
  const world = await openToolWorld({ faults });
  onTestFinished(world.close);
  const { id: websetId } = world.world.createWebset({ search: { ...SEARCH, count: 30 } });
  const args = { websetId, until: "idle", timeoutSeconds: 1 };
  const { value } = await world.clock.until(world.call("wait_for_webset", args));
  expect(value.outcome).toBe("still_running");
  expect(value.next).toMatch(/^Call wait_for_webset again with .*\. But where progress is the same.*stop.*"archived"/);
});

test("so many items are found by searches: what was imported is said not to be counted", async () => {
  const { world, call, clock } = await open();
  const { id } = world.imports.create({ format: "csv", size: 10, count: 5, entity: { type: "company" } });
  world.imports.upload(id, "name\nOne\nTwo\nThree\nFour\nFive\n");
  const { id: websetId } = world.createWebset({ import: [{ source: "import", id }] });
  const { value } = await clock.until(call("wait_for_webset", { websetId, items: 3 }));
  expect(value).toMatchObject({ outcome: "stopped", progress: { found: 0 } });
  expect(value.next).toMatch(/^0 of the 3 asked for are found by searches, imported items not counted\./);
});
