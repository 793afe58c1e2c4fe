import type { ExaClient } from "../exa/client.ts";
import type { Clock } from "../shared/clock.ts";
import { isPassing } from "../shared/errors.ts";
import { NO_HINT, type OrderHint } from "./backwards.ts";
import { CatchUp } from "./catch-up.ts";
import { CLOSE_MS, keyOf, Lanes, NEAR_MS } from "./lanes.ts";
import { type Listed, type ListRequest, listEvents } from "./listing.ts";
import { Owners } from "./owners.ts";
import type { Reading } from "./pages.ts";
import { advance, BEFORE_ALL, type Position, RETENTION_MS } from "./position.ts";
import { Present } from "./present.ts";
import { type FeedNews, Reader } from "./reader.ts";
import type { Place, Subscription } from "./subscription.ts";
import { type Poll, Tail } from "./tail.ts";

/** The pause before a failed slice or look-up is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** One page of a slice may take this long at first, and after failures longer. */
const PAGE_LIMIT_MS = 10_000;
const LONGEST_PAGE_LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;

export interface FeedOptions {
  exa: Pick<ExaClient, "listEvents" | "getMonitor" | "getWebset">;
  clock: Clock;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  /** 0 up to 1; for jitter. */
  random?: () => number;
  /** Told how many malformed events a page had; they are skipped. */
  onMalformed?: (count: number) => void;
  /** Told of each poll when it is over. */
  onPoll?: (poll: Poll) => void;
}

export interface ReadRequest {
  types?: readonly string[] | undefined;
  /** Only events of this Webset; a function is asked for its id first, and again if that fails in passing. */
  websetId?: string | ((signal: AbortSignal) => Promise<string>) | undefined;
  /** Where to read from; without it, from now by the upstream's clock. */
  from?: Position | undefined;
  signal: AbortSignal;
  /** The `clock.now()` before which the reader needs at least one poll. */
  urgentBy?: number | undefined;
  /**
   * Tells the `clock.now()` before which the reader expects nothing it waits for, asked before each pause; undefined while it
   * has no idea. Where all readers of a tail can tell, it polls less often until then, within its longest pause.
   */
  expects?: (() => number | undefined) | undefined;
}

