import type { Clock } from "../shared/clock.ts";
import { LARGEST_PAGE, type Reading } from "./pages.ts";
import type { BacklogMemory } from "./slices.ts";

/** A reader whose position lies at most this far in the past joins a tail, which reaches back with its next poll. */
export const NEAR_MS = 120_000;
/** The same for one that was found to have too much in between: long enough that slices reach it. */
export const CLOSE_MS = 10_000;
/** So many sets of types are remembered; the oldest is forgotten first. */
const MOST_LANES = 100;

/**
 * What reading one set of types has taught, kept from one wait to the next: waits too short to read anything whole would else
 * each begin anew, and never get anywhere.
 */
export interface Lane {
  /** The page size that last proved small enough. */
  readonly size: { largest: number };
  /** How far back a tail's next poll may reach, in milliseconds. */
  near: number;
  /** Where the slices of a backlog should end. */
  readonly backlog: BacklogMemory;
  /** `clock.now()` when the last page had arrived. */
  answeredAt: number;
}

/** The lanes of a feed, by their sets of types. */
export class Lanes {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();
  /** `clock.now()` when the last page of whatever had arrived. */
  answeredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(types: readonly string[] | undefined): Lane {
    const key = keyOf(types);
    const known = this.#lanes.get(key);
    const lane = known ?? {
      size: { largest: LARGEST_PAGE },
      near: NEAR_MS,
      backlog: { hint: undefined },
      answeredAt: Number.NEGATIVE_INFINITY,
    };
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
    for (const oldest of this.#lanes.keys()) {
      if (this.#lanes.size <= MOST_LANES) break;
      this.#lanes.delete(oldest);
    }
    return lane;
  }

  /** The same client, of whose pages note is taken, for a lane where one is given. */
  noted(exa: Reading["exa"], lane?: Lane): Reading["exa"] {
    return {
      listEvents: async (query, options) => {
        const answer = await exa.listEvents(query, options);
        this.answeredAt = this.#clock.now();
        if (lane !== undefined) lane.answeredAt = this.answeredAt;
        return answer;
      },
    };
  }
}

export function keyOf(types: readonly string[] | undefined): string {
  return types === undefined ? "*" : types.join(" ");
}
