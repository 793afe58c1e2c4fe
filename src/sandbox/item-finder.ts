import { inventEvaluations, inventItem } from "./data/items.ts";
import { themeOf } from "./data/theme.ts";
import type { Recorder } from "./event-log.ts";
import type { Random } from "./random.ts";
import type { ItemProperties, WebsetItem, WebsetSearch } from "./resources.ts";
import type { StoredItem, WebsetState } from "./websets.ts";

/** Share of the earlier items that a search with `behavior: "override"` lets stay. */
const KEPT_BY_OVERRIDE = 0.5;
const MOST_TRIES = 50;

/** Adds the item that a search has just found, and tells of it. */
export function findItem(state: WebsetState, search: WebsetSearch, recorder: Recorder): WebsetItem {
  const ordinal = state.webset.searches.indexOf(search);
  const random = state.random.fork(`search/${ordinal}/item/${search.progress.found}`);
  const properties = unusedProperties(state, search, recorder.wallTime(), (attempt) => random.fork(`try/${attempt}`));
  const now = recorder.timestamp();
  const scopeId = search.scope.find(({ source }) => source === "import")?.id;
  const item: WebsetItem = {
    id: recorder.newId("item"),
    object: "webset_item",
    source: "search",
    sourceId: search.id,
    ...(scopeId !== undefined && { scopeId }),
    websetId: state.webset.id,
    properties,
    evaluations: inventEvaluations(descriptions(search), properties, random),
    enrichments: [],
    createdAt: now,
    updatedAt: now,
  };
  const stored: StoredItem = { time: Date.parse(now), id: item.id, item };
  state.items.insert(stored);
  state.itemsById.set(item.id, stored);
  return item;
}

/**
 * What a search with `behavior: "override"` does to the items found before it: it evaluates them against its own criteria
 * and discards those that do not match. The API has no event for that.
 */
export function reevaluateItems(state: WebsetState, search: WebsetSearch, now: string): void {
  const random = state.random.fork(`search/${state.webset.searches.indexOf(search)}/override`);
  for (const stored of [...state.itemsById.values()]) {
    if (random.chance(KEPT_BY_OVERRIDE)) {
      stored.item.evaluations = inventEvaluations(descriptions(search), stored.item.properties, random);
      stored.item.updatedAt = now;
    } else {
      state.items.remove(stored);
      state.itemsById.delete(stored.id);
    }
  }
}

function descriptions(search: WebsetSearch): string[] {
  return search.criteria.map(({ description }) => description);
}

function unusedProperties(
  state: WebsetState,
  search: WebsetSearch,
  today: number,
  source: (attempt: number) => Random,
): ItemProperties {
  const entity = search.entity ?? { type: "company" };
  const theme = themeOf(search.query);
  let properties = inventItem(entity, theme, source(0), today);
  for (let attempt = 1; state.urls.has(properties.url) && attempt < MOST_TRIES; attempt++) {
    properties = inventItem(entity, theme, source(attempt), today);
  }
  state.urls.add(properties.url);
  return properties;
}
