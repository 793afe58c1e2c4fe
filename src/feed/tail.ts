import { type LinkedAbort, linkAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort, isDoubtful, isTransient, SECOND_LOOK_MS } from "../shared/errors.ts";
import { LARGEST_PAGE } from "./channel.ts";
import type { FeedEvent } from "./event.ts";
import { LONGEST_REQUESTED_PAUSE_MS, nextPoll, type PaceState } from "./pace.ts";
import { type Reading, walkPages } from "./pages.ts";
import { BEFORE_ALL, watermarkAt } from "./position.ts";
import type { OpenShared, SharedPolls } from "./shared-polls.ts";
import { type Place, Subscription, type TailNews } from "./subscription.ts";
import { KEPT_MS, MOST_CHARACTERS, type News, newsOf, TailMemory } from "./tail-memory.ts";

/** A request of a poll is tried this often; after that the poll has failed and the pace decides about the next one. */
const ATTEMPTS = 2;
/** A poll's page may take this long at first, and after failures longer: one that stalls must not cost a whole wait. */
const PAGE_LIMIT_MS = 10_000;
const LONGEST_PAGE_LIMIT_MS = 60_000;
/** A poll reads this many events at most, and not more of their data than a memory keeps. */
const MOST_AT_ONCE = 2_000;
/** A poll looks back this often, in milliseconds, to see whether an event came later than any should. */
const LOOK_BACK_MS = 15_000;

/** Many readers that come one after another do not make the polls more frequent than this, in milliseconds. */
const LEAST_PAUSE_MS = 1_000;

