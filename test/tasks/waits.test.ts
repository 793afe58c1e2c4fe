import type { McpServer } from "@modelcontextprotocol/server";
import { describe, expect, test } from "vitest";
import { silentLog } from "../../src/shared/log.ts";
import { Tasks } from "../../src/tasks/tasks.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { mountTools } from "../../src/tools/mount.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { DECLARED, type Message } from "./raw-client.ts";
import { HOUR } from "./support.ts";

const DAY = 24 * HOUR;

type Handler = (request: unknown, context: unknown) => Promise<Message>;

/** The tools and tasks of a server whose clock, upstream and client are in the test's hands. */
function openTasks({ intervalMs = 1_000 } = {}) {
  const upstream = openFeedWorld({ speed: 0.000_1, intervalMs });
  const { exa, feed, states, clock, fake } = upstream;
  const tasks = new Tasks({ clock });
  const handlers = new Map<string, Handler>();
  // As much of the SDK's server as the tools are mounted on; the SDK itself would take turns that no fake clock sees.
  const server = {
    registerCapabilities() {},
    getClientVersion() {},
    setRequestHandler: (method: string, ...rest: unknown[]) => handlers.set(method, rest.at(-1) as Handler),
  };
  mountTools({ server } as unknown as McpServer, TOOLS, {
    deps: { exa, feed, states, ready: new ReadyChains({ exa, states, clock, feed }), clock, maxWaitSeconds: 300 },
    log: silentLog,
    background: { tasks, maxWaitSeconds: 86_400 },
  });
  const newRequest = () => ({
    envelope: { "io.modelcontextprotocol/clientCapabilities": DECLARED },
    signal: new AbortController().signal,
    notify: async () => {},
  });
  const call = (name: string, args: object): Promise<Message> =>
    (handlers.get("tools/call") as Handler)({ params: { name, arguments: args } }, { mcpReq: newRequest() });
  const newWebset = () => upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 5 } });
  return { ...upstream, tasks, call, newWebset, fake };
}

const isList = ({ path }: { path: string }) => path === "/websets/v0/events";

describe("a hundred tasks on a hundred Websets", () => {
  /** What so many tasks cost in the five minutes after their first looks, by request. */
  async function costOf(count: number) {
    const world = openTasks();
    const websets = Array.from({ length: count }, world.newWebset);
    const answers = await world.fake.until(
      Promise.all(websets.map(({ id }) => world.call("wait_for_webset", { websetId: id }))),
    );
    expect(answers.map(({ resultType }) => resultType)).toEqual(Array(count).fill("task"));
    await world.fake.advance(60_000);
    const looks = world.requests.filter((request) => !isList(request)).length;
    const before = world.requests.length;
    await world.fake.advance(300_000);
    return { world, websets, answers, looks, after: world.requests.slice(before) };
  }

  test("cost one look each, and then no more than a single one: the polls of one tail, and now and then a look and the account", async () => {
    const hundred = await costOf(100);
    const one = await costOf(1);
    expect(hundred.looks - 100).toBeLessThanOrEqual(4);
    const isPage = ({ path }: { path: string }) => path === "/websets/v0/websets";
    const isTeam = ({ path }: { path: string }) => path === "/websets/v0/teams/me";
    expect(hundred.after.filter((request) => ![isList, isPage, isTeam].some((is) => is(request)))).toEqual([]);
    expect(hundred.after.filter(isPage).length).toBeLessThanOrEqual(20);
    // Nothing moves: the account's queue may be what they wait for, which is asked for once a minute.
    expect(hundred.after.filter(isTeam)).toHaveLength(5);
    expect(hundred.world.feed.tails).toBe(1);
    expect(one.after.length).toBeGreaterThan(50);
    expect(Math.abs(hundred.after.length - one.after.length)).toBeLessThanOrEqual(1);

    // The end of a search costs nothing beside the polls: its event tells all.
    const { world, websets, answers } = hundred;
    const before = world.requests.filter((request) => !isList(request)).length;
    for (const { id } of websets) world.world.cancelWebset(id);
    await world.fake.advance(60_000);
    expect(world.requests.filter((request) => !isList(request)).length - before).toBeLessThanOrEqual(1);
    for (const { taskId } of answers) {
      expect(world.tasks.get(taskId)?.detailed).toMatchObject({
        status: "completed",
        result: { structuredContent: { outcome: "canceled" } },
      });
    }
    expect(world.feed.tails).toBe(0);
    await world.fake.advance(HOUR);
    expect(world.tasks.kept).toBe(0);
  });
});

