import type { Webset, WebsetItem } from "../exa/schemas.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import { plainText } from "../shared/text.ts";

/** What an agent wants to know of an item. All of it quotes the web. */
export type ItemFacts = {
  itemId: string;
  /** Null where the API tells none. */
  name: string | null;
  url: string | null;
  /** How many of the criteria it satisfies: `2 of 2`. */
  criteria: string;
  /** The values by the titles of their enrichments; null where none was found, and as long as there is none. */
  enrichments: Record<string, string | null>;
  /** Titles of those that are still being looked for. */
  pending?: string[];
};

const NAME_LENGTH = 100;
/** A URL that is cut leads nowhere; longer ones are not used for pages that people read. */
const URL_LENGTH = 500;
/** A value is an email, a date, a sentence: a whole text is in the item itself. */
const VALUE_LENGTH = 300;

/** Items carry their entity's own fields under the entity's name: a company its name, a paper its title. */
const ENTITIES = ["company", "person", "article", "researchPaper", "custom"];

/** An item in the few fields that an agent reads. `titles` names enrichments by their ids; one it does not name is named by its id. */
export function itemFacts(item: WebsetItem, titles: ReadonlyMap<string, string>): ItemFacts {
  const enrichments = new Map<string, string | null>();
  const pending: string[] = [];
  for (const { enrichmentId, status, result } of item.enrichments) {
    const title = unused(titles.get(enrichmentId) ?? plainText(enrichmentId, NAME_LENGTH), enrichments);
    enrichments.set(title, valueIn(result));
    if (!isDone(status)) pending.push(title);
  }
  const satisfied = item.evaluations.filter((evaluation) => evaluation.satisfied === "yes").length;
  return {
    itemId: item.id,
    name: itemName(item.properties) ?? null,
    url: item.properties.url === null ? null : plainText(item.properties.url, URL_LENGTH) || null,
    criteria: `${satisfied} of ${item.evaluations.length}`,
    enrichments: Object.fromEntries(enrichments),
    ...(pending.length === 0 ? {} : { pending }),
  };
}

/** Whether nothing more comes of an enrichment of an item. */
export function isDone(status: string): boolean {
  return status === "completed" || status === "canceled";
}

function itemName(properties: Record<string, unknown>): string | undefined {
  const names = ENTITIES.flatMap((key) => {
    const entity = properties[key];
    if (typeof entity !== "object" || entity === null) return [];
    return ["name", "title"].map((field) => (entity as Record<string, unknown>)[field]);
  });
  for (const name of [...names, properties.description]) {
    const plain = typeof name === "string" ? plainText(name, NAME_LENGTH) : "";
    if (plain !== "") return plain;
  }
  return undefined;
}

function valueIn(result: readonly string[] | null): string | null {
  return plainText((result ?? []).join(", "), VALUE_LENGTH) || null;
}

/** The title, numbered where another enrichment has it already. */
function unused(title: string, taken: ReadonlyMap<string, unknown>): string {
  let free = title;
  for (let number = 2; taken.has(free); number++) free = `${title} (${number})`;
  return free;
}

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
