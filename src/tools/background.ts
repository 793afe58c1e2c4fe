import { WebsetsError } from "../shared/errors.ts";
import { type Tasks, TooManyTasks } from "../tasks/tasks.ts";
import type { WaitLimits } from "./define.ts";

/** The time for a wait in the background that names none, in seconds: nobody is kept waiting by it. */
const DEFAULT_SECONDS = 3_600;

/** Before a wait goes to the background it looks within this time, in milliseconds: what is there already is an answer. */
export const LOOK_WITHIN_MS = 1_000;

/** Where waits go on for clients that can follow them there. */
export interface Background {
  tasks: Tasks;
  /** `--max-task-wait` in seconds. */
  maxWaitSeconds: number;
}

export function backgroundLimits({ maxWaitSeconds }: Background): WaitLimits {
  return { maxWaitSeconds, defaultTimeoutSeconds: DEFAULT_SECONDS };
}

/** What it means for an agent that there are as many tasks as there may be; other errors are left as they are. */
export function explainTooMany(error: unknown): unknown {
  if (!(error instanceof TooManyTasks)) return error;
  return new WebsetsError("rate_limited", {
    what: `${error.most} waits are in the background, which is the most this server has at a time`,
    advice: "Cancel one that is not needed any more or wait until one has ended, then call again.",
  });
}
