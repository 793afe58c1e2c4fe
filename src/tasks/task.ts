import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { DetailedTask, TaskError, TaskResult, TaskSeed, TaskStatus } from "./protocol.ts";

/** News of a task under way goes out at most this often, in milliseconds; its end goes out at once. */
const NEWS_MS = 1_000;
/** JSON-RPC's code for what went wrong inside. */
const INTERNAL_ERROR = -32603;

type Outcome = Pick<DetailedTask, "result" | "error">;

export interface BegunTask {
  id: string;
  /** When it was begun, in milliseconds since 1970 by the clock of who did. */
  createdAt: number;
  /** How long ago that was, in milliseconds. */
  ageMs: number;
}

export interface TaskOptions {
  clock: Clock;
  work: Work;
  /** For how long the outcome is kept, in milliseconds. */
  keptMs: number;
  /** For a task that another replica began. */
  begun?: BegunTask | undefined;
  /** Called once, when its outcome is there. */
  onEnded(): void;
  /** Called once, when nobody needs the task any more. */
  onExpired(task: Task): void;
}

/** One piece of work as the protocol sees it. A task that has ended never changes again. */
export class Task {
  /** 122 random bits: whoever knows the id may ask for the task. */
  readonly id: string;
  readonly #options: TaskOptions;
  readonly #createdAt: number;
  readonly #createdAtIso: string;
  readonly #followers = new Set<() => void>();
  #status: TaskStatus = "working";
  #message: string | undefined;
  #outcome: Outcome = {};
  #updatedAtIso: string;
  #ttlMs: number;
  #expiry: AbortController | undefined;
  readonly #disposed = new AbortController();
  /** How long its outcome is as JSON. */
  characters = 0;
  /** `clock.now()` when its outcome was there. */
  endedAt = Number.POSITIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #tellLater: AbortController | undefined;

  constructor(options: TaskOptions) {
    const { clock, work, keptMs, begun } = options;
    const ageMs = begun?.ageMs ?? 0;
    this.#options = options;
    this.id = begun?.id ?? crypto.randomUUID();
    this.#createdAt = clock.now() - ageMs;
    this.#updatedAtIso = isoNow(clock);
    this.#createdAtIso = begun === undefined ? this.#updatedAtIso : new Date(begun.createdAt).toISOString();
    this.#expireAfter(work.plan.longestMs + keptMs);
    this.#ttlMs = ageMs + work.plan.longestMs + keptMs;
    work.onNews = () => {
      this.#updatedAtIso = isoNow(clock);
      this.#tell();
    };
    work.done.then(
      (result) => this.#end("completed", work.message, { result }),
      (error: unknown) => this.#end("failed", errorOf(error).message, { error: errorOf(error) }),
    );
  }

  /** Aborts when nobody needs the task any more. */
  get disposed(): AbortSignal {
    return this.#disposed.signal;
  }

  /** How long ago it was begun, in milliseconds. */
  get ageMs(): number {
    return this.#options.clock.now() - this.#createdAt;
  }

  get working(): boolean {
    return this.#status === "working";
  }

  /** The task without its outcome. */
  get seed(): TaskSeed {
    const { work } = this.#options;
    const statusMessage = this.working ? work.status : this.#message;
    return {
      taskId: this.id,
      status: this.#status,
      ...(statusMessage === undefined ? {} : { statusMessage }),
      createdAt: this.#createdAtIso,
      lastUpdatedAt: this.#updatedAtIso,
      ttlMs: Math.ceil(this.#ttlMs),
      ...(this.working ? { pollIntervalMs: Math.max(1, Math.ceil(work.plan.pollIntervalMs())) } : {}),
    };
  }

  get detailed(): DetailedTask {
    return { ...this.seed, ...this.#outcome };
  }

  /** Ends the task and makes its work end; nothing happens to one that has ended. */
  cancel(): void {
    const { work } = this.#options;
    this.#end("cancelled", work.status === undefined ? "Cancelled" : `Cancelled at: ${work.status}`, {});
    work.stop();
  }

  /** Calls back on each change until the returned function is called; several changes within a second are one. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Lets go of everything: work, timers, followers and outcome. Nobody may look at the task any more. */
  dispose(): void {
    this.#disposed.abort();
    this.#followers.clear();
    this.#outcome = {};
    this.#tellLater?.abort();
    this.#expiry?.abort();
    this.#options.work.onNews = () => {};
    this.#options.work.stop();
  }

  #end(status: TaskStatus, message: string | undefined, outcome: Outcome): void {
    // Work that is stopped when nobody needs the task any more still ends in some way.
    if (!this.working || this.disposed.aborted) return;
    const { clock, keptMs } = this.#options;
    this.#message = message;
    this.#status = status;
    this.#outcome = outcome;
    this.characters = JSON.stringify(outcome).length;
    this.endedAt = clock.now();
    this.#updatedAtIso = isoNow(clock);
    // The lifetime counts from the beginning, so that what is left of it from here on is the time the outcome is kept.
    this.#ttlMs = clock.now() - this.#createdAt + keptMs;
    this.#expireAfter(keptMs);
    this.#options.work.onNews = () => {};
    this.#tellLater?.abort();
    this.#tellNow();
    this.#options.onEnded();
  }

  #tell(): void {
    if (this.#followers.size === 0 || this.#tellLater !== undefined) return;
    const { clock } = this.#options;
    const waitMs = this.#toldAt + NEWS_MS - clock.now();
    if (waitMs <= 0) {
      this.#tellNow();
      return;
    }
    const later = new AbortController();
    this.#tellLater = later;
    clock.sleep(waitMs, later.signal).then(() => this.#tellNow(), ignoreAbort);
  }

  #tellNow(): void {
    this.#tellLater = undefined;
    this.#toldAt = this.#options.clock.now();
    for (const follower of [...this.#followers]) follower();
  }

  #expireAfter(ms: number): void {
    this.#expiry?.abort();
    const expiry = new AbortController();
    this.#expiry = expiry;
    this.#options.clock.sleep(ms, expiry.signal).then(() => {
      this.dispose();
      this.#options.onExpired(this);
    }, ignoreAbort);
  }
}

/** Tasks of other replicas cannot be asked for at present. */
export class TasksAway extends Error {
  override readonly name = "TasksAway";
}

function errorOf(error: unknown): TaskError {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  return {
    code: Number.isSafeInteger(code) ? (code as number) : INTERNAL_ERROR,
    message: typeof message === "string" ? message : "Internal error",
    ...(data === undefined ? {} : { data }),
  };
}

function isoNow(clock: Clock): string {
  return new Date(clock.wallTime()).toISOString();
}

function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}

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
