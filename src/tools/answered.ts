import type { Clock } from "../shared/clock.ts";
import { isAbort, lineForOperator, sentenceForAgent, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { explainTooMany } from "./background.ts";

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
    return sentenceForAgent(error);
  }
  log.failedUnforeseen(error);
  return "unexpected_response: This server failed in a way nobody foresaw; its log on stderr has the details. Call again, or call another tool.";
}
