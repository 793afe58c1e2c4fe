import type { ExaClient } from "../exa/client.ts";
import { type Clock, DAY_MS } from "../shared/clock.ts";
import { isDoubtful, isTransient, SECOND_LOOK_MS, WebsetsError } from "../shared/errors.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import { CatchUp } from "./catch-up.ts";
import { type Channel, Channels, CLOSE_MS, keyOf, NEAR_MS } from "./channel.ts";
import type { FeedEvent } from "./event.ts";
import type { EventFilter } from "./filter.ts";
import { type Listed, type ListRequest, listEvents } from "./listing.ts";
import { Owners } from "./owners.ts";
import { LONGEST_REQUESTED_PAUSE_MS } from "./pace.ts";
import type { Reading } from "./pages.ts";
import {
  type Ago,
  advance,
  BEFORE_ALL,
  type Position,
  positionAgo,
  positionFor,
  RETENTION_MS,
  watermarkAt,
} from "./position.ts";
import { type FeedNews, Reader } from "./reader.ts";
import type { OpenShared } from "./shared-polls.ts";
import type { Expectation, Place, Subscription } from "./subscription.ts";
import { type Poll, Tail } from "./tail.ts";
import { UpstreamTime } from "./upstream-time.ts";

/** The pause before a failed slice or look-up is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** One page of a slice may take this long at first, and after failures longer. */
const PAGE_LIMIT_MS = 10_000;
const LONGEST_PAGE_LIMIT_MS = 60_000;
/** The pause before a reader looks again at a time that is crowded and not settled yet, in milliseconds. */
const CROWD_PAUSE_MS = 1_000;
const HOUR_MS = 3_600_000;
/** What is visible now is settled after this long at most, in milliseconds. */
const SETTLING_MS = 8_000;

export interface FeedOptions {
  exa: Pick<ExaClient, "listEvents" | "getMonitor" | "getWebset" | "lastError">;
  clock: Clock;
  /** The one that the client teaches. */
  upstreamClock: UpstreamClock;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  /** Where other replicas read the same events. */
  shared?: OpenShared | undefined;
  /** 0 up to 1; for jitter. */
  random?: () => number;
  /** How much of each event is kept; without it what agents are shown. */
  keeps?: Reading["keeps"];
  /** Told how many malformed events a page had; they are skipped. */
  onMalformed?: (count: number) => void;
  /** Told of each poll when it is over. */
  onPoll?: (poll: Poll) => void;
}

export interface ReadRequest extends EventFilter {
  /** Only events of this Webset; a function is asked for its id first, and again if that fails in passing. */
  websetId?: string | ((signal: AbortSignal) => Promise<string>) | undefined;
  /** Where to read from; without it, from now by the upstream's clock. */
  from?: Position | Ago | undefined;
  /** Whether that position is where an earlier reading ended, and not a time that somebody chose. */
  resumes?: boolean | undefined;
  signal: AbortSignal;
  /** The `clock.now()` before which the reader needs at least one poll. */
  urgentBy?: number | undefined;
  /** The `clock.now()` at which, or soon after it, the reader wants a poll to begin, however quiet it is. */
  settlesAt?: number | undefined;
  /** Whether what came from the memory of others' polls makes a poll urgent, asked when it has been told. */
  isUrgent?: (() => boolean) | undefined;
  /**
   * Tells what the reader expects, asked before each pause. Polls are less often while no reader of a tail expects anything, and
   * at most twice the interval apart while something runs for any of them.
   */
  expects?: (() => Expectation) | undefined;
}

/** A listing whose bounds may be ages. */
export interface FeedListRequest extends Omit<ListRequest, "after" | "before"> {
  after?: Position | Ago | undefined;
  before?: number | Ago | undefined;
  resumes?: boolean | undefined;
}

