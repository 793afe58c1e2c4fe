import { randomUUID } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import type { Json, Lease, SharedTenant, State } from "../state/state.ts";
import { isRecord } from "./event.ts";
import { type Placed, watermarkAt } from "./position.ts";
import type { TailMemory } from "./tail-memory.ts";

/** The lease of a poll under way, in milliseconds: whoever stalls with it keeps others from telling what they see for this long. */
const LEASE_MS = 3_000;
/** A sighting tells of at most this many events; where more were created lately, each replica reads for itself. */
const MOST_TOLD = 50;
/** What another replica saw longer ago than this and a pause, in milliseconds, does not tell that it is there still. */
const STALE_MS = 5_000;
/** What the log holds is there within this time, in milliseconds, or a tail begins without it. */
const LOADING_MS = 300;

/** What a poll saw: of events no more than what tells whether one knows them. Times are milliseconds since 1970. */
interface Sighting {
  /** When the upstream was asked, its clock had reached this time. */
  asOf: number;
  /** All events were visible then that were created at this time or after it: */
  from: number;
  events: Placed[];
}

/** What another replica's poll tells a tail. */
export interface Heard {
  /** When it began, in `clock.now()`; not later than it did. */
  begunAt: number;
  /** The upstream's time then, in milliseconds since 1970. */
  asOf: number;
  /** Everything created from here on was visible to it, */
  from: number;
  /** and known to the tail, unless this is here: it has to read from here on for itself. */
  owedFrom: number | undefined;
}

/** The right to poll for all replicas. */
export interface Turn {
  /** Gives it back, and tells the others what is known as of a poll, where one succeeded. */
  end(memory: TailMemory, asOf: number | undefined): void;
}

/**
 * Opens what a tail shares with the others for these types, until the signal aborts.
 * @param onTold is called when another replica has told of a poll.
 */
export type OpenShared = (types: string, signal: AbortSignal, onTold: () => void) => SharedPolls;

/** How the tails of a feed share what they see. Passed in: a server that is alone does without all of this. */
export function sharedPolls(shared: SharedTenant, clock: Clock): OpenShared {
  return (types, signal, onTold) => new SharedPolls(shared, types, clock, signal, onTold);
}

/** What the replicas tell each other of their polls for one set of types. Where the state is away, each is alone. */
export class SharedPolls {
  readonly #state: State;
  readonly #clock: Clock;
  readonly #log: string;
  readonly #me = randomUUID();
  readonly #signal: AbortSignal;
  readonly #onTold: () => void;
  #newest: Sighting | "gone" | undefined;
  #ending: Promise<unknown> | undefined;
  #hasTold = false;
  /** Resolves when what was told before is known, or does not come. */
  readonly loaded: Promise<void>;

  constructor({ state, tenant }: SharedTenant, types: string, clock: Clock, signal: AbortSignal, onTold: () => void) {
    this.#state = state;
    this.#clock = clock;
    this.#log = `${tenant} polls ${types}`;
    this.#signal = signal;
    this.#onTold = onTold;
    this.loaded = this.#listen();
  }

  /** Whether something was told since `hear` was called last. */
  get isTold(): boolean {
    return this.#newest !== undefined;
  }

