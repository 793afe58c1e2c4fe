import type { Clock } from "../shared/clock.ts";
import { isAbort, isPassing } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import { keyOf } from "./lanes.ts";
import { nextPoll, type PaceState } from "./pace.ts";
import { type Reading, walkPages } from "./pages.ts";
import { settledAt } from "./position.ts";
import { type Place, Subscription, type TailNews } from "./subscription.ts";
import { TailMemory } from "./tail-memory.ts";
import { WalkTime } from "./walk-time.ts";

/** A request of a poll is tried this often; after that the poll has failed and the pace decides about the next one. */
const ATTEMPTS = 2;
/** A poll's page may take this long at first, and after failures longer: one that stalls must not cost a whole wait. */
const PAGE_LIMIT_MS = 10_000;
const LONGEST_PAGE_LIMIT_MS = 60_000;
/** A poll reads so many events at most, unless they are all of the last seconds, where nobody could read less. */
const MOST_AT_ONCE = 2_000;
const LAST_SECONDS_MS = 20_000;

/** How a poll went, for whoever watches the loop. */
export interface Poll {
  types: readonly string[] | undefined;
  /** How many events it read; undefined where it failed. */
  events: number | undefined;
  /** How many of them were met for the first time. */
  fresh: number;
  /** The pace: how long until the next poll at least, in milliseconds. */
  pauseMs: number;
}

const NOTHING_FOUND = { events: undefined, fresh: 0 };

export interface TailOptions {
  exa: Reading["exa"];
  /** The page size that last proved small enough. */
  size: { largest: number };
  clock: Clock;
  types: readonly string[] | undefined;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  random: () => number;
  /** Told the upstream's time by the answers' `Date`, and the `clock.now()` it belongs to. */
  onTime: (serverTime: number | undefined, at: number | undefined) => void;
  onMalformed?: ((count: number) => void) | undefined;
  onPoll?: ((poll: Poll) => void) | undefined;
  /** Called once, when the last reader has left or the tail has ended. */
  onStopped: () => void;
}

/**
 * The poll loop for one set of event types, shared by all readers of that set. It starts with the first reader and stops
 * with the last. Each poll reads everything since the settled past again, because events can become visible late, and hands
 * on what is new.
 */
