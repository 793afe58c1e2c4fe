import { CreateTaskResultV2Schema, DetailedTaskV2Schema, TaskV2Schema } from "@modelcontextprotocol/ext-tasks/core/v2";
import { beforeEach, describe, expect, test } from "vitest";
import { abortError } from "../../src/shared/errors.ts";
import { KEPT_MS, Tasks, TooManyTasks } from "../../src/tasks/tasks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { HOUR, MINUTE, manualWork, settled, text } from "./support.ts";

let clock: FakeClock;
let tasks: Tasks;

beforeEach(() => {
  clock = new FakeClock(Date.parse("2026-11-01T12:00:00.000Z"));
  tasks = new Tasks({ clock });
});

describe("a task under way", () => {
  test("has the shape that the extension's own schema asks for, with its lifetime and its pace", async () => {
    const { work, report } = manualWork({ longestMs: 5 * MINUTE, pollIntervalMs: () => 1_234.5 });
    report("12 of 50 found");
    const task = tasks.create(work);
    await clock.advance(90_000);
    expect(TaskV2Schema.parse(task.seed)).toEqual(task.seed);
    expect(DetailedTaskV2Schema.parse(task.detailed)).toEqual(task.detailed);
    expect(CreateTaskResultV2Schema.safeParse({ resultType: "task", ...task.seed }).success).toBe(true);
    expect(task.detailed).toEqual({
      taskId: task.id,
      status: "working",
      statusMessage: "12 of 50 found",
      createdAt: "2026-11-01T12:00:00.000Z",
      lastUpdatedAt: "2026-11-01T12:00:00.000Z",
      ttlMs: 5 * MINUTE + KEPT_MS,
      pollIntervalMs: 1_235,
    });
  });

  test("tells the latest message, and when it came", async () => {
    const { work, report } = manualWork();
    const task = tasks.create(work);
    expect(task.seed).not.toHaveProperty("statusMessage");
    await clock.advance(2_000);
    report("one");
    await clock.advance(3_000);
    expect(task.seed).toMatchObject({ statusMessage: "one", lastUpdatedAt: "2026-11-01T12:00:02.000Z" });
    report("two", () => "and more");
    expect(task.seed).toMatchObject({ statusMessage: "two; and more", lastUpdatedAt: "2026-11-01T12:00:05.000Z" });
  });

  test("asks for the aside when it is looked at, and does not count it as a change", async () => {
    const { work, report } = manualWork();
    const task = tasks.create(work);
    let cursor = "a";
    report("waiting", () => cursor);
    await clock.advance(5_000);
    cursor = "b";
    report("waiting", () => cursor);
    expect(task.seed).toMatchObject({ statusMessage: "waiting; b", lastUpdatedAt: "2026-11-01T12:00:00.000Z" });
    cursor = "c";
    expect(task.seed.statusMessage).toBe("waiting; c");
  });

  test("tells the pace of this moment", () => {
    let pace = 1_000;
    const task = tasks.create(manualWork({ pollIntervalMs: () => pace }).work);
    expect(task.seed.pollIntervalMs).toBe(1_000);
    pace = 5_000;
    expect(task.seed.pollIntervalMs).toBe(5_000);
    pace = 0;
    expect(task.seed.pollIntervalMs).toBe(1);
  });

  test("is found by its id from the moment it exists", () => {
    const task = tasks.create(manualWork().work);
    expect(tasks.get(task.id)).toBe(task);
    expect(tasks.get(`${task.id}x`)).toBeUndefined();
  });

  test("has an id of 122 random bits", () => {
    const ids = Array.from({ length: 50 }, () => tasks.create(manualWork().work).id);
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("a task that ends", () => {
  test("is completed with the very result of its work", async () => {
    const { work, report, finish } = manualWork();
    const task = tasks.create(work);
    report("50 of 50 found", () => "never asked for again");
    await clock.advance(2 * MINUTE);
    const result = { ...text("done"), structuredContent: { outcome: "reached" } };
    finish(result);
    await settled();
    expect(task.detailed).toEqual({
      taskId: task.id,
      status: "completed",
      statusMessage: "50 of 50 found",
      createdAt: "2026-11-01T12:00:00.000Z",
      lastUpdatedAt: "2026-11-01T12:02:00.000Z",
      ttlMs: 2 * MINUTE + KEPT_MS,
      result,
    });
    expect(DetailedTaskV2Schema.parse(task.detailed)).toEqual(task.detailed);
    expect(task.seed).not.toHaveProperty("result");
  });

  test("is completed, not failed, with a result that is an error of its own", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    finish({ ...text("not_found"), isError: true });
    await settled();
    expect(task.detailed).toMatchObject({ status: "completed", result: { isError: true } });
  });

  test("fails with an error of the protocol, its code and its data", async () => {
    const { work, fail } = manualWork();
    const task = tasks.create(work);
    fail(Object.assign(new Error("no such tool"), { code: -32602, data: { tool: "x" } }));
    await settled();
    expect(task.detailed).toMatchObject({
      status: "failed",
      statusMessage: "no such tool",
      error: { code: -32602, message: "no such tool", data: { tool: "x" } },
    });
    expect(task.detailed).not.toHaveProperty("result");
    expect(DetailedTaskV2Schema.parse(task.detailed)).toEqual(task.detailed);
  });

  test("fails with an internal error where the rejection has no code", async () => {
    const { work, fail } = manualWork();
    const task = tasks.create(work);
    fail(new Error("boom"));
    await settled();
    expect(task.detailed).toMatchObject({ status: "failed", error: { code: -32603, message: "boom" } });
  });

  test("is cancelled at once, and its work is told to stop", async () => {
    const { work, report, signal } = manualWork();
    const task = tasks.create(work);
    report("3 of 10 events", () => "cursor abc");
    task.cancel();
    expect(signal.aborted).toBe(true);
    expect(task.detailed).toMatchObject({
      status: "cancelled",
      statusMessage: "Cancelled at: 3 of 10 events; cursor abc",
    });
    expect(DetailedTaskV2Schema.parse(task.detailed)).toEqual(task.detailed);
  });

  test.each<[string, (parts: ReturnType<typeof manualWork>, task: { cancel(): void }) => void]>([
    ["completed", ({ finish }) => finish(text("done"))],
    ["failed", ({ fail }) => fail(new Error("boom"))],
    ["cancelled", (_, task) => task.cancel()],
  ])("never changes again when it is %s", async (status, end) => {
    const parts = manualWork();
    const task = tasks.create(parts.work);
    parts.report("so far");
    end(parts, task);
    await settled();
    const before = task.detailed;
    expect(before.status).toBe(status);
    await clock.advance(MINUTE);
    parts.report("later");
    parts.finish(text("later"));
    parts.fail(new Error("later"));
    task.cancel();
    await settled();
    expect(task.detailed).toEqual(before);
  });
});

describe("a task's lifetime", () => {
  test("goes on for an hour after its end, and then it is forgotten", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    await clock.advance(20 * MINUTE);
    finish(text("done"));
    await clock.advance(KEPT_MS - 1);
    expect(tasks.get(task.id)?.detailed.status).toBe("completed");
    await clock.advance(1);
    expect(tasks.get(task.id)).toBeUndefined();
    expect(tasks.kept).toBe(0);
  });

  test("is the promised one: createdAt and ttlMs name the moment at which it is forgotten", async () => {
    const { work, finish } = manualWork();
    const task = tasks.create(work);
    await clock.advance(7 * MINUTE + 123);
    finish(text("done"));
    await settled();
    const { createdAt, ttlMs } = task.seed;
    const end = Date.parse(createdAt) + ttlMs;
    await clock.advance(end - clock.wallTime() - 1);
    expect(tasks.get(task.id)).toBe(task);
    await clock.advance(1);
    expect(tasks.get(task.id)).toBeUndefined();
  });

  test("ends even for work that does not keep to its time: it is stopped and forgotten", async () => {
    const { work, signal } = manualWork({ longestMs: MINUTE });
    const task = tasks.create(work);
    await clock.advance(MINUTE + KEPT_MS - 1);
    expect(tasks.get(task.id)?.working).toBe(true);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(tasks.get(task.id)).toBeUndefined();
    expect(signal.aborted).toBe(true);
  });

  test("leaves nothing behind: no timer, no task, after a day of them", async () => {
    const follow = () => {};
    for (let hour = 0; hour < 24; hour++) {
      for (let i = 0; i < 20; i++) {
        const parts = manualWork();
        const task = tasks.create(parts.work);
        task.follow(follow);
        parts.report("a");
        parts.report("b");
        if (i % 3 === 0) parts.finish(text("done"));
        else if (i % 3 === 1) parts.fail(new Error("boom"));
        else task.cancel();
      }
      await clock.advance(HOUR);
      expect(tasks.kept).toBeLessThanOrEqual(20);
    }
    await clock.advance(HOUR);
    expect(tasks.kept).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  test("ends with the process: closing stops all work and every timer", async () => {
    const parts = [manualWork(), manualWork(), manualWork()];
    parts[0]?.signal.addEventListener("abort", () => parts[0]?.fail(abortError()));
    const [first] = parts.map(({ work }) => tasks.create(work));
    parts[2]?.finish(text("done"));
    await settled();
    tasks.close();
    await settled();
    expect(parts.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    expect(tasks.get(first?.id ?? "")).toBeUndefined();
    expect(clock.sleeping).toBe(0);
    expect(() => tasks.create(manualWork().work)).toThrow(TooManyTasks);
  });
});

describe("many tasks", () => {
  test("are at most 100 under way; one more is refused and its work stopped", async () => {
    const parts = Array.from({ length: 100 }, () => manualWork());
    for (const { work } of parts) tasks.create(work);
    const late = manualWork();
    expect(() => tasks.create(late.work)).toThrow("100 tasks are under way, which is the most at a time");
    expect(late.signal.aborted).toBe(true);
    expect(tasks.live).toBe(100);

    parts[0]?.finish(text("done"));
    await settled();
    expect(tasks.live).toBe(99);
    expect(tasks.create(manualWork().work).working).toBe(true);
  });

  test("are at most so many kept: the oldest outcome goes first, and what is under way stays", async () => {
    tasks = new Tasks({ clock, mostKept: 3 });
    const running = manualWork();
    const first = tasks.create(running.work);
    const ended = [manualWork(), manualWork(), manualWork()].map(({ work, finish }) => {
      const task = tasks.create(work);
      finish(text("done"));
      return { task };
    });
    await settled();
    const last = tasks.create(manualWork().work);
    expect(tasks.kept).toBeLessThanOrEqual(4);
    expect(tasks.get(first.id)).toBe(first);
    expect(tasks.get(ended[0]?.task.id ?? "")).toBeUndefined();
    expect(tasks.get(last.id)).toBe(last);
  });

  test("are kept as far as there is room for their outcomes; the newest stays, however large it is", async () => {
    tasks = new Tasks({ clock, mostKeptCharacters: 3_000 });
    const running = tasks.create(manualWork().work);
    const end = async (characters: number) => {
      const { work, finish } = manualWork();
      const task = tasks.create(work);
      finish(text("x".repeat(characters)));
      await settled();
      return task.id;
    };
    const [first, second, third] = [await end(1_200), await end(1_200), await end(1_200)];
    expect([first, second, third].map((id) => tasks.get(id) !== undefined)).toEqual([false, true, true]);
    const large = await end(10_000);
    expect([second, third, large].map((id) => tasks.get(id) !== undefined)).toEqual([false, false, true]);
    expect(tasks.get(running.id)).toBe(running);
  });
});

describe("a follower", () => {
  test("hears of a change at once, then at most once a second, and of the end at once", async () => {
    const { work, report, finish } = manualWork();
    const task = tasks.create(work);
    const heard: (string | undefined)[] = [];
    task.follow(() => heard.push(`${task.seed.status} ${task.seed.statusMessage}`));
    report("1");
    expect(heard).toEqual(["working 1"]);
    for (const message of ["2", "3", "4"]) {
      await clock.advance(200);
      report(message);
    }
    expect(heard).toEqual(["working 1"]);
    await clock.advance(399);
    expect(heard).toEqual(["working 1"]);
    await clock.advance(1);
    expect(heard).toEqual(["working 1", "working 4"]);
    await clock.advance(100);
    report("5");
    finish(text("done"));
    await settled();
    expect(heard).toEqual(["working 1", "working 4", "completed 5"]);
    await clock.advance(HOUR);
    expect(heard).toHaveLength(3);
  });

  test("hears nothing of a report that says the same, nor of its aside", async () => {
    const { work, report } = manualWork();
    const task = tasks.create(work);
    let heard = 0;
    report("waiting", () => "a");
    task.follow(() => heard++);
    report("waiting", () => "b");
    await clock.advance(MINUTE);
    expect(heard).toBe(0);
  });

  test("hears nothing after it left", async () => {
    const { work, report, finish } = manualWork();
    const task = tasks.create(work);
    let heard = 0;
    const leave = task.follow(() => heard++);
    report("1");
    leave();
    report("2");
    finish(text("done"));
    await clock.advance(MINUTE);
    expect(heard).toBe(1);
  });
});
