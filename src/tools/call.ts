import type { Clock } from "../shared/clock.ts";
import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { type Tasks, TooManyTasks } from "../tasks/tasks.ts";
import type { WaitLimits } from "./define.ts";

/** What a call is answered with, in the protocol's shape. */
export type Answer = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/** The line that a call leaves in the log: the tool, how it ended, and how long it took. */
export class CallLog {
  readonly #name: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(name: string, { log, clock }: { log: Log; clock: Clock }) {
    this.#name = name;
    this.#log = log;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  get name(): string {
    return this.#name;
  }

  ended(how: string): void {
    this.#log.info(`${this.#name}: ${how}, ${Math.round(this.#clock.now() - this.#startedAt)} ms`);
  }

  failedUnforeseen(error: unknown): void {
    const what = error instanceof Error ? error.stack : String(error);
    this.#log.error(`${this.#name} failed in a way nobody foresaw: ${what}`);
  }
}

/** Answers a call: errors are answers too, unless the caller has gone. */
export async function answered(log: CallLog, answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (isAbort(error)) throw error;
    return { content: [{ type: "text", text: explain(explainTooMany(error), log) }], isError: true };
  }
}

function explain(error: unknown, log: CallLog): string {
  if (error instanceof WebsetsError) {
    log.ended(lineForOperator(error));
    return sentenceForAgent(error, log.name);
  }
  log.failedUnforeseen(error);
  return "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details. Call again, or call another tool.";
}

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
  // Another process may go on with a task, so that this one's end is not its end.
  return { maxWaitSeconds, defaultTimeoutSeconds: DEFAULT_SECONDS, closing: undefined };
}

/** What it means for an agent that there are as many tasks as there may be; other errors are left as they are. */
function explainTooMany(error: unknown): unknown {
  if (!(error instanceof TooManyTasks)) return error;
  return new WebsetsError("rate_limited", {
    what: `${error.most} waits are in the background, which is the most this server has at a time`,
    advice: "Cancel one that is not needed any more or wait until one has ended, then call again.",
  });
}

/** Hosts that keep a call alive on progress want to hear at least this often, in milliseconds. */
const LONGEST_SILENCE_MS = 5_000;
/** News goes out at most this often, in milliseconds. */
const TICK_MS = 1_000;

export interface ProgressOptions {
  clock: Clock;
  /** The request's `progressToken`; without one nothing is sent. */
  token: string | number | undefined;
  /** How long the call may wait, in seconds; without it nothing is sent. */
  limitSeconds: number | undefined;
  notify(notification: {
    method: "notifications/progress";
    params: { progressToken: string | number; progress: number; total: number; message?: string };
  }): Promise<void>;
}

/**
 * Sends progress at once, whenever its message changes, and at least every 5 s: `progress` is the seconds waited, `total` the
 * time limit. After `stop` nothing more is sent.
 */
export function startProgress({ clock, token, limitSeconds, notify }: ProgressOptions): {
  report(message: string): void;
  stop(): void;
} {
  if (token === undefined || limitSeconds === undefined) return { report: () => {}, stop: () => {} };
  const ticking = new AbortController();
  const startedAt = clock.now();
  let message: string | undefined;
  let sent: { at: number; progress: number; message: string | undefined } | undefined;

  const send = () => {
    const seconds = Math.round((clock.now() - startedAt) / 100) / 10;
    // The protocol wants each progress to be greater than the one before.
    const progress = sent === undefined ? 0 : Math.max(seconds, Math.round((sent.progress + 0.1) * 10) / 10);
    sent = { at: clock.now(), progress, message };
    const params = {
      progressToken: token,
      progress,
      total: limitSeconds,
      ...(message === undefined ? {} : { message }),
    };
    // A host that is gone is noticed by the transport; a lost notification harms nobody.
    notify({ method: "notifications/progress", params }).catch(() => {});
  };
  void (async () => {
    try {
      // The first message is there as soon as the tool has begun, in this same turn.
      await Promise.resolve();
      for (;;) {
        if (ticking.signal.aborted) return;
        const due = sent === undefined || clock.now() - sent.at >= LONGEST_SILENCE_MS - TICK_MS / 2;
        if (due || sent?.message !== message) send();
        await clock.sleep(TICK_MS, ticking.signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  })();
  return {
    report: (text) => {
      message = text;
    },
    stop: () => ticking.abort(),
  };
}
