import type { TaskResult } from "./protocol.ts";

/** Tells how far the work is. */
export type Report = (
  /** One line for people and agents. A new one is news to whoever follows the task. */
  message: string,
  /** What else they may need, asked for only when somebody looks, and no news by itself. */
  aside?: () => string | undefined,
) => void;

/** What somebody who begins work in the background knows about it. */
export interface WorkPlan {
  /** The work takes no longer than this, in milliseconds. */
  longestMs: number;
  /** How often it can have something new, in milliseconds at the time of asking. */
  pollIntervalMs(): number;
}

/** Work under way, with what it told about itself. */
export class Work {
  readonly plan: WorkPlan;
  /** What the request is answered with. A rejection means an error of the protocol; other errors are results. */
  readonly done: Promise<TaskResult>;
  /** Called when there is a new message. */
  onNews: () => void = () => {};
  readonly #stop = new AbortController();
  #message: string | undefined;
  #aside: (() => string | undefined) | undefined;

  constructor(plan: WorkPlan, run: (control: { signal: AbortSignal; report: Report }) => Promise<TaskResult>) {
    this.plan = plan;
    this.done = run({ signal: this.#stop.signal, report: (message, aside) => this.#report(message, aside) });
    // Whoever cares for the outcome awaits it; nobody needs to, for work that was stopped.
    this.done.catch(() => {});
  }

  /** Makes the work end soon. */
  stop(): void {
    this.#stop.abort();
  }

  /** What it told last, without the aside. */
  get message(): string | undefined {
    return this.#message;
  }

  /** What it told last, with the aside. */
  get status(): string | undefined {
    const aside = this.#aside?.();
    return this.#message === undefined || aside === undefined ? this.#message : `${this.#message}; ${aside}`;
  }

  #report(message: string, aside: (() => string | undefined) | undefined): void {
    const news = message !== this.#message;
    this.#message = message;
    this.#aside = aside;
    if (news) this.onNews();
  }
}
