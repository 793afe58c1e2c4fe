import type { Clock } from "../../src/shared/clock.ts";
import { isAbort } from "../../src/shared/errors.ts";
import {
  type Json,
  type KeptRecord,
  type Lease,
  type PutOptions,
  type RecordKey,
  type State,
  StateAway,
} from "../../src/state/state.ts";

/** How often something happens to what is asked of a shared state, 0 up to 1 each. */
export interface StateTrouble {
  /** The store cannot be reached. */
  away: number;
  /** It answers late. */
  slow: number;
  /** Somebody holds the lease and has stopped, or was killed. */
  deadHolder: number;
  /** The lease is lost before it is used. */
  lost: number;
  /** What is told to a log never arrives, as where the store was emptied. */
  forgotten: number;
  /** Entries reach a follower late, as where it has stopped. */
  stalled: number;
}

const DEAD_MS = 3_000;
const SLOW_MS = 1_000;
const STALLED_MS = 15_000;

/** One replica's view of a shared state, with all that can happen between the two. */
export class FlakyState implements State {
  readonly #inner: State;
  readonly #clock: Clock;
  readonly #roll: () => number;
  #trouble: StateTrouble | undefined;

  constructor(inner: State, clock: Clock, trouble: StateTrouble, roll: () => number) {
    this.#inner = inner;
    this.#clock = clock;
    this.#trouble = trouble;
    this.#roll = roll;
  }

  /** From here on nothing happens any more. */
  clear(): void {
    this.#trouble = undefined;
  }

  get mayHaveForgotten(): boolean {
    return this.#inner.mayHaveForgotten;
  }

  get answers(): boolean {
    return this.#inner.answers;
  }

  get isAway(): boolean {
    return this.#happens("away");
  }

  async lease(name: string, ttlMs: number): Promise<Lease | undefined> {
    await this.#reach();
    if (this.#happens("deadHolder")) {
      const dead = await this.#inner.lease(name, ttlMs);
      if (dead !== undefined) void this.#clock.sleep(DEAD_MS).then(() => dead.release());
      return undefined;
    }
    const lease = await this.#inner.lease(name, ttlMs);
    if (lease !== undefined && this.#happens("lost")) await lease.release();
    return lease;
  }

  async append(log: string, entry: Json, lease: Lease): Promise<boolean> {
    await this.#reach();
    return this.#happens("forgotten") ? true : this.#inner.append(log, entry, lease);
  }

  async *follow(log: string, signal: AbortSignal): AsyncGenerator<readonly Json[], void> {
    try {
      for await (const batch of this.#inner.follow(log, signal)) {
        if (this.#happens("stalled")) await this.#clock.sleep(STALLED_MS * this.#roll(), signal);
        yield batch;
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async put(key: RecordKey, record: Json, options: PutOptions): Promise<boolean> {
    await this.#reach();
    return this.#inner.put(key, record, options);
  }

  async get(key: RecordKey): Promise<KeptRecord | undefined> {
    await this.#reach();
    return this.#inner.get(key);
  }

  async delete(key: RecordKey): Promise<void> {
    await this.#reach();
    return this.#inner.delete(key);
  }

  async list(tenant: string): Promise<string[]> {
    await this.#reach();
    return this.#inner.list(tenant);
  }

  async poke(name: string): Promise<void> {
    await this.#reach();
    return this.#inner.poke(name);
  }

  onPoke(name: string, action: () => void): () => void {
    return this.#inner.onPoke(name, action);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #happens(what: keyof StateTrouble): boolean {
    return this.#trouble !== undefined && this.#roll() < this.#trouble[what];
  }

  async #reach(): Promise<void> {
    if (this.#happens("slow")) await this.#clock.sleep(SLOW_MS * this.#roll());
    if (this.#happens("away")) throw new StateAway("the store cannot be reached");
  }
}
