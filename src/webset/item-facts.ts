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
  /** Titles of the enrichments whose values are still being looked for; they are not among `enrichments`. */
  pending?: string[];
  /** The values by the titles of their enrichments, in the order of `titles`; null where none was found. */
  enrichments: Record<string, string | null>;
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
  const pending = new Set<string>();
  for (const { enrichmentId, status, result } of inOrder(item, titles)) {
    const title = titles.get(enrichmentId) ?? plainText(enrichmentId, NAME_LENGTH);
    const free = unused(title, (one) => enrichments.has(one) || pending.has(one));
    const value = valueIn(result);
    if (value === null && !isDone(status)) pending.add(free);
    else enrichments.set(free, value);
  }
  const satisfied = item.evaluations.filter((evaluation) => evaluation.satisfied === "yes").length;
  return {
    itemId: item.id,
    name: itemName(item.properties) ?? null,
    url: item.properties.url === null ? null : plainText(item.properties.url, URL_LENGTH) || null,
    criteria: `${satisfied} of ${item.evaluations.length}`,
    ...(pending.size === 0 ? {} : { pending: [...pending] }),
    enrichments: Object.fromEntries(enrichments),
  };
}

/** An item's enrichments in the order in which `titles` names them, then those that it does not. */
export function inOrder({ enrichments }: WebsetItem, titles: ReadonlyMap<string, string>): WebsetItem["enrichments"] {
  const places = new Map([...titles.keys()].map((id, place) => [id, place]));
  const placeOf = (id: string) => places.get(id) ?? places.size;
  return enrichments.toSorted((a, b) => placeOf(a.enrichmentId) - placeOf(b.enrichmentId));
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
function unused(title: string, isTaken: (title: string) => boolean): string {
  let free = title;
  for (let number = 2; isTaken(free); number++) free = `${title} (${number})`;
  return free;
}

const MOST_REMEMBERED = 5_000;
const TITLE_LENGTH = 60;

/** What enrichments are called, by the states of their Websets: items name them by id alone. */
export class EnrichmentTitles {
  readonly #titles = new BoundedMap<string, { title: string; isFinal: boolean; place: number }>({
    entries: MOST_REMEMBERED,
  });

  /** Takes in what a state tells. An enrichment has its title after up to 14 s (recorded); until then its description stands in for it. */
  note({ enrichments }: Pick<Webset, "enrichments">): void {
    for (const [place, { id, title, description }] of enrichments.entries()) {
      this.#titles.set(id, {
        place,
        title: plainText(title ?? description, TITLE_LENGTH) || id,
        isFinal: title !== null,
      });
    }
  }

  /** That its Webset's state does not tell of an enrichment: it was deleted, and only its id is left. */
  noteUnknown(enrichmentId: string): void {
    if (!this.#titles.has(enrichmentId))
      this.#titles.set(enrichmentId, { title: enrichmentId, isFinal: true, place: Number.POSITIVE_INFINITY });
  }

  /** What is known of these, by their ids, those of one Webset in its own order. */
  of(enrichmentIds: ReadonlySet<string>): ReadonlyMap<string, string> {
    const known = [...enrichmentIds].flatMap((id) => {
      const found = this.#titles.get(id);
      return found === undefined ? [] : [{ id, ...found }];
    });
    known.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
    return new Map(known.map(({ id, title }) => [id, title]));
  }

  /** Whether a state could tell more than is known. */
  isOpen(enrichmentId: string): boolean {
    return this.#titles.get(enrichmentId)?.isFinal !== true;
  }
}
