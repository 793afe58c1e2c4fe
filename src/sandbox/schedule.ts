import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";

interface Entry {
  /** Milliseconds of `Schedule.now`. */
  readonly due: number;
  readonly order: number;
  readonly appointment: Appointment;
  readonly timeline: Timeline;
}

/**
 * Everything that is to happen, in one queue with one sleep: closing it leaves nothing behind, and on a clock that tests
 * move, everything happens at its exact time and in one order.
 */
export class Schedule {
  readonly #clock: Clock;
  readonly #speed: number;
  #queue: Entry[] = [];
  #order = 0;
  #sleep: AbortController | undefined;
  #looping = false;
  #closed = false;
  /** The time while the past is played, see `playPast`. */
  #past: number | undefined;

  /** `speed` divides every delay: at 10, what takes ten seconds takes one. */
  constructor(clock: Clock, speed: number) {
    if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError("speed must be a positive number");
    this.#clock = clock;
    this.#speed = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.#past ?? this.#clock.now();
  }

  /** Milliseconds since 1970. */
  wallTime(): number {
    const wallTime = this.#clock.wallTime();
    return this.#past === undefined ? wallTime : wallTime - (this.#clock.now() - this.#past);
  }

  timestamp(): string {
    return new Date(this.wallTime()).toISOString();
  }

  timeline(): Timeline {
    return new Timeline(this);
  }

  enter(timeline: Timeline, appointment: Appointment): void {
    if (this.#closed) return;
    const wait = Math.max(0, appointment.time - timeline.time()) / this.#speed;
    const entry = { due: this.now() + wait, order: this.#order++, appointment, timeline };
    this.#queue.splice(this.#countBefore(entry), 0, entry);
    if (this.#queue[0] === entry) this.#wake();
  }

  leave(gone: (appointment: Appointment) => boolean): void {
    this.#queue = this.#queue.filter(({ appointment }) => !gone(appointment));
    this.#wake();
  }

  /**
   * Lets `begin` happen `ago` milliseconds in the past (`speed` divides them like any delay), and what follows from it
   * up to now at once. What is not over by then goes on by the clock.
   */
  playPast<T>(ago: number, begin: () => T): T {
    const present = this.#clock.now();
    this.#past = present - ago / this.#speed;
    try {
      const begun = begin();
      for (let first = this.#queue[0]; first !== undefined && first.due <= present; first = this.#queue[0]) {
        this.#past = Math.max(this.#past, first.due);
        this.#happen();
      }
      return begun;
    } finally {
      this.#past = undefined;
      this.#wake();
    }
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#wake();
  }

  #wake(): void {
    if (this.#past !== undefined) return;
    this.#sleep?.abort();
    if (!this.#looping && this.#queue.length > 0) void this.#loop();
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        const wait = first.due - this.#clock.now();
        if (wait <= 0) this.#happen();
        else await this.#sleepFor(wait);
      }
    } finally {
      this.#looping = false;
    }
  }

  async #sleepFor(ms: number): Promise<void> {
    this.#sleep = new AbortController();
    try {
      await this.#clock.sleep(ms, this.#sleep.signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#sleep = undefined;
    }
  }

  #happen(): void {
    const entry = this.#queue.shift();
    entry?.timeline.happened(entry.appointment);
    entry?.appointment.action();
  }

  #countBefore({ due, order }: Entry): number {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#queue[middle];
      if (entry !== undefined && (entry.due < due || (entry.due === due && entry.order < order))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Something that is to happen on a timeline. */
export interface Appointment {
  /** When, in the timeline's own milliseconds. */
  readonly time: number;
  readonly action: () => void;
}

/** The time of one life: it runs `speed` times as fast as the clock and can stand still. */
export class Timeline {
  readonly #schedule: Schedule;
  readonly #pending = new Set<Appointment>();
  /** The timeline's time when it last started or stopped, and the schedule's time then. */
  #base = 0;
  #since: number | undefined;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#since = schedule.now();
  }

  /** Milliseconds of this life so far, pauses left out. */
  time(): number {
    return this.#since === undefined
      ? this.#base
      : this.#base + (this.#schedule.now() - this.#since) * this.#schedule.speed;
  }

  /** How long ago a time of this timeline was, in milliseconds of the clock. */
  realTimeSince(time: number): number {
    return (this.time() - time) / this.#schedule.speed;
  }

  at(time: number, action: () => void): Appointment {
    const appointment = { time, action };
    this.#pending.add(appointment);
    if (this.#since !== undefined) this.#schedule.enter(this, appointment);
    return appointment;
  }

  after(ms: number, action: () => void): Appointment {
    return this.at(this.time() + ms, action);
  }

  /** The same in milliseconds of the clock, which no speed divides. */
  afterReal(ms: number, action: () => void): Appointment {
    return this.after(ms * this.#schedule.speed, action);
  }

  cancel(appointment: Appointment): void {
    if (this.#pending.delete(appointment)) this.#schedule.leave((one) => one === appointment);
  }

  pause(): void {
    if (this.#since === undefined) return;
    this.#base = this.time();
    this.#since = undefined;
    this.#schedule.leave((one) => this.#pending.has(one));
  }

  resume(): void {
    if (this.#since !== undefined) return;
    this.#since = this.#schedule.now();
    for (const appointment of this.#pending) this.#schedule.enter(this, appointment);
  }

  /** Nothing of what was to happen will. */
  clear(): void {
    this.#schedule.leave((one) => this.#pending.has(one));
    this.#pending.clear();
  }

  happened(appointment: Appointment): void {
    this.#pending.delete(appointment);
  }
}
