import type { ExaClient } from "../exa/client.ts";
import type { Clock } from "../shared/clock.ts";
import { isPassing, WebsetsError } from "../shared/errors.ts";
import { SharedCall } from "../shared/shared-call.ts";
import type { OrderHint } from "./backwards.ts";
import type { FeedEvent } from "./event.ts";
import type { EventFilter } from "./filter.ts";
import { type Listed, type ListRequest, listEvents } from "./listing.ts";
import { glance, newestVisible } from "./newest.ts";
import { Owners } from "./owners.ts";
import { isoTime, type Reading } from "./pages.ts";
import { advance, isDealtWith, type Placed, type Position, positionAt, RETENTION_MS, settledAt } from "./position.ts";
import { ServerTime } from "./server-time.ts";
import { FIRST_SLICE_MS, readSlice } from "./slices.ts";
import { NEAR_MS, Tail, type TailSubscription } from "./tail.ts";

/** The pause before a failed slice or look-up is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** How far a given time may lie ahead of the `Date` header: its one-second grain, and a second between two clocks. */
const AHEAD_MS = 2_000;

export interface FeedOptions {
  exa: Pick<ExaClient, "listEvents" | "getMonitor" | "getWebset">;
  clock: Clock;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  /** 0 up to 1; for jitter. */
  random?: () => number;
  /** Told how many malformed events a page had; they are skipped. */
  onMalformed?: (count: number) => void;
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
}

/** What happens while a feed is read. */
export type FeedNews =
  /** The first news, unless there is trouble: where reading begins. */
  | { kind: "positioned"; position: Position }
  | ReadNews
  /** Trouble that passes; reading goes on by itself. */
  | { kind: "retrying"; error: WebsetsError };

export interface ReadNews {
  kind: "read";
  /** Matching events, oldest first, each once; often none. */
  events: FeedEvent[];
  /** Events that the position had dealt with, met again. */
  again: Placed[];
  /** Everything created before this time has been told, in milliseconds since 1970. */
  settledUpTo: number | undefined;
  /** Whether the upstream was asked for this, and not only the memory of a tail. */
  asked: boolean;
}

