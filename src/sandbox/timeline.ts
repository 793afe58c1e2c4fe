import type { Schedule } from "./schedule.ts";

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
