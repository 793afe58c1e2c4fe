/** When to ask again: what an error, a `Retry-After` and our own patience say of it. */
import type { Clock } from "../shared/clock.ts";
import { isTransient, WebsetsError } from "../shared/errors.ts";
import { parseHttpDate, ResponseTooLargeError } from "./http.ts";

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;
/** Jitter adds up to half the delay, so that clients which failed together do not come back together. */
const JITTER = 0.5;
/** Nobody waits longer than this on one header's word; a caller with a deadline gives up sooner anyway. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** The longest pause, in milliseconds, that a date asks for which only our own clock is there to measure. */
const LONGEST_BY_OUR_CLOCK_MS = 60_000;
/** One answer keeps the requests of others back no longer than this, in milliseconds: it may be an odd one. */
const LONGEST_FOR_OTHERS_MS = 60_000;
/** An upstream that asks for a longer pause than this, in milliseconds, is reported at once: whoever can wait does so itself. */
export const LONGEST_UNSEEN_PAUSE_MS = 5_000;

/**
 * True where the same request may succeed later: 429, 5xx, resets, timeouts, network errors, and an answer with a good status
 * that could not be read. A redirect or an odd status is a matter of configuration, and a too large answer stays too large.
 */
export function isRetryable(error: unknown): error is WebsetsError {
  if (!isTransient(error) || error instanceof ResponseTooLargeError) return false;
  return error.kind !== "unexpected_response" || error.status === undefined || error.status < 300;
}

/**
 * Milliseconds to wait before the next try: 250 after the first failure, doubled after each, at most 8,000, and never less
 * than `retryAfterMs`. Jitter is added on top. `attempt` counts the tries made, from 1; `random` returns 0 to 1.
 */
export function retryDelay(failure: { attempt: number; error: WebsetsError; random: () => number }): number {
  const exponential = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failure.attempt - 1));
  return Math.max(exponential, failure.error.retryAfterMs ?? 0) + exponential * JITTER * failure.random();
}

/** What a date is compared with, in milliseconds since 1970. */
export interface Clocks {
  /** The API's clock, by the answer's own `Date` or that of an earlier one; undefined where there was none. */
  server: number | undefined;
  /** Ours, which may be wrong by any amount. */
  ours: number;
}

/**
 * Milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date), 0 to 3,600,000. Undefined for
 * garbage, and for a date that by our own clock, where there is no better one, lies more than 60 s ahead.
 */
export function parseRetryAfter(value: string | undefined, { server, ours }: Clocks): number | undefined {
  const withinBounds = (ms: number) => Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS);
  if (/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value ?? "")) return withinBounds(Number(value) * 1000);
  const date = parseHttpDate(value);
  if (date === undefined) return undefined;
  if (server !== undefined) return withinBounds(date - server);
  return date - ours > LONGEST_BY_OUR_CLOCK_MS ? undefined : withinBounds(date - ours);
}

/**
 * The pause that the API has asked for with a 429 or 503. A limit holds for the key, so all requests with it keep it,
 * whoever got the answer, and also where that one is gone.
 */
export class RequestedPause {
  readonly #clock: Clock;
  #asked: { refusal: WebsetsError; until: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What asked for the pause that is on at present. */
  get refusal(): WebsetsError | undefined {
    return this.isOn ? this.#asked?.refusal : undefined;
  }

  /** Whether requests have to wait at present. */
  get isOn(): boolean {
    return this.#leftMs > 0;
  }

  get #leftMs(): number {
    return this.#asked === undefined ? 0 : this.#asked.until - this.#clock.now();
  }

  /** Notes what an answer asks for, if it asks for a pause. */
  note(refusal: WebsetsError): void {
    const { status, retryAfterMs } = refusal;
    if (retryAfterMs === undefined || (status !== 429 && status !== 503)) return;
    const ms = Math.min(retryAfterMs, LONGEST_FOR_OTHERS_MS);
    if (ms > this.#leftMs) this.#asked = { refusal, until: this.#clock.now() + ms };
  }

  /**
   * Resolves when requests may be sent again. Rejects at once, with the time left, where that lies after `deadline`
   * (`clock.now()`) or is too long to be waited for unseen; and with an AbortError as soon as `signal` aborts.
   */
  async over({ deadline, signal }: { deadline: number; signal: AbortSignal }): Promise<void> {
    while (this.#asked !== undefined && this.isOn) {
      const { refusal, until } = this.#asked;
      const retryAfterMs = Math.ceil(this.#leftMs);
      if (this.#leftMs > LONGEST_UNSEEN_PAUSE_MS || until >= deadline) {
        const what = `${refusal.message}, and the pause it asked for is not over: nothing was sent`;
        throw new WebsetsError(refusal.kind, { what, retryAfterMs, requestId: refusal.requestId, cause: refusal });
      }
      await this.#clock.sleep(retryAfterMs, signal);
    }
  }
}