export class Tail {
  readonly #options: TailOptions;
  readonly #readers = new Set<Subscription>();
  readonly #memory = new TailMemory();
  readonly #stop = new AbortController();
  #lastEventAt: number;
  #failures = 0;
  #retryAfterMs: number | undefined;
  #pause: { ends: number; cut: AbortController } | undefined;
  #started = false;
  #found: Pick<Poll, "events" | "fresh"> = NOTHING_FOUND;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#lastEventAt = options.clock.now();
  }

  /** Where this tail's knowledge begins, in milliseconds since 1970; undefined before its first poll. */
  get floor(): number | undefined {
    return this.#memory.floor;
  }

  /** The pause this tail keeps between polls at present, in milliseconds. */
  get pace(): number {
    return nextPoll({ ...this.#paceState(), random: 0 });
  }

  /**
   * Adds a reader, which is told all events at or after `since`. One that lies before the floor is reached with the next poll.
   */
  join(place: Place): Subscription {
    const { since, urgentBy } = place;
    const reader = new Subscription(place, (self) => this.#leave(self));
    this.#readers.add(reader);
    if (this.floor !== undefined && since >= this.floor) {
      reader.tell({ kind: "recalled", events: this.#memory.since(since), settledUpTo: this.#memory.settledUpTo });
    }
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    } else if (this.#pause !== undefined && urgentBy < this.#pause.ends && this.#retryAfterMs === undefined) {
      this.#pause.cut.abort();
    }
    return reader;
  }

  #leave(reader: Subscription): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#end();
  }

  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.#readers.clear();
    this.#stop.abort();
    this.#options.onStopped();
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal;
    while (!stopped.aborted) {
      this.#found = NOTHING_FOUND;
      try {
        await this.#poll();
        this.#failures = 0;
        this.#retryAfterMs = undefined;
      } catch (error) {
        if (stopped.aborted) return;
        if (!isPassing(error)) {
          for (const reader of this.#readers) reader.fail(error);
          this.#end();
          return;
        }
        this.#failures++;
        this.#retryAfterMs = error.retryAfterMs;
        this.#tell(this.#readers, { kind: "failed", error });
      }
      this.#options.onPoll?.({ types: this.#options.types, ...this.#found, pauseMs: this.pace });
      if (!stopped.aborted) await this.#sleep();
    }
  }

  /** Pauses before the next poll; a reader that cannot wait for the end of the pause cuts it short. */
  async #sleep(): Promise<void> {
    const { clock, random } = this.#options;
    const ms = nextPoll({ ...this.#paceState(), random: random() });
    const ends = clock.now() + ms;
    const cut = new AbortController();
    const stop = () => cut.abort();
    this.#stop.signal.addEventListener("abort", stop, { once: true });
    this.#pause = { ends, cut };
    // Who joined while the last poll was under way has had none yet.
    const isUrgent = [...this.#readers].some((reader) => !reader.served && reader.urgentBy < ends);
    try {
      await clock.sleep(isUrgent && this.#failures === 0 ? 0 : ms, cut.signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#pause = undefined;
      this.#stop.signal.removeEventListener("abort", stop);
    }
  }

  #paceState(): Omit<PaceState, "random"> {
    const { clock, intervalMs } = this.#options;
    const quietMs = clock.now() - this.#lastEventAt;
    const soonest = Math.min(...[...this.#readers].map((reader) => reader.expectsNothingBefore ?? 0));
    const idleMs = Math.max(0, soonest - clock.now());
    return { intervalMs, quietMs, idleMs, failures: this.#failures, retryAfterMs: this.#retryAfterMs };
  }

  async #poll(): Promise<void> {
    const memory = this.#memory;
    // Readers that join while this poll is under way are told with the next one, which begins after they came.
    const readers = [...this.#readers];
    const open = memory.openFrom ?? Number.POSITIVE_INFINITY;
    const floor = memory.floor ?? Number.POSITIVE_INFINITY;
    const earlier = readers.filter((reader) => !reader.served && reader.since < floor).map((reader) => reader.since);
    const from = Math.min(open, ...earlier);
    const time = new WalkTime();
    const events = await this.#read(from, time);
    this.#options.onTime(time.serverTime, time.sentAt);
    if (events === undefined) {
      const behind = from < open ? readers.filter((reader) => !reader.served && reader.since < floor) : readers;
      this.#tell(behind, { kind: "behind", present: time.present ?? 0 });
      for (const reader of behind) this.#leave(reader);
      // Those who are near shall not wait for those who were not.
      return this.#stop.signal.aborted ? undefined : this.#poll();
    }

    const news = memory.take(events, from, time.present === undefined ? undefined : settledAt(time.present));
    this.#found = { events: events.length, fresh: news.length };
    if (news.length > 0) this.#lastEventAt = this.#options.clock.now();
    const settledUpTo = memory.settledUpTo;
    for (const reader of readers) {
      // With its first poll a reader is told all since its position: others may have been told of it before.
      const told = reader.served ? news : memory.since(reader.since);
      reader.served = true;
      reader.tell({ kind: "polled", events: told, settledUpTo });
    }
    const waiting = [...this.#readers].filter((reader) => !reader.served).map((reader) => reader.since);
    memory.forget(Math.min(Number.POSITIVE_INFINITY, ...waiting));
  }

  /** All events since a time; undefined where they are too many and lie too far back to be read at once. */
  async #read(from: number, time: WalkTime): Promise<FeedEvent[] | undefined> {
    const { exa, size, clock, types, onMalformed } = this.#options;
    const limitMs = Math.min(LONGEST_PAGE_LIMIT_MS, PAGE_LIMIT_MS * 2 ** Math.min(this.#failures, 5));
    const signal = this.#stop.signal;
    const group = `tail ${keyOf(types)}`;
    const reading = { exa, clock, signal, limitMs, attempts: ATTEMPTS, onMalformed, size, group };
    const events = new Map<string, FeedEvent>();
    for await (const page of walkPages({ types, after: from }, reading)) {
      time.note(page);
      for (const event of page.events) events.set(event.id, event);
      const isFar = from < (time.present ?? from) - LAST_SECONDS_MS;
      if (page.more && events.size > MOST_AT_ONCE && isFar) return undefined;
    }
    return [...events.values()];
  }

  #tell(readers: Iterable<Subscription>, news: TailNews): void {
    for (const reader of readers) reader.tell(news);
  }
}
