/** All examples tell one story: a Webset of robot makers that is searched, enriched, exported and kept up to date. */
export const WEBSET_ID = "ws_example";
export const SEARCH_ID = "search_example";
export const ENRICHMENT_ID = "enr_example";
export const ITEM_ID = "item_example";
export const MONITOR_ID = "monitor_example";

export const QUERY = "European companies that build robots for warehouses";
export const CRITERION = "Builds robots for warehouses";

/** A moment of the story: minutes and seconds after it began. */
export function at(minutes: number, seconds = 0): string {
  return new Date(Date.UTC(2026, 10, 1, 12, minutes, seconds)).toISOString();
}
