import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { LONGEST_UNSEEN_PAUSE_MS } from "./retry.ts";

/** One answer keeps the requests of others back no longer than this, in milliseconds: it may be an odd one. */
const LONGEST_FOR_OTHERS_MS = 60_000;

/**
 * The pause that the API has asked for with a 429 or 503. A limit holds for the key, so all requests of the process keep it,
 * whoever got the answer, and also where that one is gone.
 */
export class RequestedPause {
  readonly #clock: Clock;
  #until = Number.NEGATIVE_INFINITY;
  #refusal: WebsetsError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether requests have to wait at present. */
  get isOn(): boolean {
    return this.#leftMs > 0;
  }

  /** Notes what an answer asks for, if it asks for a pause. */
  note(refusal: WebsetsError): void {
    const { status, retryAfterMs } = refusal;
    if (retryAfterMs === undefined || (status !== 429 && status !== 503)) return;
    const until = this.#clock.now() + Math.min(retryAfterMs, LONGEST_FOR_OTHERS_MS);
    if (until <= this.#until) return;
    this.#until = until;
    this.#refusal = refusal;
  }

  /**
   * Resolves when requests may be sent again. Rejects at once, with the time left, where that lies after `deadline`
   * (`clock.now()`) or is too long to be waited for unseen; and with an AbortError as soon as `signal` aborts.
   */
  async over({ deadline, signal }: { deadline: number; signal: AbortSignal }): Promise<void> {
    while (this.isOn) {
      if (this.#leftMs > LONGEST_UNSEEN_PAUSE_MS || this.#until >= deadline) throw this.#notSent();
      await this.#clock.sleep(Math.ceil(this.#leftMs), signal);
    }
  }

  get #leftMs(): number {
    return this.#until - this.#clock.now();
  }

  #notSent(): WebsetsError {
    const { kind, message, requestId } = this.#refusal as WebsetsError;
    return new WebsetsError(kind, {
      what: `${message}, and the pause it asked for is not over: nothing was sent`,
      retryAfterMs: Math.ceil(this.#leftMs),
      ...(requestId !== undefined && { requestId }),
      cause: this.#refusal,
    });
  }
}
