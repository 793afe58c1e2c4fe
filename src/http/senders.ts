import type { IncomingMessage } from "node:http";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";

/** So many keys may fail without consequence: people mistype. */
const FREE_FAILURES = 3;
/** The pause after the next one, and the longest, in milliseconds. Each doubles the one before. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** What was so long ago is forgotten, in milliseconds. */
const REMEMBERED_MS = 600_000;
/** So many requests of one sender may sit out a pause; more are sent away. */
const MOST_PAUSED = 16;
const MOST_SENDERS = 10_000;

interface Sender {
  failures: number;
  failedAt: number;
  paused: number;
}

/**
 * Slows down whoever sends keys that do not work: what they send with a key that is not known to be good waits, longer each time.
 * Others behind the same address are not held up once their key has worked.
 */
export class Senders {
  readonly #clock: Clock;
  readonly #known = new BoundedMap<string, Sender>({ entries: MOST_SENDERS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that a key from this address does not work. */
  failed(address: string): void {
    const { failures = 0, paused = 0 } = this.#recent(address) ?? {};
    this.#known.set(address, { failures: failures + 1, failedAt: this.#clock.now(), paused });
  }

  /**
   * Resolves to undefined when a request with a key not known to be good may be looked at; to the seconds after which to come again
   * where too many wait already. Rejects with an AbortError as soon as the signal aborts.
   */
  async pause(address: string, signal: AbortSignal): Promise<number | undefined> {
    const sender = this.#recent(address);
    if (sender === undefined || sender.failures < FREE_FAILURES) return undefined;
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** (sender.failures - FREE_FAILURES), LONGEST_PAUSE_MS);
    if (sender.paused >= MOST_PAUSED) return Math.ceil(ms / 1_000);
    sender.paused++;
    try {
      await this.#clock.sleep(ms, signal);
    } finally {
      const now = this.#known.get(address);
      if (now !== undefined) now.paused--;
    }
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
