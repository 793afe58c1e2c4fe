import { SharedCalls } from "../shared/shared-calls.ts";
import type { FeedEvent } from "./event.ts";
import type { Reading } from "./pages.ts";
import { settledAt } from "./position.ts";
import type { Present } from "./present.ts";
import { FIRST_SLICE_MS, readForwards } from "./slices.ts";

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
  /** How wide the slice should be, in milliseconds. */
  width: number;
  /** A time the upstream has certainly reached, for upstreams whose answers have no `Date`. */
  present: number;
}

/** Reads the past in slices. Readers that go through the same past side by side share the requests. */
export class CatchUp {
  readonly #present: Present;
  readonly #reading: (signal: AbortSignal) => Reading;
  readonly #slices = new SharedCalls<CaughtUp>();
  /**
   * A good width for the first slice of a backlog, in milliseconds: the one that suited the last. Waits that are cut short after
   * one or two slices then get on as fast as one that is not.
   */
  firstWidth = FIRST_SLICE_MS;

  constructor(present: Present, reading: (signal: AbortSignal) => Reading) {
    this.#present = present;
    this.#reading = reading;
  }

  /**
   * The next slice of a backlog; rejects with what the client rejects with.
   * @param limitMs how long one page may take, in milliseconds.
   */
  read(backlog: Backlog, limitMs: number, signal: AbortSignal): Promise<CaughtUp> {
    const { types, since, width } = backlog;
    const key = `${since} ${width} ${types?.join(" ") ?? "*"}`;
    return this.#slices.join(key, signal, (shared) => this.#slice(backlog, { ...this.#reading(shared), limitMs }));
  }

  async #slice({ types, since, width, present }: Backlog, reading: Reading): Promise<CaughtUp> {
    const before = Math.max(this.#present.known() ?? present, since + 1);
    const slice = await readForwards({ types, after: since, before }, width, reading);
    this.#present.note(slice.time.serverTime, slice.time.sentAt);
    this.firstWidth = slice.nextWidth;
    const settled = settledAt(Math.max(present, slice.time.present ?? present));
    return { events: slice.events, settledUpTo: Math.min(slice.before ?? before, settled), nextWidth: slice.nextWidth };
  }
}
