import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, isPassing, type WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import { glance, newestVisible } from "./newest.ts";
import { nextPoll } from "./pace.ts";
import { type Reading, readRange } from "./pages.ts";
import { advance, byTime, type Position, positionAt, settledAt } from "./position.ts";
import type { ServerTime } from "./server-time.ts";

/** How much of the settled past a tail keeps, so that a reader that pauses between two waits joins without a request. */
const KEPT_MS = 60_000;
/** Beyond so many events the past is kept only as far as it is needed to tell new events from old ones. */
const MOST_KEPT = 2_000;
/** A reader whose position lies at most this far before what a tail knows joins it, and the tail reaches back with its next poll. */
export const NEAR_MS = 120_000;

/** A request of a poll is tried this often; after that the poll has failed and the pace decides about the next one. */
const ATTEMPTS = 2;

export interface TailOptions {
  exa: Reading["exa"];
  clock: Clock;
  types: readonly string[] | undefined;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  serverTime: ServerTime;
  random: () => number;
  onMalformed?: ((count: number) => void) | undefined;
  /** Called once, when the last reader has left or the tail has failed for good. */
  onStopped: () => void;
}

/** What a reader is told. */
export type TailNews =
  /** What the tail already knew when the reader joined, or what a poll found. Everything before `settledUpTo` was told. */
  | { kind: "recalled" | "polled"; events: FeedEvent[]; settledUpTo: number | undefined }
  | { kind: "failed"; error: WebsetsError };

/** One reader's place at a tail. */
export interface TailSubscription {
  /** The position the reader began at: its own, or the upstream's time when it joined. Known with the first news. */
  readonly position: Position | undefined;
  /** The next news; rejects with an AbortError when `signal` aborts, or with the error that ended the tail. */
  next(signal: AbortSignal): Promise<TailNews>;
  leave(): void;
}

interface Reader {
  askedAt: number;
  urgentBy: number;
  position: Position | undefined;
  /** Where a reader without a position begins if the upstream's answers tell no time: at the newest event known when it came. */
  fallback: Position | undefined;
  polled: boolean;
  news: TailNews[];
  failure: unknown;
  wake: (() => void) | undefined;
}

/**
 * The poll loop for one set of event types, shared by all readers of that set. It starts with the first reader and stops
 * with the last. Each poll reads everything since the settled past again, because events can become visible late, and hands
 * on what is new.
 */
