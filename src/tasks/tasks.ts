import { orAbort, startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import type { Lease } from "../state/state.ts";
import type { DetailedTask } from "./protocol.ts";
import type { KeptTask, SharedTasks, TaskCall } from "./shared-tasks.ts";
import { type BegunTask, Task, type Work } from "./task.ts";

/** What ids look like; nothing else names a record. */
const IS_ID = /^[0-9a-f-]{36}$/;
/** This many tasks of one tenant may be under way: agents need a few, and whoever loops by mistake finds an end here. */
const MOST_LIVE = 100;
/** For how long the outcome of a task is kept, in milliseconds. */
export const KEPT_MS = 3_600_000;
/** Beyond this many tasks altogether the oldest outcome is forgotten early: outcomes may be large, and memory is not endless. */
const MOST_KEPT = 1_000;

/** Whoever asks for the result of a task of another replica waits for it this long at most, in milliseconds. */
const FIND_AGAIN_MS = 10_000;

/** The same for this many characters of outcomes: a thousand of the largest results would be 40 MB. */
const MOST_KEPT_CHARACTERS = 8 * 2 ** 20;

export interface TasksOptions {
  clock: Clock;
  /** Where other replicas serve the same key; without it, tasks end with their process. */
  shared?: SharedTasks | undefined;
  mostLive?: number;
  mostKeptCharacters?: number;
  mostKept?: number;
  keptMs?: number;
}

/** There are as many tasks under way as there may be. */
export class TooManyTasks extends Error {
  override readonly name = "TooManyTasks";
  readonly most: number;

  constructor(most: number) {
    super(`${most} tasks are under way, which is the most at a time`);
    this.most = most;
  }
}

/** A task of this replica, or what is known of one of another's. */
export interface FoundTask {
  readonly detailed: DetailedTask;
  cancel(): void | Promise<void>;
}

/** Does the work of a call once more, for what is left of its time. */
export type Resume = (kept: KeptTask, leftMs: number) => { work: Work; call: TaskCall };

/** The tasks of one tenant in one process. Without others that share them they end with it: an id means nothing to the next process. */
export class Tasks {
  readonly #options: Required<Omit<TasksOptions, "shared">>;
  readonly #shared: SharedTasks | undefined;
  readonly #tasks = new Map<string, Task>();
  readonly #findings = new Map<string, Promise<FoundTask | undefined>>();
  #closed = false;

  constructor({ shared, ...options }: TasksOptions) {
    this.#shared = shared;
    this.#options = {
      mostLive: MOST_LIVE,
      mostKept: MOST_KEPT,
      mostKeptCharacters: MOST_KEPT_CHARACTERS,
      keptMs: KEPT_MS,
      ...options,
    };
  }

  /** How many tasks can be asked for. */
  get kept(): number {
    return this.#tasks.size;
  }

  /** How many tasks are under way. */
  get live(): number {
    return [...this.#tasks.values()].filter((task) => task.working).length;
  }

  /**
   * Makes a task of work under way; from here on `get` finds it. Throws `TooManyTasks`, and then the work is stopped.
   * @param call lets other replicas go on with it.
   */
  create(work: Work, call?: TaskCall): Task {
    const task = this.#begin(work);
    if (call !== undefined) this.#share(task, call, this.#options.clock.wallTime() + work.plan.longestMs);
    return task;
  }

  /**
   * The task of this id, here or on another replica. Where that one is lost, its work is done here from then on, and where it has
   * ended, its result is found once more. Rejects with `TasksAway`.
   */
  async find(id: string, resume: Resume): Promise<FoundTask | undefined> {
    const own = this.#tasks.get(id);
    const shared = this.#shared;
    if (own !== undefined || shared === undefined || !IS_ID.test(id)) return own;
    const finding = this.#findings.get(id) ?? this.#findElsewhere(id, shared, resume);
    this.#findings.set(id, finding);
    return finding.finally(() => this.#findings.delete(id));
  }

  async #findElsewhere(id: string, shared: SharedTasks, resume: Resume): Promise<FoundTask | undefined> {
    const { clock } = this.#options;
    const found = await shared.find(id);
    if (found === undefined) return undefined;
    const { kept, lease } = found;
    const elsewhere = { detailed: shared.told(id, kept), cancel: () => shared.cancel(id, kept) };
    const isOrphan = kept.status === "working" && lease !== undefined;
    try {
      if (kept.status === "cancelled" || (kept.status === "working" && !isOrphan)) return elsewhere;
      const { work, call } = resume(kept, isOrphan ? Math.max(0, kept.endsAt - kept.createdAt - kept.ageMs) : 0);
      const task = this.#begin(work, { id, createdAt: kept.createdAt, ageMs: kept.ageMs });
      if (isOrphan) {
        this.#share(task, call, kept.endsAt, lease);
        return task;
      }
      const limit = startTimeLimit(clock, FIND_AGAIN_MS);
      await orAbort(work.done, limit.signal).catch(() => {});
      limit.end();
      return task;
    } catch (error) {
      // Another replica may have room for it.
      if (!(error instanceof TooManyTasks)) throw error;
      return elsewhere;
    } finally {
      if (!this.#tasks.has(id) || !isOrphan) await lease?.release();
    }
  }

  #share(task: Task, call: TaskCall, endsAt: number, lease?: Lease): void {
    void this.#shared?.keep(task, call, endsAt, lease, () => {
      task.dispose();
      this.#tasks.delete(task.id);
    });
  }

  #begin(work: Work, begun?: BegunTask): Task {
    const { clock, mostLive, keptMs } = this.#options;
    if (this.#closed || this.live >= mostLive) {
      work.stop();
      throw new TooManyTasks(mostLive);
    }
    this.#makeRoom(1);
    const task = new Task({
      clock,
      work,
      keptMs,
      begun,
      onEnded: () => this.#makeRoom(0),
      onExpired: ({ id }) => this.#tasks.delete(id),
    });
    this.#tasks.set(task.id, task);
    return task;
  }

  /** The task of this id, unless there was none or it was forgotten. */
  get(id: string): Task | undefined {
    return this.#tasks.get(id);
  }

  /** Ends all work and forgets all tasks. */
  close(): void {
    this.#closed = true;
    for (const task of this.#tasks.values()) task.dispose();
    this.#tasks.clear();
  }

  /** Forgets the oldest outcomes until there is room for this many more; the newest one stays, however large it is. */
  #makeRoom(more: number): void {
    const { mostKept, mostKeptCharacters } = this.#options;
    const ended = [...this.#tasks.values()].filter((task) => !task.working).sort((a, b) => a.endedAt - b.endedAt);
    let characters = ended.reduce((sum, task) => sum + task.characters, 0);
    for (const task of ended) {
      const isLast = more === 0 && task === ended.at(-1);
      if (isLast || (this.#tasks.size + more <= mostKept && characters <= mostKeptCharacters)) return;
      characters -= task.characters;
      task.dispose();
      this.#tasks.delete(task.id);
    }
  }
}
