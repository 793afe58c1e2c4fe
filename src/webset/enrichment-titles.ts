import type { Webset } from "../exa/schemas.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import { plainText } from "../shared/text.ts";

const MOST_REMEMBERED = 5_000;
const TITLE_LENGTH = 60;

/** What enrichments are called, by the states of their Websets: items name them by id alone. */
export class EnrichmentTitles {
  readonly #titles = new BoundedMap<string, { title: string; isFinal: boolean }>({ entries: MOST_REMEMBERED });

  /** Takes in what a state tells. An enrichment has its title after up to 14 s (recorded); until then its description stands in for it. */
  note({ enrichments }: Pick<Webset, "enrichments">): void {
    for (const { id, title, description } of enrichments) {
      this.#titles.set(id, {
        title: plainText(title ?? description, TITLE_LENGTH) || id,
        isFinal: title !== null,
      });
    }
  }

  /** That its Webset's state does not tell of an enrichment: it was deleted, and only its id is left. */
  noteUnknown(enrichmentId: string): void {
    if (!this.#titles.has(enrichmentId)) this.#titles.set(enrichmentId, { title: enrichmentId, isFinal: true });
  }

  of(enrichmentId: string): string | undefined {
    return this.#titles.get(enrichmentId)?.title;
  }

  /** Whether a state could tell more than is known. */
  isOpen(enrichmentId: string): boolean {
    return this.#titles.get(enrichmentId)?.isFinal !== true;
  }
}
