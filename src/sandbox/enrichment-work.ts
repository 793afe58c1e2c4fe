import { inventResult } from "./data/enrichment-results.ts";
import { inventReferences } from "./data/evaluations.ts";
import type { Happenings } from "./happenings.ts";
import type { EnrichmentResult, WebsetEnrichment, WebsetItem } from "./resources.ts";
import type { WebsetState } from "./webset-state.ts";

/** How long one enrichment of one item takes at speed 1. */
const DURATION_MS = { low: 1_500, high: 5_000 };

/** Sets about one enrichment of one item; `onDone` follows its webset.item.enriched. */
export function enrichItem(
  state: WebsetState,
  item: WebsetItem,
  enrichment: WebsetEnrichment,
  happenings: Happenings,
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
  const appointment = state.timeline.after(random.between(DURATION_MS.low, DURATION_MS.high), () => {
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
      item.updatedAt = happenings.timestamp();
      happenings.record("webset.item.enriched", item);
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
