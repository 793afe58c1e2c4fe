import { setMaxListeners } from "node:events";
import { linkAbort, onAbort, orAbort } from "../../shared/abort.ts";
import { type Clock, isoTime } from "../../shared/clock.ts";
import { abortError, isAbort, isTransient } from "../../shared/errors.ts";
import type { Entry, StateFile } from "./state-file.ts";

/** What a target is given. */
export interface Delivery {
  eventId: string;
  type: string;
  /** The event as JSON. */
  body: string;
}

/** Where events are delivered to. */
export interface Target {
  /** What it is called where anybody may read it. */
  readonly name: string;
  /** Tries once; rejects with an AbortError as soon as `signal` aborts, and with nothing else. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** How one attempt ended, in words for a person. `gone`: the target does not want this event, now or later. */
export type Outcome =
  | { kind: "done"; how: string }
  | { kind: "gone"; how: string }
  | { kind: "failed"; how: string; retryAfterMs?: number | undefined };

/** What happens while events are delivered. */
export type DeliveryNews =
  | { kind: "delivered"; entry: Entry; attempt: number; how: string; ms: number }
  | { kind: "retrying"; entry: Entry; attempt: number; how: string; delayMs: number }
  | { kind: "given_up"; entry: Entry; attempt: number; how: string; deadLetters: string };

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;

/**
 * Milliseconds from an attempt that failed to the next: 1,000 after the first, doubled after each, and not before the target asked
 * for it; with up to a quarter more by chance, but never above 5 minutes. `attempt` counts from 1, `random` returns 0 to 1.
 */
export function delayAfter(attempt: number, retryAfterMs: number | undefined, random: () => number): number {
  const delayMs = Math.max(FIRST_DELAY_MS * 2 ** (attempt - 1), retryAfterMs ?? 0);
  return Math.min(LONGEST_DELAY_MS, delayMs * (1 + random() / 4));
}

/** Reading goes on while fewer than this many are to be delivered in queues that do not fail. */
const MOST_WAITING = 100;
/** The same for all queues: those of a Webset whose deliveries fail must not stop the others soon. */
const MOST_PENDING = 1_000;
/** Events are kept as far as they have this many characters in all; others are read again when their turn comes. */
const MOST_KEPT = 8 * 2 ** 20;

/** What an event is about: the events of one queue are delivered one after another. */
export function queueOf({ websetId, about }: Pick<Entry, "websetId" | "about">): string {
  return websetId ?? about ?? "";
}

interface Queue {
  /** In the order in which they are delivered. */
  entries: Entry[];
  /** Whether the first one's last attempt failed. */
  isFailing: boolean;
}

export interface DeliveriesOptions {
  target: Target;
  state: Pick<StateFile, "done" | "giveUp" | "deadLetters">;
  /** The event as JSON, made of what was kept of it; undefined where there is nothing left of it. */
  whole(entry: Entry, kept: string | undefined, signal: AbortSignal): Promise<string | undefined>;
  clock: Clock;
  random?: () => number;
  /** How many are delivered at once, of different queues. */
  parallel: number;
  /** After this many attempts an event is given up. */
  attempts: number;
  /** May keep its caller waiting, where nobody reads what it says. */
  tell(news: DeliveryNews): Promise<void>;
}

/**
 * Delivers events, queue by queue in order: the next one when the one before is delivered or given up, and that is on disk. So whatever
 * ends the process, at most the first event of each queue is delivered again.
 */
export class Deliveries {
  readonly #options: Required<DeliveriesOptions>;
  readonly #queues = new Map<string, Queue>();
  readonly #running = new Set<Promise<void>>();
  readonly #slots: Slots;
  readonly #kept = new Map<Entry, string>();
  #keptLength = 0;
  /** No attempt begins any more. */
  readonly #stop = linkAbort();
  /** Attempts that have begun are cut short, too. */
  readonly #cut = linkAbort();
  #wake: () => void = () => {};
  #error: unknown;

