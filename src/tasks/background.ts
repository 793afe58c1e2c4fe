import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { TaskResult, TaskSeed } from "./protocol.ts";
import { type Report, Work, type WorkPlan } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** A request is kept waiting for an answer that is there at once, but no longer than this, in milliseconds. */
export const HEAD_START_MS = 3_000;

export interface BackgroundCall extends WorkPlan {
  tasks: Tasks;
  clock: Clock;
  /** Aborts when the client gives up the request. Once a task answers it, only the task can be given up. */
  signal: AbortSignal;
  run(control: {
    signal: AbortSignal;
    report: Report;
    /** Says that the answer is not there yet: from here on the work goes on in the background. */
    mayTakeLong(): void;
  }): Promise<TaskResult>;
}

/** A task as the answer to a request. */
export type TaskAnswer = TaskSeed & { resultType: "task" };

/**
 * Does work and answers with its result if that is there at once, and with a task that stands for it otherwise. Rejects as
 * the work does, as long as there is no task; with an AbortError if the request was given up; and with `TooManyTasks`.
 */
export async function answerOrTask(call: BackgroundCall): Promise<TaskResult | TaskAnswer> {
  const { tasks, clock, signal, longestMs, pollIntervalMs } = call;
  const timer = new AbortController();
  let mayTakeLong = () => {};
  const takesLong = new Promise<undefined>((resolve) => {
    mayTakeLong = () => resolve(undefined);
  });
  const work = new Work({ longestMs, pollIntervalMs }, ({ signal, report }) =>
    call.run({ signal, report, mayTakeLong }),
  );
  const giveUp = () => work.stop();
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  clock.sleep(HEAD_START_MS, timer.signal).then(mayTakeLong, (error: unknown) => {
    if (!isAbort(error)) throw error;
  });
  try {
    const result = await Promise.race([work.done, takesLong]);
    if (result !== undefined) return result;
    // Given up in this very moment: the work ends by itself, and nobody waits for an answer.
    if (signal.aborted) return await work.done;
    return { resultType: "task", ...tasks.create(work).seed };
  } finally {
    timer.abort();
    signal.removeEventListener("abort", giveUp);
  }
}
