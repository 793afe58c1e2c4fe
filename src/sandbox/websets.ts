import { ApiError } from "./api-error.ts";
import type { Random } from "./random.ts";
import type { Webset, WebsetExport, WebsetItem, WebsetSearch } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import type { SearchRun } from "./search-run.ts";
import { type Place, type Range, SortedList } from "./sorted-list.ts";

export interface StoredItem extends Place {
  readonly item: WebsetItem;
}

/** A Webset with all that belongs to it, and what is going on in it. */
export interface WebsetState extends Place {
  readonly webset: Webset;
  readonly items: SortedList<StoredItem>;
  readonly itemsById: Map<string, StoredItem>;
  readonly exports: Map<string, WebsetExport>;
  /** Addresses that are items already: no Webset finds a page twice. */
  readonly urls: Set<string>;
  readonly random: Random;
  /** Its life; it stands still while the Webset is paused. */
  readonly timeline: Timeline;
  /** The search that runs or is about to; the others wait for it. */
  run: SearchRun | undefined;
  /** Searches whose webset.search.created is still to come. */
  readonly unannounced: Set<WebsetSearch>;
  /** Ids of searches that asked for an estimate of all there is. */
  readonly recallWanted: Set<string>;
  /** What is waiting for the end of a search. */
  readonly searchEnds: Map<WebsetSearch, () => void>;
  /** When an enrichment is ready for items, by its id, in milliseconds of the timeline. */
  readonly readyAt: Map<string, number>;
  /** Ids of imports that are not finished yet. */
  readonly importing: Set<string>;
  /** Enrichment results that are being looked for. */
  readonly enriching: Set<Appointment>;
  /** The moment at which it will turn idle, if nothing comes between. */
  idling: Appointment | undefined;
  deleted: boolean;
}

export function newWebsetState(webset: Webset, random: Random, timeline: Timeline): WebsetState {
  return {
    time: Date.parse(webset.createdAt),
    id: webset.id,
    webset,
    items: new SortedList(),
    itemsById: new Map(),
    exports: new Map(),
    urls: new Set(),
    random,
    timeline,
    run: undefined,
    unannounced: new Set(),
    recallWanted: new Set(),
    searchEnds: new Map(),
    readyAt: new Map(),
    importing: new Set(),
    enriching: new Set(),
    idling: undefined,
    deleted: false,
  };
}

export function isFinished(search: WebsetSearch): boolean {
  return search.status !== "created" && search.status !== "pending" && search.status !== "running";
}

/** The Websets there are. */
export class WebsetRegistry {
  readonly #all = new SortedList<WebsetState>();
  readonly #byId = new Map<string, WebsetState>();
  readonly #byExternalId = new Map<string, WebsetState>();

  has(idOrExternalId: string): boolean {
    return this.#byId.has(idOrExternalId) || this.#byExternalId.has(idOrExternalId);
  }

  hasExternalId(externalId: string): boolean {
    return this.#byExternalId.has(externalId);
  }

  /** Where a Webset stands in their list. */
  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  add(state: WebsetState): void {
    this.#all.insert(state);
    this.#byId.set(state.id, state);
    if (state.webset.externalId !== null) this.#byExternalId.set(state.webset.externalId, state);
  }

  remove(state: WebsetState): void {
    this.#all.remove(state);
    this.#byId.delete(state.id);
    if (state.webset.externalId !== null) this.#byExternalId.delete(state.webset.externalId);
  }

  walk(range: Range): Generator<WebsetState> {
    return this.#all.walk(range);
  }

  /** `ApiError` 404 when there is none. */
  find(idOrExternalId: string): WebsetState {
    return this.#byId.get(idOrExternalId) ?? existing(this.#byExternalId.get(idOrExternalId), "Webset");
  }

  /** The same where only the id does. */
  findById(id: string): WebsetState {
    return existing(this.#byId.get(id), "Webset");
  }
}

/** What was found, or an `ApiError` 404. */
export function existing<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new ApiError(404, `${what} not found`);
  return found;
}