/** A poll that others may follow begins at least this far back, in milliseconds: what they have settled is no older. */
const REACH_BACK_MS = 15_000;
/** How much longer than its own pause a tail waits for what another replica's next poll sees, in milliseconds. */
const PATIENCE_MS = 1_000;

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
  /** For reading the events of the tail's types; its signal is the tail's own. */
  reading: Omit<Reading, "signal">;
  clock: Clock;
  /** `--poll-interval` in milliseconds. */
  intervalMs: number;
  random: () => number;
  onPoll?: ((poll: Poll) => void) | undefined;
  /** With it one replica polls for all of them; without it there is one only. */
  shared?: OpenShared | undefined;
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
  #memory: TailMemory;
  readonly #stop = new AbortController();
  #lastEventAt: number;
  #lookedBackAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Whether the last poll was refused in a way that could be an accident. */
  #isInDoubt = false;
  #retryAfterMs: number | undefined;
  #pause: { ends: number; cut: LinkedAbort } | undefined;
  #started = false;
  #polledAt = 0;
  #found: Pick<Poll, "events" | "fresh"> = NOTHING_FOUND;
  /** What other replicas saw; undefined where there are none. */
  readonly #others: SharedPolls | undefined;
  /** Whether the others wait for what this tail sees, and not it for them. */
  #leads = true;
  /** An event that only another replica has seen was created at this time. */
  #owedFrom = Number.POSITIVE_INFINITY;
  /** The upstream's time at the last poll, where it succeeded and told it. */
  #asOf: number | undefined;
  /** When the upstream was asked (`clock.now()`) for the last that readers were told. */
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: TailOptions) {
    this.#options = options;
    const { reading, clock, shared } = options;
    this.#lastEventAt = clock.now();
    this.#memory = reading.channel.takeMemory(clock.now());
    this.#others = shared?.(reading.channel.key, this.#stop.signal, () => this.#pause?.cut.abort());
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
    const reader = new Subscription(place, { leave: (self) => this.#leave(self), hurry: () => this.#hurry() });
    reader.joinedAt = this.#options.clock.now();
    this.#readers.add(reader);
    if (this.floor !== undefined && since >= this.floor) {
      reader.recalled = true;
      reader.tell({
        kind: "recalled",
        ...this.#memoryFor(reader),
        settledUpTo: this.#memory.settledUpTo,
        unreadable: 0,
      });
    }
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    } else if (this.#pause !== undefined && urgentBy < this.#pause.ends) this.#hurry();
    return reader;
  }

  #hurry(): void {
    if (this.#retryAfterMs === undefined) this.#pause?.cut.abort();
  }

  #leave(reader: Subscription): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#end();
  }

  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.#readers.clear();
    this.#stop.abort();
    if (this.#leads) void this.#others?.leave();
    const { reading, clock, onStopped } = this.#options;
    reading.channel.keepMemory(this.#memory, clock.now());
    onStopped();
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal;
    if (this.#others !== undefined) {
      await this.#others.loaded;
      // Where another replica has just polled, its next poll is waited for.
      if (this.#hear() === "told") await this.#sleep();
    }
    while (!stopped.aborted) {
      this.#found = NOTHING_FOUND;
      try {
        if (!(await this.#pollInTurn())) continue;
        this.#failures = 0;
        this.#isInDoubt = false;
        this.#retryAfterMs = undefined;
      } catch (error) {
        if (stopped.aborted) return;
        if (isDoubtful(error) && !this.#isInDoubt) {
          this.#isInDoubt = true;
          this.#tell(this.#readers, { kind: "failed", error });
          await this.#options.clock.sleep(SECOND_LOOK_MS, stopped).catch(() => {});
          continue;
        }
        if (!isTransient(error)) {
          for (const reader of this.#readers) reader.fail(error);
          this.#end();
          return;
        }
        this.#failures++;
        const { retryAfterMs } = error;
        this.#retryAfterMs = retryAfterMs && Math.min(LONGEST_REQUESTED_PAUSE_MS, retryAfterMs);
        this.#tell(this.#readers, { kind: "failed", error });
      }
      this.#options.onPoll?.({ types: this.#options.reading.channel.types, ...this.#found, pauseMs: this.pace });
      if (!stopped.aborted) await this.#sleep();
    }
  }

  /** Polls, for all replicas where it leads them. False where that was not needed: another one's poll tells as much. */
  async #pollInTurn(): Promise<boolean> {
    const now = this.#options.clock.now();
    const turn = this.#leads && !this.#isUrgent(now + PATIENCE_MS) ? await this.#others?.turn() : undefined;
    if (turn === "taken" && (await this.#sleepUntil(now + PATIENCE_MS)) === "told" && this.#hear() === "told") {
      await this.#sleep();
      return false;
    }
    this.#polledAt = this.#options.clock.now();
    this.#asOf = undefined;
    try {
      await this.#poll();
    } finally {
      if (turn !== "taken") turn?.end(this.#memory, this.#asOf);
    }
    return true;
  }

  /** Pauses before the next poll, and longer where another replica is expected to poll before. */
  async #sleep(): Promise<void> {
    for (let ends = this.#pauseEnds(); ; ) {
      const how = await this.#sleepUntil(ends);
      if (how === "over") this.#leads = true;
      if (how !== "told") return;
      const patienceMs = this.#leads ? 0 : PATIENCE_MS;
      const heard = this.#hear();
      if (heard === "told") ends = this.#pauseEnds();
      if (heard === "gone") ends -= patienceMs;
      if (heard === "more" && this.#retryAfterMs === undefined) return;
    }
  }

  #pauseEnds(): number {
    const { clock, random } = this.#options;
    const tookMs = this.#leads ? clock.now() - this.#polledAt : 0;
    const paced = nextPoll({ ...this.#paceState(), random: random(), tookMs });
    const ms = this.#failures > 0 ? paced : Math.min(paced, Math.max(this.#untilSettled(), LEAST_PAUSE_MS));
    return clock.now() + ms + (this.#leads ? 0 : PATIENCE_MS);
  }

  /** A reader that cannot wait for the end of the pause cuts it short, and so does what another replica tells. */
  async #sleepUntil(ends: number): Promise<"over" | "hurried" | "told"> {
    if (this.#others?.isTold) return "told";
    const { clock } = this.#options;
    const cut = linkAbort(this.#stop.signal);
    this.#pause = { ends, cut };
    // Whoever joined while the last poll was under way has had none yet.
    const isUrgent = this.#failures === 0 && this.#isUrgent(ends);
    try {
      await clock.sleep(isUrgent ? 0 : ends - clock.now(), cut.signal);
      return isUrgent ? "hurried" : "over";
    } catch (error) {
      if (!isAbort(error)) throw error;
      return this.#others?.isTold ? "told" : "hurried";
    } finally {
      this.#pause = undefined;
      cut.end();
    }
  }

  #isUrgent(by: number): boolean {
    return [...this.#readers].some((reader) => !reader.served && reader.urgentBy < by);
  }

  /**
   * Takes in what another replica's poll saw. All of its events known: that is as good as a poll of one's own ("told"). Else
   * there is something to be read ("more"), unless it is in doubt, and then it is as if nothing had been told. Nobody is waited for
   * where that one polls no more ("gone").
   */
  #hear(): "told" | "more" | "gone" | "nothing" {
    const { upstreamClock } = this.#options.reading;
    const unserved = [...this.#readers].filter((reader) => !reader.served).map(({ since }) => since);
    const heard = this.#others?.hear(this.#memory, unserved, upstreamClock.range()?.latest, this.pace);
    if (heard === undefined || this.#stop.signal.aborted) return "nothing";
    this.#leads = heard === "gone";
    if (heard === "gone") return heard;
    const { begunAt, asOf, from, owedFrom } = heard;
    this.#owedFrom = owedFrom ?? Number.POSITIVE_INFINITY;
    if (owedFrom !== undefined) return "more";
    this.#polledAt = Math.max(this.#polledAt, begunAt);
    this.#failures = 0;
    this.#isInDoubt = false;
    this.#retryAfterMs = undefined;
    this.#memory.take([], from, watermarkAt(asOf));
    const readers = [...this.#readers].filter(({ served, joinedAt }) => served || joinedAt <= begunAt);
    this.#tellPolled(readers, { events: [], late: [] }, 0, begunAt);
    return "told";
  }

  /** How long until the first of the readers wants a poll that began no earlier than then; Infinity where none does. */
  #untilSettled(): number {
    const due = [...this.#readers].map(({ settlesAt }) => settlesAt).filter((at) => at > this.#polledAt);
    return Math.min(...due) - this.#options.clock.now();
  }

  #paceState(): Omit<PaceState, "random"> {
    const { clock, intervalMs } = this.#options;
    const expected = [...this.#readers].map((reader) => reader.expectation);
    const isRunning = expected.some((one) => one.isRunning);
    const soonest = Math.min(...expected.map(({ nothingBefore = Number.NEGATIVE_INFINITY }) => nothingBefore));
    const idleMs = Math.max(0, soonest - clock.now());
    // The quiet before something was expected says nothing.
    const quietMs = clock.now() - Math.max(this.#lastEventAt, Math.min(soonest, clock.now()));
    return { intervalMs, quietMs, idleMs, isRunning, failures: this.#failures, retryAfterMs: this.#retryAfterMs };
  }

  async #poll(reachBackMs = this.#others === undefined ? 0 : REACH_BACK_MS): Promise<void> {
    const memory = this.#memory;
    // Readers that join while this poll is under way are told with the next one, which begins after they came.
    const readers = [...this.#readers];
    const open = memory.openFrom ?? Number.POSITIVE_INFINITY;
    const floor = memory.floor ?? Number.POSITIVE_INFINITY;
    const earlier = readers.filter((reader) => !reader.served && reader.since < floor).map((reader) => reader.since);
    const needed = Math.min(open, this.#lookBackFrom(open), this.#owedFrom, ...earlier);
    const from = memory.floor === undefined ? Math.max(needed - reachBackMs, Math.min(needed, BEFORE_ALL)) : needed;
    const read = await this.#read(from);
    if (read === undefined) {
      if (from < needed) return this.#poll(0);
      const isOfSome = from < open && earlier.length > 0;
      // Whoever has got past it in slices must not find it in front again.
      if (!isOfSome) {
        this.#memory = new TailMemory();
        for (const reader of this.#readers) reader.recalled = false;
      }
      const behind = isOfSome ? readers.filter((reader) => !reader.served && reader.since < floor) : readers;
      this.#tell(behind, { kind: "behind", upstreamNow: this.#options.reading.upstreamClock.reached() ?? 0 });
      for (const reader of behind) this.#leave(reader);
      // Those who are near should not wait for those who were not.
      return this.#stop.signal.aborted ? undefined : this.#poll();
    }

    const { events, upstreamNow, unreadable } = read;
    const news = memory.take(events, from, upstreamNow === undefined ? undefined : watermarkAt(upstreamNow));
    this.#found = { events: events.length, fresh: news.events.length + news.late.length };
    if (this.#found.fresh > 0) this.#lastEventAt = this.#options.clock.now();
    this.#owedFrom = Number.POSITIVE_INFINITY;
    this.#asOf = upstreamNow;
    this.#tellPolled(readers, news, unreadable, this.#polledAt);
  }

  /** Tells readers what is visible by a poll that began then, after those of them came that were not told of one yet. */
  #tellPolled(readers: readonly Subscription[], news: News, unreadable: number, pollBegunAt: number): void {
    const memory = this.#memory;
    const settledUpTo = memory.settledUpTo;
    // An older poll of another replica takes nothing back.
    const begunAt = Math.max(this.#toldAt, pollBegunAt);
    this.#toldAt = begunAt;
    const polled = new Set(readers);
    for (const reader of this.#readers) {
      // With its first poll a reader is told all since its position: others may have been told of it before.
      const told = reader.served || reader.recalled ? newsOf(news, reader.websetId) : this.#memoryFor(reader);
      if (polled.has(reader)) {
        reader.served = true;
        reader.tell({ kind: "polled", ...told, settledUpTo, unreadable, begunAt });
      } else if (reader.recalled) reader.tell({ kind: "recalled", ...told, settledUpTo, unreadable: 0 });
    }
    const waiting = [...this.#readers].filter((reader) => !reader.served).map((reader) => reader.since);
    memory.forget(Math.min(Number.POSITIVE_INFINITY, ...waiting));
  }

  /** From where on this poll reads the settled past again; Infinity where it need not. */
  #lookBackFrom(open: number): number {
    const now = this.#options.clock.now();
    const from = this.#memory.lookBackFrom(LARGEST_PAGE / 2) ?? open;
    if (from >= open || now - this.#lookedBackAt < LOOK_BACK_MS) return Number.POSITIVE_INFINITY;
    this.#lookedBackAt = now;
    return Math.max(from, open - KEPT_MS);
  }

  #memoryFor({ since, websetId }: Subscription): News {
    return { events: this.#memory.since(since, websetId), late: this.#memory.lateFor(since) };
  }

  /** All events since a time, and the upstream's time when they were asked for; undefined where they are too many. */
  async #read(from: number) {
    const { reading: given } = this.#options;
    const { channel, upstreamClock } = given;
    const limitMs = Math.min(LONGEST_PAGE_LIMIT_MS, PAGE_LIMIT_MS * 2 ** Math.min(this.#failures, 5));
    const group = `tail ${channel.key}`;
    const reading = { ...given, signal: this.#stop.signal, limitMs, attempts: ATTEMPTS, group };
    const events = new Map<string, FeedEvent>();
    let sentAt: number | undefined;
    let unreadable = 0;
    let characters = 0;
    for await (const page of walkPages({ types: channel.types, after: from }, reading)) {
      sentAt ??= page.sentAt;
      unreadable += page.unreadable;
      for (const event of page.events) {
        if (!events.has(event.id)) characters += this.#memory.sizeOf(event);
        events.set(event.id, event);
      }
      if (page.more && (events.size > MOST_AT_ONCE || characters > MOST_CHARACTERS)) return undefined;
    }
    return { events: [...events.values()], upstreamNow: upstreamClock.reached(sentAt), unreadable };
  }

  #tell(readers: Iterable<Subscription>, news: TailNews): void {
    for (const reader of readers) reader.tell(news);
  }
}
