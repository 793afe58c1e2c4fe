import { beforeEach, expect, test } from "vitest";
import { abortError } from "../../src/shared/errors.ts";
import { answerOrTask, type BackgroundCall, HEAD_START_MS } from "../../src/tasks/methods.ts";
import type { TaskResult } from "../../src/tasks/protocol.ts";
import { Tasks, TooManyTasks } from "../../src/tasks/tasks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { HOUR, settled, text } from "./support.ts";

let clock: FakeClock;
let tasks: Tasks;
let request: AbortController;
let workSignal: AbortSignal;

beforeEach(() => {
  clock = new FakeClock();
  tasks = new Tasks({ clock });
  request = new AbortController();
});

type Control = Parameters<BackgroundCall["run"]>[0];

/** Work that takes so long, and says so after `sayAfterMs`. */
function call(work: { takesMs: number; sayAfterMs?: number; error?: Error }) {
  return answerOrTask({
    tasks,
    clock,
    signal: request.signal,
    longestMs: HOUR,
    pollIntervalMs: () => 1_000,
    async run({ signal, report, mayTakeLong }: Control): Promise<TaskResult> {
      workSignal = signal;
      report("begun");
      if (work.sayAfterMs !== undefined) {
        await clock.sleep(work.sayAfterMs, signal);
        report("looked");
        mayTakeLong();
      }
      await clock.sleep(work.takesMs - (work.sayAfterMs ?? 0), signal);
      if (work.error !== undefined) throw work.error;
      return text("done");
    },
  });
}

test("an answer that is there at once is the answer, and no task is left", async () => {
  expect(await clock.until(call({ takesMs: 200 }))).toEqual(text("done"));
  expect(tasks.kept).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test("an error that is there at once is the error", async () => {
  await expect(clock.until(call({ takesMs: 200, error: new Error("boom") }))).rejects.toThrow("boom");
  expect(tasks.kept).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test("work that says it may take long becomes a task in that moment, with what it told so far", async () => {
  const answer = await clock.until(call({ takesMs: 60_000, sayAfterMs: 150 }));
  expect(clock.now()).toBe(150);
  expect(answer).toMatchObject({ resultType: "task", status: "working", statusMessage: "looked" });
  expect(answer).not.toHaveProperty("result");
  await clock.advance(60_000);
  const task = tasks.get(String(answer.taskId));
  expect(task?.detailed).toMatchObject({ status: "completed", result: text("done") });
});

test("work that says nothing becomes a task when its head start is over", async () => {
  const answer = await clock.until(call({ takesMs: HEAD_START_MS + 1 }));
  expect(clock.now()).toBe(HEAD_START_MS);
  expect(answer).toMatchObject({ resultType: "task", status: "working", statusMessage: "begun" });
});

test("an error of work in the background is the task's", async () => {
  const answer = await clock.until(call({ takesMs: 5_000, sayAfterMs: 1, error: new Error("boom") }));
  await clock.advance(5_000);
  expect(tasks.get(String(answer.taskId))?.detailed).toMatchObject({ status: "failed", error: { message: "boom" } });
});

test("giving up the request ends the work, as long as there is no task", async () => {
  const answered = call({ takesMs: 60_000, sayAfterMs: 1_000 });
  const refused = expect(answered).rejects.toThrow(abortError().message);
  await clock.advance(500);
  request.abort();
  await refused;
  expect(workSignal.aborted).toBe(true);
  expect(tasks.kept).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test("a request that was given up before the work began ends it too", async () => {
  request.abort();
  await expect(clock.until(call({ takesMs: 60_000, sayAfterMs: 0 }))).rejects.toThrow(abortError().message);
  expect(tasks.kept).toBe(0);
});

test("giving up the request afterwards does nothing to the task", async () => {
  const answer = await clock.until(call({ takesMs: 5_000, sayAfterMs: 1 }));
  request.abort();
  await clock.advance(5_000);
  expect(tasks.get(String(answer.taskId))?.detailed.status).toBe("completed");
});

test("cancelling the task ends the work", async () => {
  const answer = await clock.until(call({ takesMs: 5_000, sayAfterMs: 1 }));
  const task = tasks.get(String(answer.taskId));
  task?.cancel();
  await settled();
  expect(workSignal.aborted).toBe(true);
  expect(task?.detailed.status).toBe("cancelled");
});

test("where there are too many tasks the answer says so, and the work ends; what is there at once is still answered", async () => {
  tasks = new Tasks({ clock, mostLive: 1 });
  await clock.until(call({ takesMs: HOUR, sayAfterMs: 1 }));
  await expect(clock.until(call({ takesMs: HOUR, sayAfterMs: 1 }))).rejects.toThrow(TooManyTasks);
  expect(workSignal.aborted).toBe(true);
  expect(await clock.until(call({ takesMs: 200 }))).toEqual(text("done"));
});