  /**
   * What was told last since the last call; undefined for what is in doubt, and "gone" where whoever polled does so no more.
   * @param unserved the times from which on readers have been told nothing yet.
   * @param upstreamNow the latest that the upstream's clock can show now: those of two machines may differ by anything.
   */
  hear(
    memory: TailMemory,
    unserved: number[],
    upstreamNow: number | undefined,
    paceMs: number,
  ): Heard | "gone" | undefined {
    const sighting = this.#newest;
    this.#newest = undefined;
    if (sighting === "gone") return sighting;
    if (sighting === undefined || upstreamNow === undefined) return undefined;
    const { asOf, events } = sighting;
    const ageMs = upstreamNow - asOf;
    if (ageMs < 0 || ageMs > paceMs + STALE_MS) return undefined;
    const { floor = Number.POSITIVE_INFINITY, openFrom = Number.POSITIVE_INFINITY } = memory;
    const from = Math.min(openFrom, ...unserved.filter((since) => since < floor));
    // What one has settled since then is no more than one's own memory holds: of what lies before that, this tells less.
    const settled = Math.min(floor, memory.settledUpTo ?? Number.NEGATIVE_INFINITY);
    if (from < floor && watermarkAt(asOf) < settled) return undefined;
    const unknown = events.filter(({ id, time }) => time >= Math.min(floor, from) && !memory.has(id));
    const isAll = sighting.from <= from && unknown.length === 0;
    const owedFrom = isAll ? undefined : Math.min(from, ...unknown.map(({ time }) => time));
    return { begunAt: this.#clock.now() - ageMs, asOf, from, owedFrom };
  }

  /** The right to poll for all; "taken" while another replica has it, and undefined where nobody can be asked. */
  async turn(): Promise<Turn | "taken" | undefined> {
    try {
      await this.#ending;
      const lease = await this.#state.lease(this.#log, LEASE_MS);
      if (lease === undefined) return "taken";
      return {
        end: (memory, asOf) => {
          this.#ending = this.#end(lease, asOf === undefined ? undefined : sightingOf(memory, asOf));
        },
      };
    } catch {
      // The state says itself that it is away.
      return undefined;
    }
  }

  /** The readers here do not wait until the others have been told. */
  async #end(lease: Lease, seen: Sighting | undefined): Promise<void> {
    try {
      if (seen !== undefined) this.#hasTold = await this.#state.append(this.#log, this.#write(seen), lease);
    } catch {
      // As above: the others poll for themselves.
    }
    await lease.release();
  }

  /** Tells the others that this one polls no more, where they may wait for it. */
  async leave(): Promise<void> {
    try {
      await this.#ending;
      const lease = this.#hasTold ? await this.#state.lease(this.#log, LEASE_MS) : undefined;
      if (lease === undefined) return;
      await this.#state.append(this.#log, { by: this.#me, gone: true }, lease);
      await lease.release();
    } catch {
      // They notice it a little later.
    }
  }

  #write({ asOf, from, events }: Sighting): Json {
    return { by: this.#me, asOf, from, events: events.map(({ id, time }) => [id, time]) };
  }

  #listen(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state.isAway) resolve();
      this.#clock.sleep(LOADING_MS, this.#signal).then(resolve, resolve);
      void (async () => {
        for await (const batch of this.#state.follow(this.#log, this.#signal)) {
          const newest = batch.map((entry) => this.#read(entry)).findLast((sighting) => sighting !== undefined);
          this.#newest = newest ?? this.#newest;
          resolve();
          if (newest !== undefined) this.#onTold();
        }
      })();
    });
  }

  /** What another replica wrote; undefined for what this one did, or one of another version. */
  #read(entry: Json): Sighting | "gone" | undefined {
    if (!isRecord(entry)) return undefined;
    const { by, gone, asOf, from, events } = entry;
    if (gone === true) return by === this.#me ? undefined : "gone";
    if (by === this.#me || !isTime(asOf) || !isTime(from) || !Array.isArray(events)) return undefined;
    const placed: Placed[] = [];
    for (const one of events) {
      const [id, time] = Array.isArray(one) ? one : [];
      if (typeof id !== "string" || !isTime(time)) return undefined;
      placed.push({ id, time });
    }
    return { asOf, from, events: placed };
  }
}

/** What is known as of a poll, as others are told of it; undefined where that is too much. */
function sightingOf(memory: TailMemory, asOf: number): Sighting | undefined {
  const from = memory.lookBackFrom(MOST_TOLD);
  const events = from === undefined ? [] : memory.since(from);
  return from === undefined || events.length > MOST_TOLD ? undefined : { asOf, from, events };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
