import type { Clock } from "../shared/clock.ts";
import { Task, type Work } from "./task.ts";

/** This many tasks of one process may be under way: agents need a few, and whoever loops by mistake finds an end here. */
const MOST_LIVE = 100;
/** For how long the outcome of a task is kept, in milliseconds. */
export const KEPT_MS = 3_600_000;
/** Beyond this many tasks altogether the oldest outcome is forgotten early: outcomes may be large, and memory is not endless. */
export const MOST_KEPT = 1_000;

/** The same for this many characters of outcomes: a thousand of the largest results would be 40 MB. */
const MOST_KEPT_CHARACTERS = 8 * 2 ** 20;

export interface TasksOptions {
  clock: Clock;
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

/** All tasks of one process. They end with it: an id means nothing to the next one. */
export class Tasks {
  readonly #options: Required<TasksOptions>;
  readonly #tasks = new Map<string, Task>();
  #closed = false;

  constructor(options: TasksOptions) {
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

  /** Makes a task of work under way; from here on `get` finds it. Throws `TooManyTasks`, and then the work is stopped. */
  create(work: Work): Task {
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
