import type { Answer, ExaClient } from "../exa/client.ts";
import type { Webset } from "../exa/schemas.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCall } from "../shared/shared-call.ts";

/** So many externalIds are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 1_000;

/** Looks at Websets. Callers that ask for the same one at the same time share one request. */
export class WebsetStates {
  readonly #exa: Pick<ExaClient, "getWebset">;
  readonly #calls = new Map<string, SharedCall<Answer<Webset>>>();
  readonly #ids = new Map<string, string>();

  constructor(exa: Pick<ExaClient, "getWebset">) {
    this.#exa = exa;
  }

  /** The Webset's state now; rejects with what the client rejects with. `websetId` may be the caller's externalId. */
  async look(websetId: string, signal: AbortSignal): Promise<Answer<Webset>> {
    const call =
      this.#calls.get(websetId) ??
      new SharedCall(async (shared) => {
        try {
          const answer = await this.#exa.getWebset(websetId, { signal: shared, group: "state" });
          this.#remember(websetId, answer.value.id);
          return answer;
        } finally {
          this.#calls.delete(websetId);
        }
      });
    this.#calls.set(websetId, call);
    return call.join(signal);
  }

  /**
   * The id behind an id or externalId, asked for once and kept. A text that resolves to nothing is taken as an id, so that the
   * events of a deleted Webset stay reachable.
   */
  async resolve(text: string, signal: AbortSignal): Promise<string> {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    try {
      return (await this.look(text, signal)).value.id;
    } catch (error) {
      if (error instanceof WebsetsError && error.kind === "not_found") return text;
      throw error;
    }
  }

  /** Whether this id or externalId was found before. */
  knows(text: string): boolean {
    return this.#ids.has(text);
  }

  #remember(text: string, id: string): void {
    this.#ids.delete(text);
    this.#ids.set(text, id);
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= MOST_REMEMBERED) break;
      this.#ids.delete(oldest);
    }
  }
}