test("a first look that waits for its turn does not keep the caller waiting: the call is a task after three seconds", async () => {
  const world = openTasks();
  let lets = () => {};
  const barrier = new Promise<void>((resolve) => {
    lets = resolve;
  });
  world.trouble.spoil = async (_, next) => {
    await barrier;
    return next();
  };
  const { id } = world.newWebset();
  const answer = await world.fake.until(world.call("wait_for_webset", { websetId: id }));
  expect(world.fake.now()).toBe(3_000);
  expect(answer).toMatchObject({ resultType: "task", status: "working" });
  lets();
  await world.fake.advance(2_000);
  expect(world.tasks.get(answer.taskId)?.detailed.statusMessage).toMatch(/found, .*; cursor \S+$/);
});

test("the status of a wait for events holds the cursor before what was found, however long ago that was", async () => {
  const world = openTasks();
  const args = { types: ["webset.created"], atLeast: 3 };
  const { taskId } = await world.fake.until(world.call("wait_for_webset_event", args));
  const { id } = world.newWebset();
  await world.fake.advance(HOUR / 2);
  const { statusMessage } = world.tasks.get(taskId)?.detailed ?? {};
  const [, after] = /^1 of 3 events; cursor (\S+)$/.exec(statusMessage ?? "") ?? [];
  world.tasks.get(taskId)?.cancel();
  expect(world.tasks.get(taskId)?.detailed.statusMessage).toBe(`Cancelled at: ${statusMessage}`);
  const again = await world.fake.until(world.call("wait_for_webset_event", { ...args, atLeast: 1, after }));
  expect(again.structuredContent).toMatchObject({ outcome: "events", events: [{ websetId: id }] });

  // Where nothing was found it moves along, so that going on from it reads nothing twice.
  const quiet = await world.fake.until(world.call("wait_for_webset_event", { types: ["monitor.*"] }));
  const cursorOf = () => /cursor (\S+)$/.exec(world.tasks.get(quiet.taskId)?.detailed.statusMessage ?? "")?.[1];
  const first = cursorOf();
  await world.fake.advance(HOUR / 2);
  expect(cursorOf()).not.toBe(first);
});

test("a task of a whole day ends on time and leaves nothing behind: no task, no tail, no timer", async () => {
  const world = openTasks({ intervalMs: 10_000 });
  const { id } = world.newWebset();
  const idleSleepers = world.fake.sleeping;
  const [webset, events] = await world.fake.until(
    Promise.all([
      world.call("wait_for_webset", { websetId: id, timeoutSeconds: 86_400 }),
      world.call("wait_for_webset_event", { types: ["monitor.*"], timeoutSeconds: 86_400 }),
    ]),
  );
  const startedAt = world.fake.now();
  await world.fake.advance(DAY - 60_000);
  const busiest = world.fake.sleeping;
  expect(world.tasks.live).toBe(2);
  expect(busiest - idleSleepers).toBeLessThan(12);
  await world.fake.advance(62_000);
  for (const [{ taskId }, outcome] of [
    [webset, "still_running"],
    [events, "quiet"],
  ] as const) {
    const { status, result, lastUpdatedAt, createdAt } = world.tasks.get(taskId)?.detailed ?? {};
    expect(status).toBe("completed");
    expect(result).toMatchObject({ structuredContent: { outcome, cursor: expect.any(String) } });
    const tookMs = Date.parse(lastUpdatedAt ?? "") - Date.parse(createdAt ?? "");
    expect(Math.abs(tookMs - DAY)).toBeLessThan(2_000);
  }
  expect(world.feed.tails).toBe(0);
  await world.fake.advance(HOUR);
  expect(world.tasks.kept).toBe(0);
  expect(world.fake.sleeping).toBe(idleSleepers);
  expect(world.fake.now() - startedAt).toBeGreaterThan(DAY);
});
