import { expect, onTestFinished, test } from "vitest";
import { refused, spoiling } from "../support/faulty.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

const WEBSET = {
  search: { query: "Makers of cargo bikes", count: 3 },
  enrichments: [{ description: "Contact email", format: "email" as const }],
};

async function open(options: ToolWorldOptions = {}) {
  const world = await openToolWorld(options);
  onTestFinished(world.close);
  const webset = world.world.createWebset(WEBSET);
  await world.clock.advance(120_000);
  const list = async (args: Record<string, unknown>) =>
    (await world.clock.until(world.call("list_webset_events", args))).value.events;
  return { ...world, webset, list };
}

const statesAskedFor = ({ requests }: Awaited<ReturnType<typeof open>>, id: string) =>
  requests.latest.filter(({ path }) => path.endsWith(`/websets/${id}`)).length;

test("summaries name enrichments by the titles in their Webset's state, which is asked for once", async () => {
  const opened = await open();
  const { list, webset } = opened;
  const title = opened.world.getWebset(webset.id).enrichments[0]?.title;
  for (let n = 0; n < 3; n++) {
    const events = await list({ types: ["webset.item.enriched"] });
    expect(events).toHaveLength(3);
    for (const { summary, websetId } of events) {
      expect(summary).toMatch(new RegExp(`; 1 of 1 done; ${title}: "[^"]+@[^"]+"; in "[^"]+"$`));
      expect(websetId).toBe(webset.id);
    }
  }
  expect(statesAskedFor(opened, webset.id)).toBe(1);
});

test("a Webset that was asked for is not told again with each event", async () => {
  const { list, webset, call, clock } = await open();
  for (const event of await list({ websetId: webset.id })) expect(event).not.toHaveProperty("websetId");
  const waiting = call("wait_for_webset_event", { websetId: webset.id, after: webset.createdAt, timeoutSeconds: 1 });
  const { value } = await clock.until(waiting);
  expect(value.events.length).toBeGreaterThan(3);
  for (const event of value.events) expect(event).not.toHaveProperty("websetId");
  const { value: one } = await clock.until(call("get_webset_event", { eventId: value.events[0].id }));
  expect(one.event.websetId).toBe(webset.id);
});

test("a monitor's run names its Webset and its monitor, and a look at the Webset tells what came of the last one", async () => {
  const { list, webset, world, clock, call } = await open();
  const monitor = world.monitors.create({
    websetId: webset.id,
    cadence: { cron: "0 9 * * 1", timezone: "Etc/UTC" },
    behavior: { type: "search", config: { count: 2, behavior: "append" } },
  });
  world.monitors.trigger(monitor.id);
  await clock.advance(120_000);
  const [run] = await list({ types: ["monitor.run.completed"] });
  expect(run).toMatchObject({ websetId: webset.id, resource: { of: monitor.id } });
  expect(run.summary).toMatch(/^Monitor run completed after \d+ s \(search\), 2 found by its search; in "[^"]+"$/);
  const { value } = await clock.until(call("get_webset_progress", { websetId: webset.id }));
  expect(value.progress).toMatchObject({
    found: 5,
    monitors: [{ monitorId: monitor.id, lastRun: { runId: run.resource.id, status: "completed", found: 2 } }],
  });
});

test("what a Webset is called is told wherever it is known, with no request for it", async () => {
  const opened = await open();
  const { list, webset, clock, call, requests, world } = opened;
  const title = world.getWebset(webset.id).title;
  const types = ["webset.search.completed", "webset.item.created"];
  for (const { summary } of await list({ types })) expect(summary).not.toContain("; in ");
  await clock.until(call("list_websets"));
  const asked = requests.latest.length;
  for (const { summary } of await list({ types })) expect(summary).toMatch(new RegExp(`; in "${title}"$`));
  for (const { summary } of await list({ types, websetId: webset.id })) expect(summary).not.toContain("; in ");
  expect(requests.latest.slice(asked).filter(({ path }) => path.endsWith("/websets")).length).toBe(0);
});

test("where the state cannot be read in a moment, events are told without titles", async () => {
  for (const trouble of [refused(500, "sorry"), refused(404, "Webset not found")]) {
    const { list, clock } = await open({ faults: spoiling({ "/v0/websets/": trouble }) });
    const begun = clock.now();
    for (const { summary } of await list({ types: ["webset.item.enriched"] })) {
      expect(summary).toMatch(/; 1 of 1 done; "[^"]+@[^"]+"$/);
    }
    expect(clock.now() - begun).toBeLessThan(1_000);
  }
});
