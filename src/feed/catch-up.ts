import { SharedCalls } from "../shared/shared-calls.ts";
import type { FeedEvent } from "./event.ts";
import { keyOf, type Lane } from "./lanes.ts";
import type { Reading } from "./pages.ts";
import { settledAt } from "./position.ts";
import type { Present } from "./present.ts";
import { readForwards } from "./slices.ts";

/** However many are behind, they take turns with those who are not. */
const GROUP = "catch-up";

/** What a reader that is far behind is told at once. */
export interface CaughtUp {
  events: FeedEvent[];
  /** Everything created before this time was told, in milliseconds since 1970. */
  settledUpTo: number;
}

export interface Backlog {
  types: readonly string[] | undefined;
  /** Where the reader stands, in milliseconds since 1970. */
  since: number;
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
   * @param lane is taught where slices should end.
   * @param limitMs how long one page may take, in milliseconds.
   */
  read(backlog: Backlog, lane: Lane, limitMs: number, signal: AbortSignal): Promise<CaughtUp> {
    const key = `${backlog.since} ${keyOf(backlog.types)}`;
    return this.#slices.join(key, signal, (shared) => {
      const reading = { ...this.#reading(shared, backlog.types), limitMs, group: GROUP };
      return this.#slice(backlog, lane, reading);
    });
  }

  async #slice({ types, since, present }: Backlog, lane: Lane, reading: Reading): Promise<CaughtUp> {
    const before = Math.max(this.#present.known() ?? present, since + 1);
    const slice = await readForwards({ types, after: since, before }, lane.backlog, reading);
    this.#present.note(slice.time.serverTime, slice.time.sentAt);
    const settled = settledAt(Math.max(present, slice.time.present ?? present));
    return { events: slice.events, settledUpTo: Math.min(slice.before, settled) };
  }
}
