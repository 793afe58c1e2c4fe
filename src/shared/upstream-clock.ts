import type { Clock } from "./clock.ts";

/** What an answer told of the upstream's time. */
export interface Answered {
  /** The answer's `Date`, in milliseconds since 1970. */
  serverTime: number | undefined;
  /** When the successful attempt was sent and its answer had arrived, in `clock.now()`. */
  sentAt: number;
  receivedAt: number;
}

/** What an answer shows of how far the upstream's clock is ahead of ours, in milliseconds: not less, and not more. */
interface Sample {
  least: number;
  most: number;
  receivedAt: number;
}

/** The grain of the `Date` header, in milliseconds. */
const DATE_GRAIN_MS = 1_000;
/** Answers of one clock may contradict each other by this much: clocks drift, and are set a little from time to time. */
const SLACK_MS = 1_000;
/** The upstream's time is judged by the answers of this last time, in milliseconds; where they are few, by the last ones before. */
const JUDGED_MS = 60_000;
const LEAST_SAMPLES = 3;
/** This many of the answers are enough to judge by. */
const MOST_SAMPLES = 200;
/** An answer older than this is not relied on: clocks drift, and another server may answer. */
const LASTING_MS = 600_000;
/** How far the two clocks of this machine may disagree about the time passed before it counts as having slept. */
const SLEPT_MS = 30_000;
/** Answers that agree with each other count from this share of all on: the clock of one of some servers, and no accident that comes twice. */
const LEAST_SHARE = 0.1;
/**
 * The clocks of two servers were seen to differ by up to 9 s. What tells a time that much behind the others counts by itself: of few
 * answers it may be the only one of its server, and what is early loses nothing.
 */
const SERVERS_APART_MS = 10_000;
/** Our own clock may bear witness to an answer that it agrees with by this much: most machines keep good time. */
const WITNESS_MS = 2_000;

/**
 * What is known of the upstream's clock. Ours may be wrong by any amount, so times that mean something to the API are derived
 * from the `Date` of its answers. One of them may be wrong too: what a single answer says counts only where nothing contradicts
 * it, and where two servers answer whose clocks differ, the slower one counts, for what is early loses nothing.
 */
