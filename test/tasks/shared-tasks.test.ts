import { beforeEach, describe, expect, test } from "vitest";
import { type KeptTask, SharedTasks } from "../../src/tasks/shared-tasks.ts";
import { type Task, TasksAway } from "../../src/tasks/task.ts";
import { type Resume, Tasks } from "../../src/tasks/tasks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryState } from "../support/memory-state.ts";
import { HOUR, type ManualWork, MINUTE, manualWork, text } from "./support.ts";

let clock: FakeClock;
let state: MemoryState;
let one: Tasks;
let other: Tasks;
/** What was asked to be done once more, and the work that does it. */
let resumed: { kept: KeptTask; leftMs: number; parts: ManualWork }[];

const resume: Resume = (kept, leftMs) => {
  const parts = manualWork({ longestMs: leftMs });
  resumed.push({ kept, leftMs, parts });
  return { work: parts.work, call: { tool: kept.tool, arguments: kept.arguments, cursor: () => kept.cursor } };
};

const newTasks = (tenant = "tenant") => new Tasks({ clock, shared: new SharedTasks({ state, tenant }, clock) });

beforeEach(() => {
  clock = new FakeClock();
  state = new MemoryState(clock);
  [one, other] = [newTasks(), newTasks()];
  resumed = [];
});

async function begin(tasks: Tasks): Promise<ManualWork & { task: Task }> {
  const parts = manualWork();
  const call = { tool: "wait", arguments: { websetId: "ws_1" }, cursor: () => "c1" };
  const task = tasks.create(parts.work, call);
  await clock.advance(10);
  return { ...parts, task };
}