/** All events of one key, as something to read from any position. One poll loop serves all readers of one set of types. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #tails = new Map<string, Tail>();
  readonly #present: Present;
  readonly #catchUp: CatchUp;
  readonly #owners: Owners;
  readonly #lanes: Lanes;
  readonly #hint: OrderHint = { ...NO_HINT };

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.clock);
    this.#present = new Present(options.clock, (signal) => {
      const reading = this.#reading(signal);
      return { ...reading, exa: this.#lanes.noted(reading.exa) };
    });
    this.#catchUp = new CatchUp(this.#present, (signal, types) => this.#readingOf(types, signal));
    this.#owners = new Owners(options.exa);
  }

  /** How many poll loops are running. */
  get tails(): number {
    return this.#tails.size;
  }

  /** The pause between polls for this set of types at present, in milliseconds. */
  pace(types: readonly string[] | undefined): number {
    return this.#tails.get(keyOf(types))?.pace ?? this.#options.intervalMs;
  }

  /**
   * When a usable answer had arrived last, in `clock.now()`: one with events of these types, and any at all. -Infinity where
   * none has.
   */
  answeredAt(types: readonly string[] | undefined): { events: number; any: number } {
    return { events: this.#lanes.of(types).answeredAt, any: this.#lanes.answeredAt };
  }

  /** The upstream's time now, without asking; undefined where no answer told it lately. Never later than it is. */
  serverNow(): number | undefined {
    return this.#present.known();
  }

  /** Notes the upstream's time from an answer that came by another way: at `sentAt` (`clock.now()`) it was not earlier. */
  noteServerTime(serverTime: number | undefined, sentAt: number): void {
    this.#present.note(serverTime, sentAt);
  }

  /**
   * Reads on from a position until the signal aborts, which ends the reading with an AbortError. What passes by itself is
   * told and outlasted; what does not (a wrong key, a position no API can know) is thrown as a `WebsetsError`.
   */
  async *read(request: ReadRequest): AsyncGenerator<FeedNews, never> {
    const { signal, types, from, expects, urgentBy = Number.POSITIVE_INFINITY } = request;
    const askedAt = this.#options.clock.now();
    const { websetId: asked } = request;
    const websetId = typeof asked === "function" ? yield* this.#outlast(signal, () => asked(signal)) : asked;
    if (from !== undefined) yield* this.#outlast(signal, () => this.#present.requireKnowable(from, signal));
    const position = from ?? (yield* this.#outlast(signal, () => this.#present.positionAsOf(askedAt, signal)));
    yield { kind: "positioned", position };
    const reader = new Reader({ types, websetId, signal }, position, this.#owners, this.#options.clock);
    const wishes = { urgentBy, expects };
    let near: { within: number; present: number | undefined } = { within: NEAR_MS, present: undefined };
    for (;;) {
      const tail = yield* this.#approach(reader, wishes, near);
      near = { within: CLOSE_MS, present: yield* this.#follow(tail, reader) };
    }
  }

  /** Catches up slice by slice until the reader is near enough for a tail, and joins it. */
  async *#approach(
    reader: Reader,
    wishes: Omit<Place, "since">,
    near: { within: number; present: number | undefined },
  ): AsyncGenerator<FeedNews, Subscription> {
    const { types, signal } = reader.request;
    const lane = this.#lanes.of(types);
    for (;;) {
      const tail = this.#tails.get(keyOf(types));
      const present = this.#present.known() ?? near.present;
      if (reader.position.since === BEFORE_ALL && present !== undefined) {
        // Nothing was visible then, and nothing older is kept: the day is for whoever comes back with the next cursor.
        reader.position = advance(reader.position, { handedOut: [], settledUpTo: present - RETENTION_MS + DAY_MS });
      }
      const { since } = reader.position;
      const joins = (tail?.floor ?? Number.POSITIVE_INFINITY) <= since;
      // Where nothing tells the time, the tail itself finds out whether there is too much to read at once.
      if (joins || present === undefined || since >= present - Math.min(near.within, lane.near)) {
        return (tail ?? this.#begin(types)).join({ since, ...wishes });
      }
      const backlog = { types, since, present };
      const slice = yield* this.#outlast(signal, (limitMs) => this.#catchUp.read(backlog, lane, limitMs, signal));
      yield* reader.take({ ...slice, asked: true, isCaughtUp: false });
    }
  }

  /** Tells what a tail tells, until it says that the reader is too far behind; returns the upstream's time then. */
  async *#follow(tail: Subscription, reader: Reader): AsyncGenerator<FeedNews, number> {
    const lane = this.#lanes.of(reader.request.types);
    let told = false;
    try {
      for (;;) {
        const news = await tail.next(reader.request.signal);
        if (news.kind === "behind") return news.present;
        if (news.kind === "failed") yield { kind: "retrying", error: news.error };
        else {
          const asked = news.kind === "polled";
          told = true;
          yield* reader.take({ ...news, asked, isCaughtUp: asked });
        }
      }
    } finally {
      tail.leave();
      // Who could not wait until a poll had reached back far enough gets there in slices the next time.
      lane.near = told ? NEAR_MS : CLOSE_MS;
    }
  }

  #begin(types: readonly string[] | undefined): Tail {
    const key = keyOf(types);
    const { exa, clock, intervalMs, random = Math.random, onMalformed, onPoll } = this.#options;
    const lane = this.#lanes.of(types);
    const tail = new Tail({
      exa: this.#lanes.noted(exa, lane),
      size: lane.size,
      clock,
      types,
      intervalMs,
      random,
      onTime: (serverTime, at) => this.#present.note(serverTime, at),
      onMalformed,
      onPoll,
      onStopped: () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      },
    });
    this.#tails.set(key, tail);
    return tail;
  }

  /**
   * A position of now, taken before whatever follows. For callers whose own answers told no time: without a `Date` the newest
   * visible event stands in for it.
   */
  positionNow(signal: AbortSignal): Promise<Position> {
    return this.#present.positionAsOf(this.#options.clock.now(), signal);
  }

  /** Lists matching events, newest first; see `listEvents`. */
  async list(request: ListRequest): Promise<Listed> {
    const { signal, filter } = request;
    const seenAt = this.#options.clock.now();
    return listEvents(request, {
      reading: this.#readingOf(filter.types, signal),
      hint: this.#hint,
      belongs: (event, websetId) => this.#owners.belongs(event, websetId, { seenAt, signal }),
      serverNow: () => this.#present.time(signal),
    });
  }

  /**
   * Does something until it succeeds, telling of trouble that passes; throws what does not pass.
   * @param attempt is told how long one page may take, in milliseconds.
   */
  async *#outlast<T>(signal: AbortSignal, attempt: (limitMs: number) => Promise<T>): AsyncGenerator<FeedNews, T> {
    for (let limitMs = PAGE_LIMIT_MS; ; limitMs = Math.min(LONGEST_PAGE_LIMIT_MS, limitMs * 2)) {
      try {
        return await attempt(limitMs);
      } catch (error) {
        if (!isPassing(error)) throw error;
        yield { kind: "retrying", error };
        await this.#options.clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** For reading events of these types, with what that has taught. */
  #readingOf(types: readonly string[] | undefined, signal: AbortSignal): Reading {
    const lane = this.#lanes.of(types);
    const reading = this.#reading(signal);
    return { ...reading, exa: this.#lanes.noted(reading.exa, lane), size: lane.size };
  }

  #reading(signal: AbortSignal): Reading {
    const { exa, clock, onMalformed } = this.#options;
    return { exa, clock, signal, onMalformed };
  }
}