export class UpstreamClock {
  readonly #clock: Clock;
  #samples: Sample[] = [];
  /** By how much `wallTime` is ahead of `now` since the samples are kept: a jump tells that the machine has slept. */
  #wallAhead: number;
  #judged: { sure: boolean; least: number; most: number; early: number; settled: number } | undefined;
  /** The two events that lie furthest ahead: how far the upstream's clock is at least, by what was visible. */
  #ahead: { id: string; least: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallAhead = clock.wallTime() - clock.now();
  }

  /** Takes in what an answer told; nothing where it had no `Date`. */
  note({ serverTime, sentAt, receivedAt }: Answered): void {
    if (serverTime === undefined) return;
    this.#forgetWhenSlept();
    this.#samples.push({ least: serverTime - receivedAt, most: serverTime + DATE_GRAIN_MS - sentAt, receivedAt });
    const enough = this.#samples.length - LEAST_SAMPLES;
    const old = receivedAt - JUDGED_MS;
    this.#samples = this.#samples.filter(
      (sample, index) => index >= enough || (sample.receivedAt >= old && index >= enough - MOST_SAMPLES),
    );
    this.#judged = undefined;
  }

  /**
   * Takes in events that were visible at `receivedAt` (`clock.now()`): the clock that stamps them has passed their times. They
   * stand in where answers have no `Date`. The one furthest ahead is not relied on, for it may be stamped wrongly.
   */
  noteEvents(events: readonly { id: string; time: number }[], receivedAt: number): void {
    for (const { id, time } of events) {
      const least = time - receivedAt;
      if (this.#ahead.length === 2 && least <= (this.#ahead[1]?.least ?? least)) continue;
      const others = this.#ahead.filter((one) => one.id !== id);
      const known = this.#ahead.find((one) => one.id === id)?.least ?? Number.NEGATIVE_INFINITY;
      this.#ahead = [...others, { id, least: Math.max(known, least) }].sort((a, b) => b.least - a.least).slice(0, 2);
    }
  }

  /** Whether more than a single answer stands for what is known: another one, or our own clock. */
  get isSure(): boolean {
    return this.#judge()?.sure ?? false;
  }

  /**
   * The upstream's time at a moment of `clock.now()`, now without one, in milliseconds since 1970: not earlier than the first
   * and not later than the second. Undefined where no answer told it lately.
   */
  range(moment: number = this.#clock.now()): { earliest: number; latest: number } | undefined {
    const judged = this.#judge();
    if (judged === undefined) return undefined;
    return { earliest: Math.floor(judged.least + moment), latest: Math.ceil(judged.most + moment) };
  }

  /** The upstream's time at a moment of `clock.now()`, now without one; never later than it is. Undefined where unknown. */
  at(moment?: number): number | undefined {
    return this.range(moment)?.earliest;
  }

  /** The same for a position to begin at, which must pass over nothing: earlier where our own clock may know of a slower server. */
  early(moment: number = this.#clock.now()): number | undefined {
    const judged = this.#judge();
    return judged && Math.floor(judged.early + moment);
  }

  /** The same by visible events, for an upstream whose answers have no `Date`; undefined where fewer than two were met. */
  byEvents(moment: number = this.#clock.now()): number | undefined {
    const second = this.#ahead[1];
    return second === undefined ? undefined : Math.floor(second.least + moment);
  }

  /** The upstream's time now, to be told: without answers that told it ours, unless visible events show that it is behind. */
  get told(): number {
    return this.at() ?? Math.max(this.#clock.wallTime(), this.byEvents() ?? 0);
  }

  /** By answers, or else by events: a time the upstream has certainly reached at that moment. A single answer counts no more than our own clock. */
  reached(moment: number = this.#clock.now()): number | undefined {
    const judged = this.#judge();
    return judged === undefined ? this.byEvents(moment) : Math.floor(judged.settled + moment);
  }

  #judge() {
    this.#forgetWhenSlept();
    const latest = this.#samples.at(-1);
    if (latest === undefined || this.#clock.now() - latest.receivedAt > LASTING_MS) return undefined;
    this.#judged ??= judge(this.#samples, this.#wallAhead);
    return this.#judged;
  }

  /** The monotonic clock stands still while a machine sleeps, the other does not. */
  #forgetWhenSlept(): void {
    const ahead = this.#clock.wallTime() - this.#clock.now();
    if (Math.abs(ahead - this.#wallAhead) > SLEPT_MS) {
      this.#samples = [];
      this.#ahead = [];
      this.#judged = undefined;
      this.#wallAhead = ahead;
    }
  }
}

/** How far the upstream's clock is ahead: as tight as the answers allow that another one, or our own clock, agrees with. */
function judge(samples: readonly Sample[], wallAhead: number) {
  const witness = { least: wallAhead - WITNESS_MS, most: wallAhead + WITNESS_MS };
  const needed = Math.max(2, samples.length * LEAST_SHARE);
  const confirmed = samples.filter(
    (sample) => agree(sample, witness) || samples.filter((other) => agree(sample, other)).length >= needed,
  );
  const earliest = Math.min(...confirmed.map(({ least }) => least));
  const isOfSlowerServer = ({ most }: Sample) => most < earliest && most >= earliest - SERVERS_APART_MS;
  const counted = confirmed.length > 0 ? [...confirmed, ...samples.filter(isOfSlowerServer)] : samples;
  const most = Math.min(...counted.map((sample) => sample.most));
  const possible = counted.map(({ least }) => least).filter((least) => least <= most);
  const sure = confirmed.length > 0;
  const told = Math.max(...possible);
  const ours = Math.min(told, wallAhead);
  // Where our own clock agrees, it may be the better one; where nothing does, it may be the only right one. What is early loses nothing.
  const least = sure && agree({ least: told, most }, witness) ? ours : told;
  // All answers may be of the faster one of two servers, as where a connection is kept, and our own clock may know the slower one's time.
  const early = sure && told - wallAhead <= SERVERS_APART_MS ? ours : told;
  return { sure, least, most, early, settled: sure ? early : ours };
}

function agree(one: Pick<Sample, "least" | "most">, other: Pick<Sample, "least" | "most">): boolean {
  return one.least <= other.most + SLACK_MS && other.least <= one.most + SLACK_MS;
}
