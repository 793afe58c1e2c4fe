import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import type { ListOrder } from "./list-order.ts";
import { MOST_CHARACTERS, TailMemory } from "./tail-memory.ts";

/** The largest page the API gives. */
export const LARGEST_PAGE = 200;
/** A good width for the first slice of a range, in milliseconds. */
const FIRST_SLICE_MS = 60_000;
/** A reader whose position lies at most this far in the past joins a tail, which reaches back with its next poll. */
export const NEAR_MS = 120_000;
/** The same for one that was found to have too much in between: long enough that slices reach it. */
export const CLOSE_MS = 10_000;
/** At most this many sets of types are remembered; the oldest is forgotten first. */
const MOST_CHANNELS = 100;
/** This many of them, and this many characters of events' data, keep what they remember while nobody reads. */
const MOST_MEMORIES = 8;
const MOST_MEMORY_CHARACTERS = 2 * MOST_CHARACTERS;
/** What a tail remembers is of use for whoever comes so soon after its end, in milliseconds. */
const MEMORY_LASTS_MS = 60_000;

/** What looking back has learnt of the API, kept between listings: it decides how they begin, not what they give. */
export interface BackwardsHint {
  order: ListOrder | undefined;
  /** A good width for the first window, in milliseconds: the one that suited the last, for listings that go on from it. */
  width: number;
  /** How many events of the last page were too near to its oldest to be final. */
  crowd: number;
}

export const NO_HINT: BackwardsHint = { order: undefined, width: FIRST_SLICE_MS, crowd: 0 };

/** What slices forwards have taught of a backlog: where the next one should end. All times are milliseconds since 1970. */
export interface BacklogHint {
  /** The part of the past that it is about: from the beginning of the last slice to its end. */
  from: number;
  to: number;
  /** How wide the next slice is to be: of about the right size, or what was left of one that was cut; undefined where the last one was nearly empty. */
  width: number | undefined;
  /** A slice that ended after this time held too much, by the events from there on; one of this `width` would not. The next ends `step` before. */
  crowd: { from: number; step: number; width: number } | undefined;
}

/** At most this many readers that are behind keep what they have learnt: more of them seldom are at different places. */
const MOST_BACKLOGS = 8;

/** Keeps what reading backlogs has taught, for whoever goes on with one of them. */
export class BacklogMemory {
  #hints: readonly BacklogHint[] = [];

  /** What is known of the backlog that begins there, in milliseconds since 1970. */
  of(after: number): BacklogHint | undefined {
    return this.#hints.find(({ from, to }) => from <= after && after <= to);
  }

  keep(hint: BacklogHint): void {
    const others = this.#hints.filter(({ from, to }) => hint.from < from || to < hint.from);
    this.#hints = [hint, ...others].slice(0, MOST_BACKLOGS);
  }
}

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
  /** Where the slices of backlogs should end. */
  readonly backlog = new BacklogMemory();
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

  get memorySize(): number {
    return this.#memory?.kept.size ?? 0;
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
    let characters = 0;
    for (const [index, one] of this.#channels.newestValues().entries()) {
      characters += one.memorySize;
      if (index >= MOST_MEMORIES || characters > MOST_MEMORY_CHARACTERS) one.dropMemory();
    }
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
