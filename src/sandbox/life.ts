import { guessCriteria, guessTitle } from "./data/theme.ts";
import {
  cancelEnrichment,
  cancelEnrichments,
  enrichItem,
  prepareEnrichment,
  setPendingEnrichments,
} from "./enrichment-work.ts";
import type { Recorder } from "./event-log.ts";
import { findItem, reevaluateItems } from "./item-finder.ts";
import { snapshot, type WebsetEnrichment, type WebsetExport, type WebsetItem, type WebsetSearch } from "./resources.ts";
import type { Timeline } from "./schedule.ts";
import { SearchRun } from "./search-run.ts";
import { isFinished, type WebsetState } from "./websets.ts";

/**
 * The events of one call come a moment apart, as those of a real API do: a Webset is created before its search is. At
 * high speeds they share a millisecond.
 */
const MOMENT_MS = 25;
const IDLE_AFTER_MS = 500;
/** As recorded, some 12 s with enrichments. */
const IDLE_AFTER_ENRICHING_MS = { low: 10_000, high: 14_000 };
/** As recorded: when a Webset has the title that is made for it. */
const TITLE_MS = { low: 1_000, high: 3_000 };
const EXPORT_MS = { low: 2_000, high: 5_000 };

/**
 * How a Webset lives, after Exa's documentation: its searches run one after another, enrichments run beside them, and
 * when nothing runs any more it is idle. Durations are those of speed 1.
 */
export class Life {
  readonly #recorder: Recorder;
  /** What goes on whether or not a Webset is paused. */
  readonly #common: Timeline;

  constructor(recorder: Recorder, common: Timeline) {
    this.#recorder = recorder;
    this.#common = common;
  }

