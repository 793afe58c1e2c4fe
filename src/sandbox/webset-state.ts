import type { Random } from "./random.ts";
import type { Webset, WebsetExport, WebsetItem, WebsetSearch } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import type { SearchRun } from "./search-run.ts";
import { type Place, SortedList } from "./sorted-list.ts";

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