/** All events of one key, as something to read from any position. One poll loop serves all readers of one set of types. */
export class Feed {
  readonly upstreamClock: UpstreamClock;
  readonly #options: FeedOptions;
  readonly #tails = new Map<string, Tail>();
  readonly #upstreamTime: UpstreamTime;
  readonly #catchUp = new CatchUp();
  readonly #owners: Owners;
  readonly #channels: Channels;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.upstreamClock = options.upstreamClock;
    this.#channels = new Channels(options.clock);
    this.#upstreamTime = new UpstreamTime(options.clock, options.upstreamClock, (signal) =>
      this.#readingOf(undefined, signal),
    );
    this.#owners = new Owners(options.exa, options.clock);
  }

  /** How many poll loops are running. */
  get tails(): number {
    return this.#tails.size;
  }

  /** The pause between polls for this set of types at present, in milliseconds. */
  pace(types: readonly string[] | undefined): number {
    return this.#tails.get(keyOf(types))?.pace ?? this.#options.intervalMs;
  }

  /** When a usable answer for events had arrived last, in `clock.now()`; -Infinity where none has. */
  get answeredAt(): number {
    return this.#channels.answeredAt;
  }

  /**
   * Reads on from a position until the signal aborts, which ends the reading with an AbortError. What passes by itself is
   * told and outlasted; what does not (a wrong key, a position no API can know) is thrown as a `WebsetsError`.
   */
  async *read(request: ReadRequest): AsyncGenerator<FeedNews, never> {
    const { signal, types, accepts, expects, resumes = false, urgentBy = Number.POSITIVE_INFINITY } = request;
    const { isUrgent = () => false, settlesAt } = request;
    const askedAt = this.#options.clock.now();
    const { websetId: asked } = request;
    const websetId = typeof asked === "function" ? yield* this.#outlast(signal, () => asked(signal)) : asked;
    const position = yield* this.#outlast(signal, () => this.#beginning(request, askedAt));
    yield { kind: "positioned", position };
    const reader = new Reader(
      { types, accepts, websetId, signal, resumes },
      position,
      this.#owners,
      this.#options.clock,
    );
    const wishes = { urgentBy, settlesAt, expects, websetId };
    let upstreamNow: number | undefined;
    for (;;) {
      const { since } = reader.position;
      const tail = yield* this.#approach(reader, wishes, upstreamNow);
      upstreamNow = yield* this.#follow(tail, reader, isUrgent);
      // Where nothing tells the time, a crowd of the last seconds is met again and again until it is settled.
      if (since === reader.position.since) await this.#options.clock.sleep(CROWD_PAUSE_MS, signal);
    }
  }

  /** Where to read from, for a call of `askedAt` (`clock.now()`). */
  async #beginning({ from, types, resumes = false, signal }: ReadRequest, askedAt: number): Promise<Position> {
    if (from !== undefined && "since" in from)
      return this.#upstreamTime.knowable(positionFor(types, from), resumes, signal);
    const fresh = await this.#upstreamTime.positionAsOf(askedAt, signal);
    return from === undefined ? fresh : positionAgo(fresh, from);
  }

  /**
   * Catches up slice by slice until the reader is near enough for a tail, and joins it.
   * @param upstreamNow a time the upstream has reached, where a tail had too much between the reader and it.
   */
  async *#approach(
    reader: Reader,
    wishes: Omit<Place, "since">,
    upstreamNow: number | undefined,
  ): AsyncGenerator<FeedNews, Subscription> {
    const { signal } = reader.request;
    const { types } = reader.request;
    const channel = this.#channels.of(types);
    // What was too much for a poll is settled by then, so that slices reach it.
    const slicesUntil = upstreamNow === undefined ? Number.NEGATIVE_INFINITY : upstreamNow + SETTLING_MS;
    for (;;) {
      const tail = this.#tails.get(keyOf(types));
      const byDate = this.upstreamClock.early();
      const byEvents = channel.near === CLOSE_MS ? this.upstreamClock.byEvents() : undefined;
      const now = byDate ?? upstreamNow ?? byEvents;
      if (reader.position.since === BEFORE_ALL && now !== undefined) {
        // Nothing was visible then, and nothing older is kept: the day is for whoever comes back with the next cursor. That it is the same
        // for an hour lets waits go on with what others before them have learnt of the backlog.
        const oldest = Math.floor((now - RETENTION_MS) / HOUR_MS) * HOUR_MS + DAY_MS;
        reader.position = advance(reader.position, { handedOut: [], settledUpTo: oldest });
      }
      const { since, crowd } = reader.position;
      const joins = (tail?.floor ?? Number.POSITIVE_INFINITY) <= since;
      // Where no answer tells the time, the tail itself finds out whether there is too much to read at once. If its reader's time
      // was not enough for that, the events it met tell the time: each next reader would else begin, and leave, in the same way.
      const near = byDate === undefined && now !== undefined ? CLOSE_MS : channel.near;
      const isNear = now === undefined || since >= now - near;
      const isCrowded = byDate !== undefined && byDate < slicesUntil;
      // A tail knows nothing of a place inside a millisecond, and would tell all of it again.
      if ((joins || isNear) && !isCrowded && crowd === undefined) {
        return (tail ?? this.#begin(channel)).join({ since, ...wishes });
      }
      if (isCrowded && since >= watermarkAt(byDate)) {
        await this.#options.clock.sleep(CROWD_PAUSE_MS, signal);
        continue;
      }
      const backlog = {
        position: reader.position,
        isOwnCrowd: reader.isOwnCrowd,
        upstreamNow: now ?? since,
        isCrowded,
      };
      let begunAt = this.#options.clock.now();
      const slice = yield* this.#outlast(signal, (limitMs) => {
        begunAt = this.#options.clock.now();
        return this.#catchUp.read(backlog, { ...this.#readingOf(types, signal), limitMs });
      });
      yield* reader.take({ ...slice, asked: true, begunAt });
    }
  }

  /** Tells what a tail tells, until it says that the reader is too far behind; returns the upstream's time then. */
  async *#follow(tail: Subscription, reader: Reader, isUrgent: () => boolean): AsyncGenerator<FeedNews, number> {
    const channel = this.#channels.of(reader.request.types);
    try {
      for (;;) {
        const news = await tail.next(reader.request.signal);
        if (news.kind === "behind") return news.upstreamNow;
        if (news.kind === "failed") yield { kind: "retrying", error: news.error };
        else {
          const asked = news.kind === "polled";
          yield* reader.take({ ...news, asked, isCaughtUp: asked });
          if (!asked && isUrgent()) tail.hurry();
        }
      }
    } finally {
      tail.leave();
      // Whoever could not wait until a poll had reached back far enough gets there in slices the next time.
      channel.near = tail.served ? NEAR_MS : CLOSE_MS;
    }
  }

  #begin(channel: Channel): Tail {
    const { clock, intervalMs, random = Math.random, onPoll, shared } = this.#options;
    const tail = new Tail({
      reading: this.#readingOf(channel.types),
      clock,
      intervalMs,
      random,
      onPoll,
      shared,
      onStopped: () => {
        if (this.#tails.get(channel.key) === tail) this.#tails.delete(channel.key);
      },
    });
    this.#tails.set(channel.key, tail);
    return tail;
  }

  /** Why the API answers nothing at present, if that is so. */
  get lastError(): WebsetsError | undefined {
    return this.#options.exa.lastError();
  }

  /**
   * A position of now, taken before whatever follows. For callers whose own answers told no time: without a `Date` the newest
   * visible events stand in for it.
   */
  positionNow(signal: AbortSignal): Promise<Position> {
    return this.#upstreamTime.positionAsOf(this.#options.clock.now(), signal);
  }

  /** The id of the Webset that an event is about; undefined where it is about none alone. Rejects with what the client rejects with. */
  websetOf(event: FeedEvent, signal: AbortSignal): Promise<string | undefined> {
    return this.#owners.websetOf(event, { seenAt: Number.NEGATIVE_INFINITY, signal });
  }

  /** Lists matching events, newest first; see `listEvents`. `resumes` as for reading. */
  async list({ after, before, resumes, ...rest }: FeedListRequest): Promise<Listed> {
    const { signal, filter } = rest;
    const seenAt = this.#options.clock.now();
    const request: ListRequest = {
      ...rest,
      after: after && (await this.#beginning({ from: after, types: filter.types, resumes, signal }, seenAt)),
      before:
        typeof before === "object"
          ? positionAgo(await this.#upstreamTime.positionAsOf(seenAt, signal), before).since
          : before,
    };
    if (request.after !== undefined && request.after.since > (request.before ?? Number.POSITIVE_INFINITY)) {
      throw new WebsetsError("invalid_request", {
        what: "after is later than before: no event can match",
        advice: "Exchange the two, or leave one of them out.",
      });
    }
    return listEvents(request, {
      reading: this.#readingOf(filter.types, signal),
      belongs: (event, websetId) => this.#owners.belongs(event, websetId, { seenAt, signal }),
      serverNow: () => this.#upstreamTime.time(signal),
    });
  }

  /**
   * Does something until it succeeds, telling of transient errors; throws what does not pass, or is no accident.
   * @param attempt is told how long one page may take, in milliseconds.
   */
  async *#outlast<T>(signal: AbortSignal, attempt: (limitMs: number) => Promise<T>): AsyncGenerator<FeedNews, T> {
    let isInDoubt = false;
    for (let limitMs = PAGE_LIMIT_MS; ; limitMs = Math.min(LONGEST_PAGE_LIMIT_MS, limitMs * 2)) {
      try {
        return await attempt(limitMs);
      } catch (error) {
        const isAgain = isInDoubt;
        isInDoubt = isDoubtful(error);
        if (!isTransient(error) && (isAgain || !isInDoubt)) throw error;
        const lastError = error as WebsetsError;
        yield { kind: "retrying", error: lastError };
        const pauseMs = isInDoubt
          ? SECOND_LOOK_MS
          : Math.max(RETRY_MS, Math.min(LONGEST_REQUESTED_PAUSE_MS, lastError.retryAfterMs ?? 0));
        await this.#options.clock.sleep(pauseMs, signal);
      }
    }
  }

  /** For reading events of these types, with what that has taught; without a signal, nothing ends it. */
  #readingOf(types: readonly string[] | undefined, signal = new AbortController().signal): Reading {
    const { exa, clock, upstreamClock, onMalformed, keeps } = this.#options;
    const onPage = (unreadable: number) => {
      this.#channels.noteAnswer();
      if (unreadable > 0) onMalformed?.(unreadable);
    };
    return { exa, clock, upstreamClock, channel: this.#channels.of(types), signal, keeps, onPage };
  }
}
