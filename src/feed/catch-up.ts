import { SharedCalls } from "../shared/shared-calls.ts";
import type { FeedEvent } from "./event.ts";
import { keyOf, type Lane } from "./lanes.ts";
import type { Reading } from "./pages.ts";
import { settledAt } from "./position.ts";
import type { Present } from "./present.ts";
import { FIRST_SLICE_MS, readForwards } from "./slices.ts";

/** How much narrower the next slice is where nobody could wait for the end of this one. */
const CUT_SHORT = 4;
/** However many are behind, they take turns with those who are not. */
const GROUP = "catch-up";

/** What a reader that is far behind is told at once. */
export interface CaughtUp {
  events: FeedEvent[];
  /** Everything created before this time was told, in milliseconds since 1970. */
  settledUpTo: number;
  /** How wide the next slice should be, in milliseconds. */
  nextWidth: number;
}

export interface Backlog {
  types: readonly string[] | undefined;
  /** Where the reader stands, in milliseconds since 1970. */
  since: number;
  /** How wide the slice should be, in milliseconds; by default as wide as the last one taught. */
  width: number | undefined;
  /** A time the upstream has certainly reached, for upstreams whose answers have no `Date`. */
  present: number;
}

/** Reads the past in slices. Readers that go through the same past side by side share the requests. */
export class CatchUp {
  readonly #present: Present;
  readonly #reading: (signal: AbortSignal, types: Backlog["types"]) => Reading;
  readonly #slices = new SharedCalls<CaughtUp>();

  constructor(present: Present, reading: (signal: AbortSignal, types: Backlog["types"]) => Reading) {
    this.#present = present;
    this.#reading = reading;
  }

  /**
   * The next slice of a backlog; rejects with what the client rejects with.
   * @param lane is taught how wide a slice may be.
   * @param limitMs how long one page may take, in milliseconds.
   */
  read(backlog: Backlog, lane: Lane, limitMs: number, signal: AbortSignal): Promise<CaughtUp> {
    const { types, since } = backlog;
    const width = backlog.width ?? lane.width ?? FIRST_SLICE_MS;
    const key = `${since} ${width} ${keyOf(types)}`;
    return this.#slices.join(key, signal, (shared) => {
      const reading = { ...this.#reading(shared, types), limitMs, group: GROUP };
      return this.#slice({ ...backlog, width }, lane, reading);
    });
  }

  async #slice(backlog: Backlog & { width: number }, lane: Lane, reading: Reading): Promise<CaughtUp> {
    const { types, since, width, present } = backlog;
    const before = Math.max(this.#present.known() ?? present, since + 1);
    const slice = await readForwards({ types, after: since, before }, width, reading).catch((error: unknown) => {
      if (reading.signal.aborted) lane.width = Math.max(1, width / CUT_SHORT);
      throw error;
    });
    this.#present.note(slice.time.serverTime, slice.time.sentAt);
    lane.width = slice.nextWidth;
    const settled = settledAt(Math.max(present, slice.time.present ?? present));
    return { events: slice.events, settledUpTo: Math.min(slice.before ?? before, settled), nextWidth: slice.nextWidth };
  }
}