  constructor(options: DeliveriesOptions) {
    this.#options = { random: Math.random, ...options };
    this.#slots = new Slots(options.parallel);
    // Each queue waits with them for what it waits for.
    setMaxListeners(0, this.#stop.signal, this.#cut.signal);
  }

  /** Aborts when nothing can be delivered any more: the state file cannot be written, or the account is refused. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get hasRoom(): boolean {
    let [waiting, pending] = [0, 0];
    for (const { entries, isFailing } of this.#queues.values()) {
      pending += entries.length;
      if (!isFailing) waiting += entries.length;
    }
    return waiting < MOST_WAITING && pending < MOST_PENDING;
  }

  /** Resolves when there is room for more events; rejects with an AbortError when there will be none. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await orAbort(woken, signal);
    }
  }

  /** Adds an event behind those of its queue. `kept` is what is known of it already. */
  add(entry: Entry, kept?: string): void {
    if (kept !== undefined && this.#keptLength + kept.length <= MOST_KEPT) {
      this.#kept.set(entry, kept);
      this.#keptLength += kept.length;
    }
    const name = queueOf(entry);
    const queue = this.#queues.get(name);
    if (queue !== undefined) {
      queue.entries.push(entry);
      return;
    }
    const begun: Queue = { entries: [entry], isFailing: false };
    this.#queues.set(name, begun);
    const running = this.#run(name, begun).catch((error: unknown) => this.fail(error));
    this.#running.add(running);
    running.finally(() => this.#running.delete(running));
  }

  /** Stops everything; `end` throws it, unless it is an AbortError. */
  fail(error: unknown): void {
    if (!isAbort(error)) this.#error ??= error;
    this.#stop.abort();
  }

  /** Begins no more attempts, and gives those that have begun this long, in milliseconds. Throws what has stopped the deliveries. */
  async end(graceMs: number): Promise<void> {
    this.#stop.abort();
    const { clock } = this.#options;
    const over = linkAbort();
    clock.sleep(graceMs, over.signal).then(this.#cut.abort, () => {});
    await Promise.all(this.#running);
    over.abort();
    if (this.#error !== undefined) throw this.#error;
  }

  async #run(name: string, queue: Queue): Promise<void> {
    for (let [entry] = queue.entries; entry !== undefined; [entry] = queue.entries) {
      await this.#deliver(entry, queue);
      queue.entries.shift();
      this.#keptLength -= this.#kept.get(entry)?.length ?? 0;
      this.#kept.delete(entry);
      this.#wake();
    }
    this.#queues.delete(name);
  }

  /** Tries until an event is delivered or given up, and that is on disk. */
  async #deliver(entry: Entry, queue: Queue): Promise<void> {
    const { state, clock, random, attempts } = this.#options;
    // Whoever ends the program need not wait for whoever reads what it says.
    const tell = (news: DeliveryNews) => orAbort(this.#options.tell(news), this.#cut.signal);
    for (let [attempt, failures] = [1, 1]; ; failures++) {
      const { body, outcome, ms = 0 } = await this.#attempt(entry);
      const { how } = outcome;
      if (outcome.kind === "done") {
        await state.done(entry);
        queue.isFailing = false;
        await tell({ kind: "delivered", entry, attempt, how, ms });
        return;
      }
      if (outcome.kind === "gone" || (outcome.kind === "failed" && attempt >= attempts)) {
        const { eventId: id, type, createdAt } = entry;
        const event = body === undefined ? { id, type, createdAt } : (JSON.parse(body) as unknown);
        await state.giveUp(entry, { givenUpAt: isoTime(clock.wallTime()), attempts: attempt, why: how, event });
        queue.isFailing = false;
        await tell({ kind: "given_up", entry, attempt, how, deadLetters: state.deadLetters });
        return;
      }
      const delayMs = delayAfter(failures, outcome.retryAfterMs, random);
      queue.isFailing = true;
      this.#wake();
      await tell({ kind: "retrying", entry, attempt, how, delayMs });
      // What could not be read was not tried.
      if (outcome.kind === "failed") attempt++;
      await clock.sleep(delayMs, this.#stop.signal);
    }
  }

  async #attempt(entry: Entry): Promise<{ body?: string | undefined; outcome: Outcome | Unread; ms?: number }> {
    const { target, whole, clock } = this.#options;
    const { eventId, type } = entry;
    const { signal } = this.#stop;
    await this.#slots.take(signal);
    try {
      const body = await whole(entry, this.#kept.get(entry), signal);
      if (signal.aborted) throw abortError();
      if (body === undefined) return { outcome: { kind: "gone", how: "the API does not have it any more" } };
      const startedAt = clock.now();
      const outcome = await target.deliver({ eventId, type, body }, this.#cut.signal);
      return { body, outcome, ms: Math.round(clock.now() - startedAt) };
    } catch (error) {
      if (!isTransient(error)) throw error;
      return { outcome: { kind: "unread", how: error.message, retryAfterMs: error.retryAfterMs } };
    } finally {
      this.#slots.give();
    }
  }
}

/** That an event could not be read at present. */
interface Unread {
  kind: "unread";
  how: string;
  retryAfterMs: number | undefined;
}

/** This many at a time; whoever waited longest is next. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(number: number) {
    this.#free = number;
  }

  async take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const got = () => {
        off();
        resolve();
      };
      const off = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(got), 1);
        reject(abortError());
      });
      this.#waiting.push(got);
    });
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
