import type { EventType } from "../exa/event-types.ts";
import { type Clock, DAY_MS } from "../shared/clock.ts";
import { ApiError } from "./api-error.ts";
import type {
  EnrichmentParameters,
  EnrichmentUpdate,
  ExportParameters,
  SearchParameters,
  WebsetParameters,
} from "./bodies.ts";
import { newEnrichment, newExport, newSearch, newWebset } from "./creation.ts";

import { EventLog, type Recorder } from "./event-log.ts";
import { createIds, type IdKind } from "./ids.ts";
import { Imports, importsFor } from "./imports.ts";
import { Life } from "./life.ts";
import { monitorSearch } from "./monitor-runs.ts";
import { Monitors } from "./monitors.ts";
import { createRandom, type Random } from "./random.ts";
import {
  type SandboxEvent,
  snapshot,
  type Team,
  type Webset,
  type WebsetEnrichment,
  type WebsetExport,
  type WebsetItem,
  type WebsetSearch,
} from "./resources.ts";
import { Schedule, type Timeline } from "./schedule.ts";
import type { Place, Range } from "./sorted-list.ts";
import { existing, newWebsetState, type StoredItem, WebsetRegistry, type WebsetState } from "./websets.ts";

export interface WorldOptions {
  clock: Clock;
  /** The same seed and the same calls give the same ids, data and order. Default 1. */
  seed?: number;
  /** Divides the durations of everything that lives. Default 1. */
  speed?: number;
  /** Events older than this are gone. Default 60, as in Exa's documentation. */
  retentionDays?: number;
  /** How many milliseconds after its creation an event of a type becomes visible. Default 0. */
  visibilityDelay?: (type: string) => number;
  /** The `createdAt` of an event that happens at `now`, both in milliseconds since 1970. Default: the same. */
  eventTime?: (now: number) => number;
}

export interface RecordOptions {
  id?: string;
  /** Milliseconds since 1970; now without it. */
  createdAt?: number;
  /** From when on the event can be seen, in milliseconds since 1970; without it `visibilityDelay` after its creation. */
  visibleAt?: number;
}

/**
 * Everything there is in the sandbox, and what can be done to it. Results are copies; what does not exist is an `ApiError`
 * 404. A Webset's externalId does as well as its id, but not for its searches and exports, as Exa's OpenAPI file has it.
 */
export class World implements Recorder {
  readonly events: EventLog;
  readonly imports: Imports;
  readonly monitors: Monitors;
  readonly #newId: (kind: IdKind, time: number) => string;
  readonly #schedule: Schedule;
  readonly #timeline: Timeline;
  readonly #life: Life;
  readonly #random: Random;
  readonly #visibilityDelay: (type: string) => number;
  readonly #eventTime: (now: number) => number;
  readonly #websets = new WebsetRegistry();
  #created = 0;

  constructor({ clock, seed = 1, speed = 1, retentionDays = 60, visibilityDelay, eventTime }: WorldOptions) {
    this.#schedule = new Schedule(clock, speed);
    this.#random = createRandom(seed);
    this.#newId = createIds(this.#random);
    this.#visibilityDelay = visibilityDelay ?? (() => 0);
    this.#eventTime = eventTime ?? ((now) => now);
    this.events = new EventLog(retentionDays * DAY_MS, () => clock.wallTime());
    const timeline = this.#schedule.timeline();
    this.#timeline = timeline;
    this.#life = new Life(this, timeline);
    this.imports = new Imports(this, timeline, this.#random.fork("imports"));
    this.monitors = new Monitors({
      recorder: this,
      timeline,
      websets: this.#websets,
      work: {
        start: (state, monitor) => this.#startSearch(state, monitorSearch(monitor, state.webset)),
        cancel: (state, search) => this.#life.cancelSearch(state, search),
      },
    });
  }

  /** Milliseconds since 1970; in the past while `past` plays it. */
  wallTime(): number {
    return this.#schedule.wallTime();
  }

  newId(kind: IdKind): string {
    return this.#newId(kind, this.wallTime());
  }

  timestamp(): string {
    return this.#schedule.timestamp();
  }

  /** Adds an event with a copy of `data`. Any type will do, and with the options any history. */
  record(type: EventType | (string & {}), data: unknown, options: RecordOptions = {}): SandboxEvent {
    const createdAt = options.createdAt ?? this.#eventTime(this.wallTime());
    const event: SandboxEvent = {
      id: options.id ?? this.newId("event"),
      object: "event",
      type,
      data: snapshot(data),
      createdAt: new Date(createdAt).toISOString(),
    };
    this.events.add(event, options.visibleAt ?? createdAt + this.#visibilityDelay(type));
    return event;
  }

  /**
   * Lets something have begun `ms` milliseconds of life ago (at speed 10, a tenth of that by the clock), with everything
   * that followed from it until now.
   */
  past<T>(ms: number, begin: () => T): T {
    return this.#schedule.playPast(ms, begin);
  }

  /** Lets something happen in `ms` milliseconds of life, or nothing if by then it meets an `ApiError`. */
  later(ms: number, action: () => void): void {
    this.#timeline.after(ms, () => {
      try {
        action();
      } catch (error) {
        // What it is about may have been deleted meanwhile.
        if (!(error instanceof ApiError)) throw error;
      }
    });
  }

