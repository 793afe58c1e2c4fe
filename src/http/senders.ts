import type { IncomingMessage } from "node:http";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";

/** This many keys may fail without consequence: people mistype. */
const FREE_FAILURES = 3;
/** The pause after the next one, and the longest, in milliseconds. Each doubles the one before. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** What was so long ago is forgotten, in milliseconds. */
const REMEMBERED_MS = 600_000;
/** This many requests of one sender may sit out a pause; more are sent away. */
const MOST_PAUSED = 16;
const MOST_SENDERS = 10_000;
/** Of one sender this many keys are told apart: whoever has tried that many waits the longest anyway. */
const MOST_KEYS = 16;

interface Sender {
  /** How many keys have failed, each counted once: people send one wrong key again and again, guessers try many. */
  failures: number;
  failedAt: number;
  /** How often each key has failed; one that has been let in and has not failed is there, too. */
  keys: BoundedMap<string, number>;
  paused: { known: number; fresh: number };
}

/**
 * Slows down whoever sends keys that do not work. A key that has failed waits longer each time, and holds up no other one. Where many
 * different ones come from, new ones wait as well, each of them once.
 */
export class Senders {
  readonly #clock: Clock;
  readonly #known = new BoundedMap<string, Sender>({ entries: MOST_SENDERS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that a key from this address does not work. `key` tells it from others, and is not the key itself. */
  failed(address: string, key: string): void {
    const sender = this.#recent(address) ?? {
      failures: 0,
      failedAt: 0,
      keys: new BoundedMap<string, number>({ entries: MOST_KEYS }),
      paused: { known: 0, fresh: 0 },
    };
    const times = sender.keys.get(key) ?? 0;
    if (times === 0) sender.failures++;
    sender.keys.set(key, times + 1);
    sender.failedAt = this.#clock.now();
    this.#known.set(address, sender);
  }

  /**
   * Resolves to undefined when a key that is not known to be good may be tried; to the seconds after which to come again where too
   * many wait already. Rejects with an AbortError as soon as the signal aborts.
   */
  async pause(address: string, key: string, signal: AbortSignal): Promise<number | undefined> {
    const sender = this.#recent(address);
    if (sender === undefined) return undefined;
    const own = sender.keys.get(key);
    const failures = own ?? sender.failures;
    if (failures < FREE_FAILURES) return undefined;
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES), LONGEST_PAUSE_MS);
    const { paused } = sender;
    const queue = own === undefined ? "fresh" : "known";
    if (paused[queue] >= MOST_PAUSED) return Math.ceil(ms / 1_000);
    paused[queue]++;
    try {
      await this.#clock.sleep(ms, signal);
    } finally {
      paused[queue]--;
    }
    if (!sender.keys.has(key)) sender.keys.set(key, 0);
    return undefined;
  }

  #recent(address: string): Sender | undefined {
    const sender = this.#known.get(address);
    return sender !== undefined && this.#clock.now() - sender.failedAt < REMEMBERED_MS ? sender : undefined;
  }
}

const PRIVATE = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/i;

/**
 * The address that a request comes from. A proxy nearby tells it as the last one of `X-Forwarded-For`; what somebody far away writes
 * there counts for nothing.
 */
export function senderOf({ socket, headers }: IncomingMessage): string {
  const near = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  const forwarded = headers["x-forwarded-for"];
  if (typeof forwarded !== "string" || !PRIVATE.test(near)) return near;
  return (
    forwarded
      .slice(forwarded.lastIndexOf(",") + 1)
      .trim()
      .slice(0, 64) || near
  );
}
