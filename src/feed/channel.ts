import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { type BackwardsHint, NO_HINT } from "./backwards.ts";
import { LARGEST_PAGE } from "./page.ts";
import type { BacklogMemory } from "./slices.ts";
import { TailMemory } from "./tail-memory.ts";

/** A reader whose position lies at most this far in the past joins a tail, which reaches back with its next poll. */
export const NEAR_MS = 120_000;
/** The same for one that was found to have too much in between: long enough that slices reach it. */
export const CLOSE_MS = 10_000;
/** So many sets of types are remembered; the oldest is forgotten first. */
const MOST_CHANNELS = 100;
/** So many of them keep what they remember while nobody reads. */
const MOST_MEMORIES = 8;
/** What a tail remembers is of use for whoever comes so soon after its end, in milliseconds. */
const MEMORY_LASTS_MS = 60_000;

/**
 * What reading one set of types has taught, kept from one wait to the next: waits too short to read anything whole would else
 * each begin anew, and never get anywhere.
 */
export class Channel {
  readonly types: readonly string[] | undefined;
  readonly key: string;
  /** The page size that last proved small enough. */
  size = LARGEST_PAGE;
  /** Whether a cursor that came with a last page has led to more; once it has, it may again. */
  leadsOn: boolean | undefined;
  /** Whether a range ends with all that was created at its end, as the answers have shown: not all APIs' ends are inclusive. */
  endsInclusive = false;
  /** Whether a range begins with what was created at its beginning. */
  beginsInclusive = false;
  /** Whether times are finer than milliseconds, so that no range ends with all of one. */
  hasFinerTimes = false;
  /** How far back a tail's next poll may reach, in milliseconds. */
  near = NEAR_MS;
  /** Where the slices of a backlog should end. */
  readonly backlog: BacklogMemory = { hint: undefined };
  /** How listings should begin. */
  readonly backwards: BackwardsHint = { ...NO_HINT };
  #memory: { kept: TailMemory; at: number } | undefined;

  constructor(types: readonly string[] | undefined) {
    this.types = types;
    this.key = keyOf(types);
  }

  /** What a tail that has ended knew at that time (`clock.now()`). */
  keepMemory(kept: TailMemory, at: number): void {
    this.#memory = { kept, at };
  }

  /** What a new tail begins with; only one gets it. */
  takeMemory(now: number): TailMemory {
    const memory = this.#memory;
    this.#memory = undefined;
    return memory !== undefined && now - memory.at <= MEMORY_LASTS_MS ? memory.kept : new TailMemory();
  }

  /** Frees what only speeds things up. */
  dropMemory(): void {
    this.#memory = undefined;
  }
}

/** The channels of a feed, by their sets of types. */
export class Channels {
  readonly #clock: Clock;
  readonly #channels = new BoundedMap<string, Channel>({ entries: MOST_CHANNELS });
  /** `clock.now()` when the last page of whatever had arrived. */
  answeredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(types: readonly string[] | undefined): Channel {
    const key = keyOf(types);
    const channel = this.#channels.get(key) ?? new Channel(types);
    this.#channels.set(key, channel);
    for (const one of this.#channels.newestValues().slice(MOST_MEMORIES)) one.dropMemory();
    return channel;
  }

  /** Notes that a page has arrived. */
  noteAnswer(): void {
    this.answeredAt = this.#clock.now();
  }
}

export function keyOf(types: readonly string[] | undefined): string {
  return types === undefined ? "*" : types.join(" ");
}
