import type { TaskResult } from "../../src/tasks/protocol.ts";
import { type Report, Work, type WorkPlan } from "../../src/tasks/task.ts";

/** Work whose every step the test decides. */
export interface ManualWork {
  work: Work;
  signal: AbortSignal;
  report: Report;
  finish(result: TaskResult): void;
  fail(error: unknown): void;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export function manualWork(plan: Partial<WorkPlan> = {}): ManualWork {
  const parts: Partial<ManualWork> = {};
  parts.work = new Work({ longestMs: HOUR, pollIntervalMs: () => 1_000, ...plan }, ({ signal, report }) => {
    Object.assign(parts, { signal, report });
    return new Promise((resolve, reject) => Object.assign(parts, { finish: resolve, fail: reject }));
  });
  return parts as ManualWork;
}

/** Lets what promises have started settle. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const text = (words: string): TaskResult => ({ content: [{ type: "text", text: words }] });
