import * as z from "zod/v4";
import { linkAbort, onAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { Json, Lease, SharedTenant, State } from "../state/state.ts";
import type { DetailedTask } from "./protocol.ts";
import { type Task, TasksAway } from "./task.ts";

/** When a replica is lost, another one goes on with its tasks no sooner, in milliseconds. */
const LEASE_MS = 10_000;
/** How often a task's record is brought up to date, in milliseconds, and how soon it is tried again where its lease is lost. */
const UPDATE_MS = 5_000;
const RETRY_MS = 1_000;

/** The call that a task answers: what it takes to do its work once more. */
export interface TaskCall {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
  /** Where that work would go on without missing anything, once it is known. */
  cursor(): string | undefined;
}

/**
 * A task as all replicas know it. Nothing of what it found is in it: whoever is asked for its result finds that again. Times are
 * milliseconds since 1970.
 */
const keptSchema = z.object({
  tool: z.string(),
  /** They name Websets, types, times and cursors. */
  arguments: z.record(z.string(), z.unknown()),
  cursor: z.string().optional(),
  status: z.enum(["working", "completed", "failed", "cancelled"]),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** When the work ends by itself at the latest, by the clock that `createdAt` is of. */
  endsAt: z.number(),
  ttlMs: z.number(),
  pollIntervalMs: z.number().optional(),
});
export interface KeptTask extends z.infer<typeof keptSchema> {
  /** How long ago the task began, in milliseconds: by what is left of its record's time, for replicas' clocks may differ. */
  ageMs: number;
}

/** Keeps the tasks of one tenant where all replicas find them, each under a lease as long as somebody does its work. */
export class SharedTasks {
  readonly #state: State;
  readonly #tenant: string;
  readonly #clock: Clock;

  constructor({ state, tenant }: SharedTenant, clock: Clock) {
    this.#state = state;
    this.#tenant = tenant;
    this.#clock = clock;
  }

  /**
   * Keeps the record of a task of this replica up to date until the task has ended or is needed no more.
   * @param endsAt when its work ends at the latest, in milliseconds since 1970.
   * @param lease where it is held already.
   * @param onSuperseded is called when another replica goes on with the task, for this one had seemed to be lost.
   */
  async keep(task: Task, call: TaskCall, endsAt: number, lease: Lease | undefined, onSuperseded: () => void) {
    const name = this.#nameOf(task.id);
    let held = lease;
    let pause = linkAbort();
    const offs = [this.#state.onPoke(name, () => task.cancel()), task.follow(() => pause.abort())];
    try {
      while (!task.disposed.aborted) {
        // What changes from here on is brought up to date without a pause.
        pause = linkAbort(task.disposed);
        try {
          if (held?.lost.aborted) held = undefined;
          held ??= await this.#state.lease(name, LEASE_MS);
          if (held === undefined) return onSuperseded();
          const isLast = !task.working;
          if (!isLast && (await this.#get(task.id))?.status === "cancelled") task.cancel();
          else if (!(await this.#put(task.id, keptOf(task, call, endsAt), held))) {
            await held.release();
            held = undefined;
          } else if (isLast) return;
        } catch {
          // The state says itself that it is away. Meanwhile the task is this replica's alone.
        }
        const off = onAbort(held?.lost, pause.abort);
        await this.#clock.sleep(held === undefined ? RETRY_MS : UPDATE_MS, pause.signal).catch(ignoreAbort);
        off();
        pause.end();
      }
    } finally {
      for (const off of offs) off();
      await held?.release();
    }
  }

  /**
   * What is kept of a task, and where its work is done by nobody, the lease to do it. Undefined where there is no such task.
   * Rejects with `TasksAway`.
   */
  find(id: string): Promise<{ kept: KeptTask; lease: Lease | undefined } | undefined> {
    return reach(async () => {
      const kept = await this.#get(id);
      if (kept === undefined && this.#state.mayHaveForgotten) throw new Error("it may not be there again yet");
      if (kept?.status !== "working") return kept && { kept, lease: undefined };
      const lease = await this.#state.lease(this.#nameOf(id), LEASE_MS);
      // It may have ended just before its lease was given back.
      return { kept: (lease && (await this.#get(id))) ?? kept, lease };
    });
  }

  /** A task of another replica as the protocol tells it. */
  told(taskId: string, kept: KeptTask): DetailedTask {
    const { status, createdAt, updatedAt, ttlMs, cursor, pollIntervalMs } = kept;
    return {
      taskId,
      status,
      ...(cursor === undefined ? {} : { statusMessage: `cursor ${cursor}` }),
      createdAt: new Date(createdAt).toISOString(),
      lastUpdatedAt: new Date(updatedAt).toISOString(),
      ttlMs,
      ...(status === "working" && pollIntervalMs !== undefined ? { pollIntervalMs } : {}),
    };
  }

  /** Cancels a task that is another replica's, or nobody's. Rejects with `TasksAway`. */
  cancel(id: string, kept: KeptTask): Promise<void> {
    return reach(async () => {
      if (kept.status !== "working") return;
      await this.#put(id, { ...kept, status: "cancelled", updatedAt: this.#clock.wallTime() });
      await this.#state.poke(this.#nameOf(id));
    });
  }

  #nameOf(id: string): string {
    return `${this.#tenant} task ${id}`;
  }

  async #get(id: string): Promise<KeptTask | undefined> {
    const found = await this.#state.get({ tenant: this.#tenant, id: `task ${id}` });
    const kept = keptSchema.safeParse(found?.record).data;
    return found && kept && { ...kept, ageMs: Math.max(0, kept.ttlMs - found.leftMs) };
  }

  #put(id: string, { ageMs, ...record }: KeptTask, lease?: Lease): Promise<boolean> {
    const ttlMs = Math.max(1, record.ttlMs - ageMs);
    return this.#state.put({ tenant: this.#tenant, id: `task ${id}` }, record as Json, { ttlMs, lease });
  }
}

async function reach<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new TasksAway(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function keptOf({ seed, ageMs }: Task, call: TaskCall, endsAt: number): KeptTask {
  const { status, ttlMs, pollIntervalMs } = seed;
  const [createdAt, updatedAt] = [Date.parse(seed.createdAt), Date.parse(seed.lastUpdatedAt)];
  const cursor = call.cursor();
  return {
    tool: call.tool,
    arguments: call.arguments,
    cursor,
    status,
    createdAt,
    updatedAt,
    endsAt,
    ttlMs,
    pollIntervalMs,
    ageMs,
  };
}

function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
