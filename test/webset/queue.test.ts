import { expect, test } from "vitest";
import { findScenario } from "../../src/sandbox/scenarios.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { openToolWorld } from "../support/tool-world.ts";
import { wait } from "./waiting.ts";

const TEAM = "/websets/v0/teams/me";
const ROBOTS = { search: { query: "Robot makers in Europe", count: 30 } };

/** An account in which one Webset waits behind another one. */
async function open(latencyMs = 0) {
  const world = await openToolWorld({ latencyMs, speed: 0.1 });
  findScenario("queued")?.begin(world.world);
  const websets = [...world.world.listWebsets({ order: "oldest-first" })].map(({ webset }) => webset);
  const [id = ""] = websets.filter(({ status }) => status === "pending").map((webset) => webset.id);
  const progressOf = async (websetId: string) =>
    (await world.clock.until(world.call("get_webset_progress", { websetId }))).value.progress;
  const asked = () => world.requests.latest.filter(({ path }) => path === TEAM).length;
  return { ...world, id, others: websets.filter((webset) => webset.id !== id), progressOf, asked };
}

test("a Webset that does not begin says that it waits in the account's queue, and one that does, does not", async () => {
  const { id, others, clock, progressOf, asked, close } = await open();
  expect(await progressOf(id)).not.toHaveProperty("queue");
  expect(asked()).toBe(0);
  await clock.advance(90_000);
  const told = await progressOf(id);
  expect(told.queue).toEqual({ active: 2, maxConcurrent: 2, queued: 1 });
  expect(told.summary).toMatch(
    /^pending; it waits in the account's queue: 1 queued, behind 2 of 2 running; search created/,
  );
  expect(asked()).toBe(1);
  for (const other of others) expect(await progressOf(other.id)).not.toHaveProperty("queue");
  await close();
});

test("the account is asked once a minute at most, however many want to know, and not by those whose search moves", async () => {
  const { id, others, clock, call, world, asked, close } = await open(50);
  await clock.advance(90_000);
  for (const other of others) await clock.until(call("wait_for_webset", { websetId: other.id, timeoutSeconds: 25 }));
  expect(asked()).toBe(0);
  const waits = Array.from({ length: 5 }, () => call("wait_for_webset", { websetId: id, timeoutSeconds: 250 }));
  const answers = await clock.until(Promise.all(waits));
  for (const { value } of answers) {
    expect(value).toMatchObject({ outcome: "still_running", progress: { queue: { queued: 1 } } });
    expect(value.warning).toBeUndefined();
  }
  expect(asked()).toBeGreaterThan(2);
  expect(asked()).toBeLessThanOrEqual(5);
  const before = asked();
  world.resumeWebset(id);
  await clock.advance(120_000);
  const { value } = await clock.until(call("wait_for_webset", { websetId: id, timeoutSeconds: 60 }));
  expect(value.progress).not.toHaveProperty("queue");
  expect(asked()).toBe(before);
  await close();
});

test("what is wrong with the account's answer is nobody's trouble, and costs no time", async () => {
  for (const answer of [{ status: 404 }, { status: 403 }, { status: 200, body: "[]" }, { status: 500 }, undefined]) {
    const opened = openFeedWorld({ speed: 0.1, latency: () => 50 });
    const { id } = opened.world.createWebset(ROBOTS);
    opened.world.queueWebset(id);
    await opened.fake.advance(60_000);
    opened.trouble.spoil = async ({ url }, next) => {
      if (url.pathname !== TEAM) return next();
      if (answer === undefined) return new Promise(() => {});
      return { ...(await next()), body: JSON.stringify({ message: "no" }), ...answer };
    };
    const waited = await opened.fake.until(wait(opened, id, { timeoutMs: 20_000 }));
    expect(waited.outcome).toBe("still_running");
    expect(waited.lastError).toBeUndefined();
    expect(waited.progress).not.toHaveProperty("queue");
    expect(waited.waitedMs).toBeLessThan(21_000);
    expect(opened.requests.filter(({ path }) => path === TEAM)).toHaveLength(1);
  }
});