describe("a task of another replica", () => {
  test("is told as it stands, and nothing is done twice", async () => {
    const { task } = await begin(one);
    const { statusMessage, ...seed } = task.detailed;
    expect(statusMessage).toBeUndefined();
    expect((await other.find(task.id, resume))?.detailed).toEqual({ ...seed, statusMessage: "cursor c1" });
    expect(await newTasks("neighbour").find(task.id, resume)).toBeUndefined();
    expect(resumed).toEqual([]);
  });

  test("has its result found once more by whoever is asked, and kept", async () => {
    const { task, finish } = await begin(one);
    finish(text("12 events"));
    await clock.advance(10);
    const found = other.find(task.id, resume);
    await clock.advance(10);
    expect(resumed).toMatchObject([
      { leftMs: 0, kept: { tool: "wait", arguments: { websetId: "ws_1" }, cursor: "c1" } },
    ]);
    resumed[0]?.parts.finish(text("the same 12 events"));
    expect((await found)?.detailed).toMatchObject({
      taskId: task.id,
      status: "completed",
      result: text("the same 12 events"),
    });
    expect((await other.find(task.id, resume))?.detailed.status).toBe("completed");
    expect(resumed).toHaveLength(1);
  });

  test("can be canceled from anywhere, also where nobody does its work", async () => {
    const { task, signal } = await begin(one);
    await (await other.find(task.id, resume))?.cancel();
    expect(signal.aborted).toBe(true);
    await clock.advance(MINUTE);
    expect(task.detailed.status).toBe("cancelled");
    expect((await other.find(task.id, resume))?.detailed.status).toBe("cancelled");
    expect(resumed).toEqual([]);
  });

  test("is gone on with where its replica has ended, for what is left of its time", async () => {
    const { task } = await begin(one);
    await clock.advance(10 * MINUTE);
    one.close();
    await clock.advance(10);
    const adopted = await other.find(task.id, resume);
    expect(adopted?.detailed).toMatchObject({ taskId: task.id, status: "working", createdAt: task.seed.createdAt });
    expect(resumed).toHaveLength(1);
    expect(resumed[0]?.leftMs).toBeLessThanOrEqual(HOUR - 10 * MINUTE);
    expect(resumed[0]?.leftMs).toBeGreaterThan(HOUR - 11 * MINUTE);
    // Whoever asks now, asks about one that has a replica.
    expect((await newTasks().find(task.id, resume))?.detailed.status).toBe("working");
    expect(resumed).toHaveLength(1);
    resumed[0]?.parts.finish(text("all"));
    await clock.advance(10);
    expect((await other.find(task.id, resume))?.detailed).toMatchObject({ status: "completed", result: text("all") });
  });

  test("has what is left of its time whatever the clocks of two replicas show, and is kept as long", async () => {
    for (const aheadMs of [-3 * HOUR, 3 * HOUR]) {
      const { task } = await begin(one);
      const apart = {
        now: () => clock.now(),
        wallTime: () => clock.wallTime() + aheadMs,
        sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
      };
      const tasks = new Tasks({ clock: apart, shared: new SharedTasks({ state, tenant: "tenant" }, apart) });
      await clock.advance(10 * MINUTE);
      one.close();
      await clock.advance(10);
      const adopted = await tasks.find(task.id, resume);
      expect(adopted?.detailed).toMatchObject({ createdAt: task.seed.createdAt, ttlMs: task.seed.ttlMs });
      const { leftMs, kept } = resumed.at(-1) ?? {};
      expect(leftMs).toBeLessThanOrEqual(HOUR - 10 * MINUTE);
      expect(leftMs).toBeGreaterThan(HOUR - 11 * MINUTE);
      expect(kept?.ageMs).toBeGreaterThanOrEqual(10 * MINUTE - 10);
      await clock.advance(10);
      const record = await state.get({ tenant: "tenant", id: `task ${task.id}` });
      expect((record?.leftMs ?? 0) / MINUTE).toBeCloseTo(2 * 60 - 10, 1);
      tasks.close();
      one = newTasks();
    }
  });

  test("is one also for those who ask at the same moment", async () => {
    const { task } = await begin(one);
    one.close();
    await clock.advance(10);
    const replicas = [other, other, newTasks(), newTasks()];
    const found = await Promise.all(replicas.map((tasks) => tasks.find(task.id, resume)));
    expect(found.map((one) => one?.detailed.status)).toEqual(["working", "working", "working", "working"]);
    expect(resumed).toHaveLength(1);
  });

  test("is let go of by a replica that seemed to be lost and was not", async () => {
    const { task, signal } = await begin(one);
    // Its lease ran out, and another replica has taken it.
    const name = `tenant task ${task.id}`;
    state.expire(name);
    const taken = await state.lease(name, MINUTE);
    await clock.advance(MINUTE);
    expect(signal.aborted).toBe(true);
    expect(one.get(task.id)).toBeUndefined();
    expect((await one.find(task.id, resume))?.detailed.status).toBe("working");
    await taken?.release();
  });

  test("is forgotten with its outcome, and nothing is left", async () => {
    const { task, finish } = await begin(one);
    finish(text("done"));
    await clock.advance(HOUR + MINUTE);
    expect(await one.find(task.id, resume)).toBeUndefined();
    expect(await other.find(task.id, resume)).toBeUndefined();
    expect(await state.list("tenant")).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  test("is canceled also where its replica hears no poke, and stays so", async () => {
    const { task, signal } = await begin(one);
    state.poke = async () => {};
    await (await other.find(task.id, resume))?.cancel();
    expect(signal.aborted).toBe(false);
    await clock.advance(10_000);
    expect(signal.aborted).toBe(true);
    for (const tasks of [one, other]) expect((await tasks.find(task.id, resume))?.detailed.status).toBe("cancelled");
  });

  test("is written down again at once where the store has lost all it held", async () => {
    const { task } = await begin(one);
    await state.delete({ tenant: "tenant", id: `task ${task.id}` });
    state.expire(`tenant task ${task.id}`);
    await clock.advance(10);
    expect((await other.find(task.id, resume))?.detailed.status).toBe("working");
    expect(resumed).toEqual([]);
  });

  test("that is begun while the state is away is tried to be put there now and then, and is there once it is back", async () => {
    const lease = state.lease.bind(state);
    let asked = 0;
    state.lease = async () => {
      // Whoever asks without a pause asks for ever.
      if (++asked > 100) one.close();
      throw new Error("away");
    };
    const { task, signal } = await begin(one);
    await clock.advance(9_500);
    expect(signal.aborted).toBe(false);
    expect(asked).toBeLessThanOrEqual(10);
    state.lease = lease;
    await clock.advance(1_000);
    expect((await other.find(task.id, resume))?.detailed.status).toBe("working");
  });

  test("that is not there may be put there again, where the state was away just now: nobody says that there is none", async () => {
    const { task } = await begin(one);
    await state.delete({ tenant: "tenant", id: `task ${task.id}` });
    state.mayHaveForgotten = true;
    await expect(other.find(task.id, resume)).rejects.toBeInstanceOf(TasksAway);
    state.mayHaveForgotten = false;
    expect(await other.find(task.id, resume)).toBeUndefined();
  });

  test("cannot be found while the state is away: that is said, and a task of one's own goes on", async () => {
    const { task, finish } = await begin(one);
    const away = () => Promise.reject(new Error("away"));
    Object.assign(state, { get: away, put: away, lease: away });
    await expect(other.find(task.id, resume)).rejects.toBeInstanceOf(TasksAway);
    finish(text("done"));
    await clock.advance(10);
    expect((await one.find(task.id, resume))?.detailed.status).toBe("completed");
    one.close();
    await clock.advance(MINUTE);
    expect(clock.sleeping).toBe(0);
  });
});
