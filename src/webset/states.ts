import type { Answer, ExaClient } from "../exa/client.ts";
import type { Webset } from "../exa/schemas.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import { EnrichmentTitles } from "./enrichment-titles.ts";
import { Rounds } from "./rounds.ts";

/** So many ids and externalIds are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 1_000;
/** What the API does not know may just have been created: it is asked again after so long, in milliseconds. */
const SECOND_LOOK_MS = 2_000;

type Looked = { answer: Answer<Webset> } | { error: unknown; askedAt: number };

/** Looks at Websets. Callers that ask for the same one at the same time share one request. */
export class WebsetStates {
  readonly #exa: Pick<ExaClient, "getWebset" | "listWebsets">;
  readonly #rounds: Rounds;
  readonly #calls = new SharedCalls<Looked>();
  readonly #ids = new Map<string, string>();
  readonly #clock: Clock;
  readonly #titles = new EnrichmentTitles();

  constructor(exa: Pick<ExaClient, "getWebset" | "listWebsets">, clock: Clock) {
    this.#exa = exa;
    this.#clock = clock;
    this.#rounds = new Rounds(exa, clock);
  }

  /**
   * The Webset's state; rejects with what the client rejects with. `websetId` may be the caller's externalId.
   * @param askedAt a `clock.now()`: what the API said to somebody who asked before does not count.
   */
  async look(websetId: string, signal: AbortSignal, askedAt = Number.NEGATIVE_INFINITY): Promise<Answer<Webset>> {
    for (;;) {
      const looked = await this.#calls.join(websetId, signal, (shared) => this.#ask(websetId, shared, askedAt));
      if ("answer" in looked && looked.answer.sentAt >= askedAt) return looked.answer;
      if ("error" in looked && looked.askedAt >= askedAt) throw looked.error;
    }
  }

  /** The same for whoever has time: see `Rounds`. */
  lookInTurn(websetId: string, signal: AbortSignal, isUrgent = false): Promise<Answer<Webset>> {
    return this.#rounds.look(websetId, signal, isUrgent);
  }

  async #ask(websetId: string, signal: AbortSignal, askedAt: number): Promise<Looked> {
    try {
      const answer = await this.#exa.getWebset(websetId, { signal, group: "state" });
      this.#remember(websetId, answer.value.id);
      this.#titles.note(answer.value);
      return { answer };
    } catch (error) {
      return { error, askedAt };
    }
  }

  /**
   * The id behind an id or externalId. An externalId is asked for each time, for another Webset may have it by now; where it is
   * that of none any more, it is taken as what it was before. Rejects with `not_found` for what never was one in this process.
   */
  async resolve(text: string, signal: AbortSignal): Promise<string> {
    const known = this.#ids.get(text);
    if (known === text) return text;
    try {
      return (await this.look(text, signal)).value.id;
    } catch (error) {
      if (known !== undefined && error instanceof WebsetsError && error.kind === "not_found") return known;
      throw error;
    }
  }

  /**
   * The id behind an id or externalId of a Webset that is there; `not_found` for what the API does not know, but for an id that
   * was found before: that one is for the next request to find out. Who has just created a Webset is not told that there is none.
   */
  async find(text: string, signal: AbortSignal): Promise<string> {
    if (this.#ids.get(text) === text) return text;
    try {
      return (await this.look(text, signal)).value.id;
    } catch (error) {
      if (!(error instanceof WebsetsError) || error.kind !== "not_found" || this.knows(text)) throw error;
    }
    await this.#clock.sleep(SECOND_LOOK_MS, signal);
    return (await this.look(text, signal, this.#clock.now())).value.id;
  }

  /**
   * What enrichments of a Webset are called, by their ids: as a state told it before, or as one tells now. Where no state can be had,
   * what is not known is left out.
   */
  async titlesOf(
    websetId: string,
    enrichmentIds: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    if ([...enrichmentIds].some((id) => this.#titles.isOpen(id))) {
      try {
        await this.look(websetId, signal);
        for (const id of enrichmentIds) this.#titles.noteUnknown(id);
      } catch (error) {
        if (!(error instanceof WebsetsError)) throw error;
      }
    }
    return new Map(
      [...enrichmentIds].flatMap((id) => {
        const title = this.#titles.of(id);
        return title === undefined ? [] : [[id, title] as const];
      }),
    );
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
