import type { ExaClient } from "../exa/client.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import type { Queue } from "./progress.ts";

/** The account is asked for at most this often, in milliseconds, whoever wants to know. */
const GAP_MS = 60_000;
/** Nobody waits for it longer, in milliseconds. */
const LIMIT_MS = 700;

/** What waits in the account's queue, as far as it is known: a courtesy, so that an error with it is nobody's error. */
export class AccountQueue {
  readonly #exa: Pick<ExaClient, "getTeam">;
  readonly #clock: Clock;
  readonly #calls = new SharedCalls<void>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #told: Queue | undefined;

  constructor(exa: Pick<ExaClient, "getTeam">, clock: Clock) {
    this.#exa = exa;
    this.#clock = clock;
  }

  /** What was told within the last minute; undefined where nothing was. */
  get told(): Queue | undefined {
    return this.#isRecent() ? this.#told : undefined;
  }

  /** Asks, unless that was done within the last minute; rejects only with an AbortError. */
  async ask(signal: AbortSignal): Promise<void> {
    await this.#calls.join("", signal, async (shared) => {
      if (this.#isRecent()) return;
      this.#askedAt = this.#clock.now();
      this.#told = undefined;
      const deadline = this.#askedAt + LIMIT_MS;
      try {
        const { value } = await this.#exa.getTeam({ signal: shared, background: true, attempts: 1, deadline });
        const { concurrency, limits } = value;
        this.#told = { ...concurrency, maxConcurrent: limits.maxConcurrent };
      } catch (error) {
        if (!(error instanceof WebsetsError)) throw error;
      }
    });
  }

  #isRecent(): boolean {
    return this.#clock.now() - this.#askedAt < GAP_MS;
  }
}