export class Tail {
  readonly #options: TailOptions;
  readonly #readers = new Set<Reader>();
  readonly #stop = new AbortController();
  /** Everything visible at or after `#floor`, by id. */
  #recent = new Map<string, FeedEvent>();
  #floor: number | undefined;
  /** Everything created before this is visible, and was read. */
  #settled: number | undefined;
  /** The earliest position of readers that joined before the floor; the next poll reads from there. */
  #reachBack: number | undefined;
  #lastEventAt: number;
  #failures = 0;
  #retryAfterMs: number | undefined;
  #pauseEnds = 0;
  #pause: AbortController | undefined;
  #started = false;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#lastEventAt = options.clock.now();
  }

  /** Where this tail's knowledge begins, in milliseconds since 1970; unknown before its first poll. */
  get floor(): number | undefined {
    return this.#floor;
  }

  /** The pause this tail keeps between polls at present, in milliseconds. */
  get pace(): number {
    const { clock, intervalMs } = this.#options;
    return nextPoll({
      intervalMs,
      quietMs: clock.now() - this.#lastEventAt,
      failures: this.#failures,
      retryAfterMs: this.#retryAfterMs,
      random: 0,
    });
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Adds a reader. A position should lie at most `NEAR_MS` before the floor; without one the reader begins now.
   * @param times in `clock.now()`: when the reader was asked for, and before when it needs at least one poll.
   */
  join(position: Position | undefined, times: { askedAt: number; urgentBy: number }): TailSubscription {
    const { askedAt, urgentBy } = times;
    const reader: Reader = {
      askedAt,
      urgentBy,
      position,
      fallback: position === undefined ? this.#newestKnown() : undefined,
      polled: false,
      news: [],
      failure: undefined,
      wake: undefined,
    };
    this.#readers.add(reader);
    if (position !== undefined) {
      if (this.#floor !== undefined && position.since >= this.#floor) {
        this.#tell(reader, { kind: "recalled", events: this.#since(position.since), settledUpTo: this.#settled });
      } else {
        this.#reachBackTo(position.since);
      }
    }
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    } else if (this.#pause !== undefined && urgentBy < this.#pauseEnds && this.#retryAfterMs === undefined) {
      this.#pause.abort();
    }
    return {
      get position() {
        return reader.position;
      },
      next: (signal) => this.#next(reader, signal),
      leave: () => this.#leave(reader),
    };
  }

  async #next(reader: Reader, signal: AbortSignal): Promise<TailNews> {
    for (;;) {
      if (signal.aborted) throw abortError();
      const news = reader.news.shift();
      if (news !== undefined) return news;
      if (reader.failure !== undefined) throw reader.failure;
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener("abort", wake);
          reader.wake = undefined;
          resolve();
        };
        reader.wake = wake;
        signal.addEventListener("abort", wake, { once: true });
      });
    }
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#end();
  }

  #end(): void {
    if (this.stopped) return;
    this.#stop.abort();
    this.#options.onStopped();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    while (!this.stopped) {
      try {
        await this.#poll();
        this.#failures = 0;
        this.#retryAfterMs = undefined;
      } catch (error) {
        if (this.stopped && isAbort(error)) return;
        if (!isPassing(error)) {
          this.#fail(error);
          return;
        }
        this.#failures++;
        this.#retryAfterMs = error.retryAfterMs;
        for (const reader of this.#readers) this.#tell(reader, { kind: "failed", error });
      }
      const pause = nextPoll({
        intervalMs: this.#options.intervalMs,
        quietMs: clock.now() - this.#lastEventAt,
        failures: this.#failures,
        retryAfterMs: this.#retryAfterMs,
        random: random(),
      });
      await this.#sleep(pause);
    }
  }

  /** Pauses; a reader that cannot wait for the end of the pause cuts it short. */
  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#options;
    const pause = new AbortController();
    const stop = () => pause.abort();
    this.#stop.signal.addEventListener("abort", stop, { once: true });
    this.#pauseEnds = clock.now() + ms;
    this.#pause = pause;
    const urgent = [...this.#readers].some((reader) => !reader.polled && reader.urgentBy < this.#pauseEnds);
    try {
      await clock.sleep(urgent && this.#failures === 0 ? 0 : ms, pause.signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#pause = undefined;
      this.#stop.signal.removeEventListener("abort", stop);
    }
  }

  async #poll(): Promise<void> {
    const { exa, clock, types, serverTime, onMalformed } = this.#options;
    const reading: Reading = { exa, signal: this.#stop.signal, attempts: ATTEMPTS, onMalformed };
    // Readers that join while this poll is under way are told with the next one, which begins after they came.
    const readers = [...this.#readers];
    if (this.#settled === undefined && this.#reachBack === undefined) await this.#findNow(reading, readers);
    const reachBack = this.#reachBack;
    const from = Math.min(this.#settled ?? Number.POSITIVE_INFINITY, reachBack ?? Number.POSITIVE_INFINITY);
    const sentAt = clock.now();
    const read = await readRange({ types, after: from }, reading);
    if (this.#reachBack === reachBack) this.#reachBack = undefined;
    serverTime.note(read.serverTime, sentAt);

    const news = read.events.filter((event) => !this.#recent.has(event.id));
    for (const event of news) this.#recent.set(event.id, event);
    if (news.length > 0) this.#lastEventAt = clock.now();
    this.#floor = Math.min(this.#floor ?? from, from);
    const now = read.serverTime ?? read.events.at(-1)?.time;
    this.#settled = Math.max(this.#settled ?? from, now === undefined ? 0 : settledAt(now));
    for (const reader of readers) {
      if (!this.#readers.has(reader)) continue;
      this.#place(reader, read.serverTime, sentAt);
      if (reader.position !== undefined && reader.position.since < this.#floor) {
        // It was asked for long before it joined: the next poll reads from there.
        this.#reachBackTo(reader.position.since);
        continue;
      }
      // With its first poll a reader is told all since its position: others may have been told of it before.
      const events = reader.polled ? news : this.#since(reader.position?.since ?? 0);
      reader.polled = true;
      this.#tell(reader, { kind: "polled", events, settledUpTo: this.#settled });
    }
    this.#forget();
  }

  /** Finds out where the tail begins when no reader brought a position: the upstream's time, or its newest event. */
  async #findNow(reading: Reading, readers: readonly Reader[]): Promise<void> {
    const { clock, types } = this.#options;
    const sentAt = clock.now();
    const { events, serverTime } = await glance(types, reading);
    const newest = serverTime === undefined && events.length > 0 ? await newestVisible(types, reading) : [];
    for (const event of newest) this.#recent.set(event.id, event);
    this.#settled = newest[0]?.time ?? serverTime ?? 0;
    for (const reader of readers) {
      reader.fallback = this.#newestKnown();
      this.#place(reader, serverTime, sentAt);
      this.#settled = Math.min(this.#settled, reader.position?.since ?? this.#settled);
    }
  }

  /** A fresh reader begins at the upstream's time of its asking: an answer's time less what passed since. */
  #place(reader: Reader, serverTime: number | undefined, sentAt: number): void {
    if (reader.position !== undefined) return;
    reader.position =
      serverTime === undefined
        ? (reader.fallback ?? positionAt(this.#floor ?? this.#settled ?? 0))
        : positionAt(Math.floor(serverTime - (sentAt - reader.askedAt)));
  }

  #newestKnown(): Position | undefined {
    const newest = this.#since(0).at(-1);
    if (newest === undefined) return undefined;
    const handedOut = this.#since(newest.time);
    return advance(positionAt(newest.time), { handedOut, settledUpTo: undefined });
  }

  #reachBackTo(time: number): void {
    this.#reachBack = Math.min(this.#reachBack ?? time, time);
  }

  #since(time: number): FeedEvent[] {
    return [...this.#recent.values()].filter((event) => event.time >= time).sort(byTime);
  }

  /** Drops what no reader can need: all of the settled past but the last minute, and less of it where it is crowded. */
  #forget(): void {
    if (this.#settled === undefined || this.#floor === undefined) return;
    let floor = this.#recent.size > MOST_KEPT ? this.#settled : Math.max(this.#floor, this.#settled - KEPT_MS);
    for (const reader of this.#readers) if (!reader.polled) floor = Math.min(floor, reader.position?.since ?? floor);
    floor = Math.max(floor, this.#floor);
    for (const event of this.#recent.values()) if (event.time < floor) this.#recent.delete(event.id);
    this.#floor = floor;
  }

  #tell(reader: Reader, news: TailNews): void {
    reader.news.push(news);
    reader.wake?.();
  }

  #fail(error: unknown): void {
    for (const reader of this.#readers) {
      reader.failure = error;
      reader.wake?.();
    }
    this.#end();
  }
}
