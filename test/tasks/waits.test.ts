import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";
import { HOUR } from "./support.ts";

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