/** All events of one key, as something to read from any position. One poll loop serves all readers of one set of types. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #tails = new Map<string, Tail>();
  readonly #serverTime: ServerTime;
  readonly #owners: Owners;
  readonly #glance: SharedCall<void>;
  readonly #order: OrderHint = { order: undefined };

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#serverTime = new ServerTime(options.clock);
    this.#owners = new Owners(options.exa);
    this.#glance = new SharedCall(async (signal) => {
      const sentAt = options.clock.now();
      this.#serverTime.note((await glance(undefined, this.#reading(signal))).serverTime, sentAt);
    });
  }

  /** How many poll loops are running. */
  get tails(): number {
    return this.#tails.size;
  }

  /** The pause between polls for this set of types at present, in milliseconds. */
  pace(types: readonly string[] | undefined): number {
    return this.#tails.get(keyOf(types))?.pace ?? this.#options.intervalMs;
  }

  /** Notes the upstream's time from an answer that came by another way: its `Date`, and when the call was sent. */
  noteServerTime(serverTime: number | undefined, sentAt: number): void {
    this.#serverTime.note(serverTime, sentAt);
  }

  /**
   * Reads on from a position until the signal aborts, which ends the reading with an AbortError. What passes by itself is
   * told and outlasted; what does not (a wrong key, a position no API can know) is thrown as a `WebsetsError`.
   */
  async *read(request: ReadRequest): AsyncGenerator<FeedNews, never> {
    const { signal, types, urgentBy = Number.POSITIVE_INFINITY } = request;
    const askedAt = this.#options.clock.now();
    let position = request.from;
    let subscription: TailSubscription | undefined;
    const { websetId: asked } = request;
    const websetId = typeof asked === "function" ? yield* this.#outlast(signal, () => asked(signal)) : asked;
    const filter = { types, websetId };
    if (position !== undefined) {
      yield* this.#outlast(signal, () => this.#requireKnowable(position as Position, signal));
      yield { kind: "positioned", position };
    }
    let width = FIRST_SLICE_MS;
    while (subscription === undefined) {
      subscription = this.#join(types, position, { askedAt, urgentBy });
      if (subscription !== undefined || position === undefined) break;
      const from: Position = position;
      const slice = yield* this.#outlast(signal, () => this.#slice(from, width, types, signal));
      position = yield* this.#tell({ ...slice, asked: true }, from, filter, signal);
      width = slice.nextWidth;
    }
    const tail = subscription as TailSubscription;
    try {
      for (;;) {
        const news = await tail.next(signal);
        if (news.kind === "failed") {
          yield { kind: "retrying", error: news.error };
          continue;
        }
        if (position === undefined) {
          position = tail.position as Position;
          yield { kind: "positioned", position };
        }
        position = yield* this.#tell({ ...news, asked: news.kind === "polled" }, position, filter, signal);
      }
    } finally {
      tail.leave();
    }
  }

  /** Joins the tail of these types if the position is near enough for it, or begins one; undefined where slices come first. */
  #join(
    types: readonly string[] | undefined,
    position: Position | undefined,
    times: { askedAt: number; urgentBy: number },
  ): TailSubscription | undefined {
    const key = keyOf(types);
    let tail = this.#tails.get(key);
    const nearest = tail?.floor ?? this.#serverTime.now();
    if (position !== undefined && nearest !== undefined && position.since < nearest - NEAR_MS) return undefined;
    if (tail === undefined) {
      const { exa, clock, intervalMs, random = Math.random, onMalformed } = this.#options;
      const begun = new Tail({
        exa,
        clock,
        types,
        intervalMs,
        serverTime: this.#serverTime,
        random,
        onMalformed,
        onStopped: () => {
          if (this.#tails.get(key) === begun) this.#tails.delete(key);
        },
      });
      tail = begun;
      this.#tails.set(key, tail);
    }
    return tail.join(position, times);
  }

  /**
   * A position of now, taken before whatever follows. For callers whose own answers told no time: without a `Date` the newest
   * visible event stands in for it.
   */
  async positionNow(signal: AbortSignal): Promise<Position> {
    const now = this.#serverTime.now() ?? (await this.#askTime(signal));
    if (now !== undefined) return positionAt(now);
    const newest = await newestVisible(undefined, this.#reading(signal));
    return advance(positionAt(newest[0]?.time ?? 0), { handedOut: newest, settledUpTo: undefined });
  }

  /** Lists matching events, newest first; see `listEvents`. */
  async list(request: ListRequest): Promise<Listed> {
    const { signal, filter } = request;
    const reading = this.#reading(signal);
    return listEvents(request, {
      reading,
      clock: this.#options.clock,
      hint: this.#order,
      belongs: (event, websetId) => this.#owners.belongs(event, websetId, signal),
      serverNow: async () =>
        this.#serverTime.now() ?? (await this.#askTime(signal)) ?? (await this.#timeOfNewest(filter.types, reading)),
    });
  }

  async #slice(position: Position, width: number, types: readonly string[] | undefined, signal: AbortSignal) {
    const { clock } = this.#options;
    const reading = this.#reading(signal);
    const sentAt = clock.now();
    const now = this.#serverTime.now() ?? Number.POSITIVE_INFINITY;
    const range = { types, after: position.since, before: Math.max(now, position.since + 1) };
    const slice = await readSlice(range, "oldest", width, reading);
    this.#serverTime.note(slice.serverTime, sentAt);
    const serverTime = slice.serverTime ?? this.#serverTime.now() ?? (await this.#timeOfNewest(types, reading));
    const settled = settledAt(serverTime);
    return { events: slice.events, settledUpTo: Math.min(slice.before, settled), nextWidth: slice.nextWidth };
  }

  /** Where answers have no `Date`, the newest visible event stands in for the upstream's clock. */
  async #timeOfNewest(types: readonly string[] | undefined, reading: Reading): Promise<number> {
    const sentAt = this.#options.clock.now();
    const time = (await newestVisible(types, reading))[0]?.time ?? 0;
    this.#serverTime.note(time, sentAt);
    return time;
  }

  /** Refuses positions in the upstream's future or beyond its retention; one that keeps no time is never refused. */
  async #requireKnowable(position: Position, signal: AbortSignal): Promise<void> {
    const estimate = this.#serverTime.now();
    const known = estimate !== undefined && position.since <= estimate;
    const now = known ? estimate : await this.#askTime(signal);
    if (now === undefined) return;
    if (position.since > now + AHEAD_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} lies in the future: the API's clock shows ${isoTime(now)}`,
        advice: "Leave after out to wait from now on, or pass a cursor or an earlier time.",
      });
    }
    if (position.since < now - RETENTION_MS) {
      throw new WebsetsError("invalid_request", {
        what: `The time ${isoTime(position.since)} is older than the 60 days for which the API keeps events`,
        advice: `Pass a time after ${isoTime(now - RETENTION_MS)}; what is older cannot be read any more.`,
      });
    }
  }

  /** The upstream's time from an answer of now; never earlier than it really is. */
  async #askTime(signal: AbortSignal): Promise<number | undefined> {
    const askedAt = this.#options.clock.now();
    await this.#glance.join(signal);
    const now = this.#serverTime.now();
    return now === undefined ? undefined : now + (this.#options.clock.now() - askedAt);
  }

  async *#tell(
    batch: { events: FeedEvent[]; settledUpTo: number | undefined; asked: boolean },
    position: Position,
    { websetId }: EventFilter,
    signal: AbortSignal,
  ): AsyncGenerator<FeedNews, Position> {
    const events: FeedEvent[] = [];
    const again: FeedEvent[] = [];
    for (const event of batch.events) {
      this.#owners.note(event);
      if (event.time < position.since) continue;
      if (websetId !== undefined) {
        const belongs = yield* this.#outlast(signal, () => this.#owners.belongs(event, websetId, signal));
        if (!belongs) continue;
      }
      if (isDealtWith(position, event)) again.push(event);
      else events.push(event);
    }
    yield { kind: "read", events, again, settledUpTo: batch.settledUpTo, asked: batch.asked };
    return advance(position, { handedOut: events, metAgain: again, settledUpTo: batch.settledUpTo });
  }

  /** Does something until it succeeds, telling of trouble that passes; throws what does not pass. */
  async *#outlast<T>(signal: AbortSignal, attempt: () => Promise<T>): AsyncGenerator<FeedNews, T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        yield { kind: "retrying", error };
        await this.#options.clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  #reading(signal: AbortSignal): Reading {
    const { exa, onMalformed } = this.#options;
    return { exa, signal, onMalformed };
  }
}

function keyOf(types: readonly string[] | undefined): string {
  return types === undefined ? "*" : types.join(" ");
}