  /** Begins the life of a Webset with the searches and enrichments it was created with. */
  begin(state: WebsetState): void {
    const { webset } = state;
    const busy = webset.searches.length > 0 || webset.enrichments.length > 0 || state.importing.size > 0;
    if (busy) webset.status = "running";
    this.#recorder.record("webset.created", webset);
    for (const enrichment of webset.enrichments) prepareEnrichment(state, enrichment, this.#recorder);
    for (const search of webset.searches) this.addSearch(state, search);
    if (webset.title === null) this.#findTitle(state);
    this.#settle(state);
  }

  addSearch(state: WebsetState, search: WebsetSearch): void {
    // As recorded, whatever else runs.
    if (state.webset.status !== "paused") search.status = "running";
    state.unannounced.add(search);
    this.#common.after(MOMENT_MS, () => this.#announce(state, search));
    for (const enrichment of state.webset.enrichments) {
      if (enrichment.status === "completed") enrichment.status = "pending";
    }
    this.#getBusy(state);
    this.#startNext(state);
  }

  /** Items that are there already are enriched now, others when they are found. */
  addEnrichment(state: WebsetState, enrichment: WebsetEnrichment): void {
    this.#getBusy(state);
    prepareEnrichment(state, enrichment, this.#recorder);
    for (const { item } of state.itemsById.values()) this.#enrich(state, item, enrichment);
    this.#settle(state);
  }

  cancelEnrichment(state: WebsetState, enrichment: WebsetEnrichment): void {
    cancelEnrichment(state, enrichment, this.#recorder.timestamp());
  }

  /** An import the Webset was created with is finished, one way or the other. */
  endImport(state: WebsetState, importId: string): void {
    if (state.importing.delete(importId) && !state.deleted) this.#settle(state);
  }

  addExport(state: WebsetState, created: WebsetExport): void {
    this.#recorder.record("webset.export.created", created);
    const random = state.random.fork(`export/${state.exports.size}`);
    this.#common.after(random.between(EXPORT_MS.low, EXPORT_MS.high), () => {
      if (state.deleted) return;
      created.status = "completed";
      created.downloadUrl = `https://downloads.example/websets/${created.id}.${created.format}`;
      created.updatedAt = this.#recorder.timestamp();
      this.#recorder.record("webset.export.completed", created);
    });
  }

  /** Cancels a search, and lets the next one begin. A finished search stays as it is. */
  cancelSearch(state: WebsetState, search: WebsetSearch): void {
    if (isFinished(search)) return;
    this.#cancel(state, search, null);
    this.#startNext(state);
  }

  /** Cancels everything that runs; the Webset is idle at once. */
  cancelWebset(state: WebsetState): void {
    if (state.webset.status === "idle") return;
    this.#stop(state, "webset_canceled");
    this.#common.after(MOMENT_MS, () => {
      if (state.webset.status === "idle" && !state.deleted) this.#recorder.record("webset.idle", state.webset);
    });
  }

  /** The search under way ends in a way nobody knows, and with it everything else. */
  failSearch(state: WebsetState, search: WebsetSearch): void {
    this.#announce(state, search);
    state.run?.stop();
    state.run = undefined;
    search.status = "failed";
    search.updatedAt = this.#recorder.timestamp();
    endSearch(state, search);
    this.cancelWebset(state);
  }

  deleteWebset(state: WebsetState): void {
    this.#stop(state, "webset_deleted");
    state.deleted = true;
    const last = snapshot(state.webset);
    this.#common.after(MOMENT_MS, () => this.#recorder.record("webset.deleted", last));
  }

  pause(state: WebsetState): void {
    if (state.webset.status === "paused") return;
    state.run?.refreshTimeLeft();
    state.timeline.pause();
    this.#setStatus(state, "paused");
    this.#recorder.record("webset.paused", state.webset);
  }

  /** Keeps a Webset from beginning, as an account does that has more to do than it may at a time. */
  queue(state: WebsetState): void {
    state.timeline.pause();
    for (const search of state.webset.searches) search.status = "created";
    this.#setStatus(state, "pending");
  }

  /** There is no event for going on: what comes next is the event of whatever happens next. */
  resume(state: WebsetState): void {
    if (state.webset.status !== "paused" && state.webset.status !== "pending") return;
    this.#setStatus(state, "running");
    for (const search of state.webset.searches) if (!isFinished(search)) search.status = "running";
    state.timeline.resume();
    this.#settle(state);
  }

  #startNext(state: WebsetState): void {
    if (state.run !== undefined) return;
    const search = state.webset.searches.find((one) => !isFinished(one));
    if (search === undefined) {
      this.#settle(state);
      return;
    }
    const ordinal = state.webset.searches.indexOf(search);
    state.run = new SearchRun({
      search,
      timeline: state.timeline,
      random: state.random.fork(`search/${ordinal}`),
      recorder: this.#recorder,
      recallWanted: state.recallWanted.has(search.id),
      onUnderstood: () => {
        this.#announce(state, search);
        search.updatedAt = state.webset.updatedAt = this.#recorder.timestamp();
        if (search.criteria.length === 0) {
          search.criteria = guessCriteria(search.query).map((description) => ({ description, successRate: 0 }));
        }
        if (search.behavior === "override") reevaluateItems(state, search, this.#recorder.timestamp());
      },
      onMatch: () => this.#addItem(state, search),
      onCompleted: () => {
        state.run = undefined;
        state.webset.updatedAt = search.updatedAt;
        endSearch(state, search);
        this.#startNext(state);
      },
    });
  }

  #addItem(state: WebsetState, search: WebsetSearch): void {
    const item = findItem(state, search, this.#recorder);
    this.#recorder.record("webset.item.created", item);
    for (const enrichment of state.webset.enrichments) this.#enrich(state, item, enrichment);
  }

  #enrich(state: WebsetState, item: WebsetItem, enrichment: WebsetEnrichment): void {
    if (enrichment.status === "canceled") return;
    enrichItem(state, item, enrichment, this.#recorder, () => this.#settle(state));
  }

  #announce(state: WebsetState, search: WebsetSearch): void {
    if (state.unannounced.delete(search)) this.#recorder.record("webset.search.created", search);
  }

  #cancel(state: WebsetState, search: WebsetSearch, reason: WebsetSearch["canceledReason"]): void {
    this.#announce(state, search);
    if (state.run?.search === search) {
      state.run.stop();
      state.run = undefined;
    }
    const now = this.#recorder.timestamp();
    search.status = "canceled";
    search.canceledAt = now;
    search.canceledReason = reason;
    search.updatedAt = now;
    // As recorded, whatever was found.
    search.progress.completion = 100;
    search.progress.timeLeft = 0;
    this.#recorder.record("webset.search.canceled", search);
    endSearch(state, search);
  }

  #stop(state: WebsetState, reason: WebsetSearch["canceledReason"]): void {
    for (const search of state.webset.searches) if (!isFinished(search)) this.#cancel(state, search, reason);
    cancelEnrichments(state, this.#recorder.timestamp());
    state.importing.clear();
    state.timeline.clear();
    state.timeline.resume();
    state.idling = undefined;
    this.#setStatus(state, "idle");
  }

  #getBusy(state: WebsetState): void {
    if (state.idling !== undefined) state.timeline.cancel(state.idling);
    state.idling = undefined;
    if (state.webset.status === "idle") this.#setStatus(state, "running");
  }

  /** Makes the Webset idle in a moment, if there is nothing left to do. */
  #settle(state: WebsetState): void {
    const busy = state.run !== undefined || state.enriching.size > 0 || state.importing.size > 0;
    if (busy || state.idling !== undefined || state.webset.status === "idle") return;
    if (state.webset.searches.some((search) => !isFinished(search))) return;
    state.idling = state.timeline.after(this.#idleAfter(state), () => {
      state.idling = undefined;
      setPendingEnrichments(state, "completed", this.#recorder.timestamp());
      this.#setStatus(state, "idle");
      this.#recorder.record("webset.idle", state.webset);
    });
  }

  #idleAfter({ webset, random }: WebsetState): number {
    if (!webset.enrichments.some(({ status }) => status !== "canceled")) return IDLE_AFTER_MS;
    const source = random.fork(`idle/${webset.searches.length}/${webset.enrichments.length}`);
    return source.between(IDLE_AFTER_ENRICHING_MS.low, IDLE_AFTER_ENRICHING_MS.high);
  }

  #findTitle(state: WebsetState): void {
    const query = state.webset.searches[0]?.query;
    if (query === undefined) return;
    // It comes also to a Webset that was canceled meanwhile.
    this.#common.after(state.random.fork("title").between(TITLE_MS.low, TITLE_MS.high), () => {
      state.webset.title = guessTitle(query);
      state.webset.updatedAt = this.#recorder.timestamp();
    });
  }

  #setStatus({ webset }: WebsetState, status: WebsetState["webset"]["status"]): void {
    webset.status = status;
    webset.updatedAt = this.#recorder.timestamp();
  }
}

function endSearch({ searchEnds }: WebsetState, search: WebsetSearch): void {
  const told = searchEnds.get(search);
  searchEnds.delete(search);
  told?.();
}
