import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSandbox } from "../../src/sandbox/server.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { eventually } from "../support/eventually.ts";
import { DEMO } from "./in-process.ts";
import { ERA_NAMES, openProgram } from "./session.ts";

const FAST = ["--poll-interval", "0.2"];

describe.each(ERA_NAMES)("the built program, for a client of %s on stdio", (era) => {
  async function open() {
    const upstream = createSandbox({ clock: systemClock, speed: 20 });
    onTestFinished(() => upstream.close());
    const { url } = await upstream.listen(0);
    const { id } = upstream.world.past(600_000, () => upstream.world.createWebset(DEMO));
    const session = await openProgram(era, FAST, { EXA_BASE_URL: url, EXA_API_KEY: "any" });
    const uri = `websets://websets/${id}/progress`;
    const search = () => upstream.world.createSearch(id, { query: "Robot makers in Asia", count: 5 });
    /** How many requests come in a time in which any watch would have asked. */
    const askedIn = async (ms: number) => {
      const before = upstream.requests.total;
      await sleep(ms);
      return upstream.requests.total - before;
    };
    /** Until the watch has asked more than its first look. */
    const watching = () => eventually(() => upstream.requests.total > 2, { what: "polling" });
    return { upstream, session, id, uri, search, askedIn, watching };
  }

  test("reads all kinds of resources", async () => {
    const { upstream, session, id, uri } = await open();
    const [first] = [...upstream.world.events.walk({ order: "oldest-first" })].map(({ event }) => event);
    expect((await session.read("websets://event-types")).eventTypes).toHaveLength(19);
    const type = await session.read("websets://event-types/monitor.run.completed");
    expect([type.dataSchema.title, type.example.data.object]).toEqual(["MonitorRun", "monitor_run"]);
    expect(await session.read(`websets://events/${first?.id}`)).toEqual(first);
    expect(await session.read(uri)).toMatchObject({ websetId: id, status: "idle" });
    expect((await session.refusal("websets://event-types/webset.idel")).message).toContain("webset.idle");
    expect(upstream.requests.total).toBe(2);
  });

  test("completes what tools have seen, and gives the prompt", async () => {
    const { session, id } = await open();
    await session.client.callTool({ name: "list_webset_events", arguments: { limit: 5 } });
    const ref = { type: "ref/prompt" as const, name: "track_webset" };
    expect(await session.complete(ref, "websetId", "webset_")).toEqual([id]);
    const eventRef = { type: "ref/resource" as const, uri: "websets://events/{eventId}" };
    expect((await session.complete(eventRef, "eventId", "event_")).length).toBeGreaterThanOrEqual(5);
    const { messages } = await session.client.getPrompt({ name: "track_webset", arguments: { websetId: id } });
    expect(JSON.stringify(messages)).toContain(id);
  });

  test("sends updates while there is a subscription, and asks nothing of the API without one", async () => {
    const { session, uri, search, askedIn, watching } = await open();
    expect(await askedIn(1_000)).toBe(0);
    const end = await session.subscribe(uri);
    await watching();
    expect(session.updates).toEqual([]);
    search();
    await eventually(() => session.updates.length > 0, { what: "an update" });
    expect(new Set(session.updates)).toEqual(new Set([uri]));
    await end();
    // What was under way when it ended has come before this answer.
    await session.read(uri);
    const before = session.updates.length;
    expect(await askedIn(2_000)).toBe(0);
    expect(session.updates).toHaveLength(before);
  });

  test("asks nothing of the API when the client that subscribed has gone", async () => {
    const { session, uri, askedIn, watching } = await open();
    await session.subscribe(uri);
    await watching();
    await session.close();
    expect(await askedIn(1_500)).toBe(0);
  });

  test("explains a missing key", async () => {
    const session = await openProgram(era, FAST, {});
    const { message } = await session.refusal("websets://websets/ws_1/progress");
    expect(message).toMatch(/^missing_key: .*EXA_API_KEY/);
  });
});