  /** Ends everything that is going on; the world can still be read. */
  close(): void {
    this.#schedule.close();
  }

  /** `ApiError` 409 when another Webset has the externalId. */
  createWebset(parameters: WebsetParameters): Webset {
    const { externalId } = parameters;
    if (externalId !== undefined && this.#websets.hasExternalId(externalId)) {
      throw new ApiError(409, `Webset with externalId ${externalId} already exists`);
    }
    const imports = importsFor(parameters, this.imports, this.#websets);
    const webset = newWebset(parameters, this.#creation("webset"));
    const random = this.#random.fork(`webset/${this.#created++}`);
    const state = newWebsetState(webset, random, this.#schedule.timeline());
    this.#websets.add(state);
    for (const one of imports) {
      webset.imports.push(one);
      const begun = this.imports.whenFinished(one.id, () => this.#life.endImport(state, one.id));
      if (begun) state.importing.add(one.id);
    }
    for (const enrichment of parameters.enrichments ?? []) {
      webset.enrichments.push(newEnrichment(webset.id, enrichment, this.#creation("firstEnrichment")));
    }
    if (parameters.search !== undefined) this.#addSearch(state, parameters.search);
    this.#life.begin(state);
    return this.#show(state);
  }

  hasWebset(idOrExternalId: string): boolean {
    return this.#websets.has(idOrExternalId);
  }

  getWebset(idOrExternalId: string): Webset {
    return this.#show(this.#websets.find(idOrExternalId));
  }

  websetPlace(id: string): Place | undefined {
    return this.#websets.place(id);
  }

  /** Those that have `term` in their id, externalId or title; all of them without it. */
  *listWebsets(range: Range, term = "") {
    for (const state of this.#websets.walk(range)) {
      const { id, externalId, title } = state.webset;
      if (![id, externalId, title].some((text) => text?.toLowerCase().includes(term.toLowerCase()))) continue;
      yield { time: state.time, id, webset: this.#show(state) };
    }
  }

  updateWebset(idOrExternalId: string, metadata: Record<string, string> | null): Webset {
    const state = this.#websets.find(idOrExternalId);
    state.webset.metadata = { ...metadata };
    state.webset.updatedAt = this.timestamp();
    return this.#show(state);
  }

  cancelWebset(idOrExternalId: string): Webset {
    const state = this.#websets.find(idOrExternalId);
    this.#life.cancelWebset(state);
    return this.#show(state);
  }

  /** The Webset as it was at last, after its monitors. Its events stay. */
  deleteWebset(idOrExternalId: string): Webset {
    const state = this.#websets.find(idOrExternalId);
    for (const { id } of [...state.webset.monitors]) this.monitors.delete(id);
    this.#life.deleteWebset(state);
    this.#websets.remove(state);
    return this.#show(state);
  }

  /** The API has no call for this: in the real one, the platform itself pauses a Webset. */
  pauseWebset(idOrExternalId: string): Webset {
    const state = this.#websets.find(idOrExternalId);
    this.#life.pause(state);
    return this.#show(state);
  }

  resumeWebset(idOrExternalId: string): Webset {
    const state = this.#websets.find(idOrExternalId);
    this.#life.resume(state);
    return this.#show(state);
  }

  /** A Webset that has just been created waits behind those that run, until it is resumed. */
  queueWebset(idOrExternalId: string): void {
    this.#life.queue(this.#websets.find(idOrExternalId));
  }

  team(): Team {
    const statuses = [...this.#websets.walk({ order: "oldest-first" })].map(({ webset }) => webset.status);
    const active = statuses.filter((status) => status === "running").length;
    const queued = statuses.filter((status) => status === "pending").length;
    return {
      object: "team",
      id: "team_sandbox",
      name: "Sandbox",
      concurrency: { active, queued },
      // Whoever waits shows that no more can run.
      limits: { maxConcurrent: queued === 0 ? null : active, maxQueued: null },
    };
  }

  createSearch(websetId: string, parameters: SearchParameters): WebsetSearch {
    return snapshot(this.#startSearch(this.#websets.findById(websetId), parameters));
  }

  getSearch(websetId: string, searchId: string): WebsetSearch {
    const state = this.#websets.findById(websetId);
    state.run?.refreshTimeLeft();
    return snapshot(this.#findSearch(state, searchId));
  }

  /** Ends the search under way with a status nobody knows; false where there is none. */
  failSearch(idOrExternalId: string): boolean {
    const state = this.#websets.find(idOrExternalId);
    const search = state.run?.search;
    if (search !== undefined) this.#life.failSearch(state, search);
    return search !== undefined;
  }

  cancelSearch(websetId: string, searchId: string): WebsetSearch {
    const state = this.#websets.findById(websetId);
    const search = this.#findSearch(state, searchId);
    this.#life.cancelSearch(state, search);
    return snapshot(search);
  }

  createEnrichment(webset: string, parameters: EnrichmentParameters): WebsetEnrichment {
    const state = this.#websets.find(webset);
    const enrichment = newEnrichment(state.id, parameters, this.#creation("enrichment"));
    state.webset.enrichments.push(enrichment);
    this.#life.addEnrichment(state, enrichment);
    return snapshot(enrichment);
  }

  getEnrichment(webset: string, enrichmentId: string): WebsetEnrichment {
    return snapshot(this.#findEnrichment(this.#websets.find(webset), enrichmentId));
  }

  updateEnrichment(webset: string, enrichmentId: string, update: EnrichmentUpdate): WebsetEnrichment {
    const enrichment = this.#findEnrichment(this.#websets.find(webset), enrichmentId);
    Object.assign(enrichment, update);
    enrichment.updatedAt = this.timestamp();
    return snapshot(enrichment);
  }

  /** As recorded, the answer still has the enrichment as it was. */
  cancelEnrichment(webset: string, enrichmentId: string): WebsetEnrichment {
    const state = this.#websets.find(webset);
    const enrichment = this.#findEnrichment(state, enrichmentId);
    const asItWas = snapshot(enrichment);
    this.#life.cancelEnrichment(state, enrichment);
    return asItWas;
  }

  /** The enrichment as it was at last: canceled. */
  deleteEnrichment(webset: string, enrichmentId: string): WebsetEnrichment {
    const state = this.#websets.find(webset);
    const enrichment = this.#findEnrichment(state, enrichmentId);
    this.#life.cancelEnrichment(state, enrichment);
    state.webset.enrichments.splice(state.webset.enrichments.indexOf(enrichment), 1);
    return snapshot(enrichment);
  }

  itemPlace(webset: string, itemId: string): Place | undefined {
    return this.#websets.find(webset).itemsById.get(itemId);
  }

  /** Not copies: items are large, and whoever lists them writes them out at once. */
  *listItems(webset: string, range: Range, sourceId?: string): Generator<StoredItem> {
    for (const stored of this.#websets.find(webset).items.walk(range)) {
      if (sourceId === undefined || stored.item.sourceId === sourceId) yield stored;
    }
  }

  getItem(webset: string, itemId: string): WebsetItem {
    return snapshot(existing(this.#websets.find(webset).itemsById.get(itemId), "Item").item);
  }

  createExport(websetId: string, parameters: ExportParameters): WebsetExport {
    const state = this.#websets.findById(websetId);
    const created = newExport(websetId, parameters, this.#creation("export"));
    state.exports.set(created.id, created);
    this.#life.addExport(state, created);
    return snapshot(created);
  }

  getExport(websetId: string, exportId: string): WebsetExport {
    return snapshot(existing(this.#websets.findById(websetId).exports.get(exportId), "Export"));
  }

  #startSearch(state: WebsetState, parameters: SearchParameters): WebsetSearch {
    const search = this.#addSearch(state, parameters);
    this.#life.addSearch(state, search);
    return search;
  }

  #addSearch(state: WebsetState, parameters: SearchParameters): WebsetSearch {
    const search = newSearch(state.id, parameters, this.#creation("search"));
    if (parameters.recall === true) state.recallWanted.add(search.id);
    state.webset.searches.push(search);
    return search;
  }

  #creation(kind: IdKind) {
    return { id: this.newId(kind), now: this.timestamp() };
  }

  #show(state: WebsetState): Webset {
    state.run?.refreshTimeLeft();
    return snapshot(state.webset);
  }

  #findEnrichment({ webset }: WebsetState, enrichmentId: string): WebsetEnrichment {
    return existing(
      webset.enrichments.find(({ id }) => id === enrichmentId),
      "Enrichment",
    );
  }

  #findSearch({ webset }: WebsetState, searchId: string): WebsetSearch {
    return existing(
      webset.searches.find(({ id }) => id === searchId),
      "Search",
    );
  }
}
