import { inventResult } from "./data/enrichment-results.ts";
import { inventReferences } from "./data/items.ts";
import { guessTitle } from "./data/theme.ts";
import type { Recorder } from "./event-log.ts";
import type { EnrichmentResult, WebsetEnrichment, WebsetItem } from "./resources.ts";
import type { WebsetState } from "./websets.ts";

/** How long one enrichment of one item takes at speed 1. */
const DURATION_MS = { low: 1_500, high: 5_000 };
/** As recorded: an enrichment has its title after up to 14 s. */
const PREPARATION_MS = { low: 2_000, high: 14_000 };

/** Finds out what an enrichment is to be called, and how to go about it; items have to wait for that. */
export function prepareEnrichment(state: WebsetState, enrichment: WebsetEnrichment, recorder: Recorder): void {
  const random = state.random.fork(`enrichment/${state.webset.enrichments.indexOf(enrichment)}`);
  const readyAt = state.timeline.time() + random.between(PREPARATION_MS.low, PREPARATION_MS.high);
  state.readyAt.set(enrichment.id, readyAt);
  state.timeline.at(readyAt, () => {
    if (enrichment.status === "canceled") return;
    const { description, format } = enrichment;
    enrichment.title = guessTitle(description);
    enrichment.instructions = `Find the following for the item, from public sources, and answer in the format ${format}: ${description}`;
    enrichment.updatedAt = recorder.timestamp();
    state.webset.updatedAt = enrichment.updatedAt;
  });
}

/** Sets about one enrichment of one item; `onDone` follows its webset.item.enriched. */
export function enrichItem(
  state: WebsetState,
  item: WebsetItem,
  enrichment: WebsetEnrichment,
  recorder: Recorder,
  onDone: () => void,
): void {
  const format = enrichment.format ?? "text";
  const result: EnrichmentResult = {
    object: "enrichment_result",
    status: "pending",
    format,
    result: null,
    reasoning: null,
    references: [],
    enrichmentId: enrichment.id,
  };
  item.enrichments = [...item.enrichments, result];
  const random = state.random.fork(`enrichment/${state.webset.enrichments.indexOf(enrichment)}/${item.properties.url}`);
  const begin = Math.max(state.timeline.time(), state.readyAt.get(enrichment.id) ?? 0);
  const appointment = state.timeline.at(begin + random.between(DURATION_MS.low, DURATION_MS.high), () => {
    state.enriching.delete(appointment);
    // A later search may have discarded the item meanwhile, and somebody may have canceled the enrichment.
    if (state.itemsById.has(item.id) && result.status === "pending") {
      result.result = inventResult(enrichment, item.properties, random);
      result.status = "completed";
      result.reasoning =
        result.result === null
          ? "None of the pages about the item says this."
          : `Found on a page about the item: "${enrichment.title ?? enrichment.description}".`;
      result.references = result.result === null ? [] : inventReferences(item.properties, random);
      item.updatedAt = recorder.timestamp();
      recorder.record("webset.item.enriched", item);
    }
    onDone();
  });
  state.enriching.add(appointment);
}

/** Stops all enrichment work of a Webset; what has no result yet is marked canceled. */
export function cancelEnrichments(state: WebsetState, now: string): void {
  for (const appointment of state.enriching) state.timeline.cancel(appointment);
  state.enriching.clear();
  cancelResults(state, () => true, now);
  setPendingEnrichments(state, "canceled", now);
}

/** Marks one enrichment canceled, with the results it has not found yet. */
export function cancelEnrichment(state: WebsetState, enrichment: WebsetEnrichment, now: string): void {
  if (enrichment.status === "canceled") return;
  enrichment.status = "canceled";
  enrichment.updatedAt = now;
  cancelResults(state, ({ enrichmentId }) => enrichmentId === enrichment.id, now);
}

function cancelResults(state: WebsetState, which: (result: EnrichmentResult) => boolean, now: string): void {
  for (const { item } of state.itemsById.values()) {
    for (const result of item.enrichments) {
      if (result.status !== "pending" || !which(result)) continue;
      result.status = "canceled";
      item.updatedAt = now;
    }
  }
}

export function setPendingEnrichments(state: WebsetState, status: "completed" | "canceled", now: string): void {
  for (const enrichment of state.webset.enrichments) {
    if (enrichment.status !== "pending") continue;
    enrichment.status = status;
    enrichment.updatedAt = now;
  }
}
