import type { FeedEvent } from "../feed/event.ts";
import { type EventFilter, eventFilter, matches } from "../feed/filter.ts";

/** What types of items' events begin with. */
export const ITEMS = "webset.item.";
/** What these waits have to read whatever they are asked for. */
const READ_TYPES = ["webset.item.created", "webset.item.enriched", "webset.idle", "webset.deleted"];
/** What ends or stops a Webset: whoever follows items to their end needs to know. */
const ENDS = ["webset.idle", "webset.paused", "webset.deleted", "webset.search.canceled"];

/** What a wait for items that are ready reads, and which events besides those of items it hands out: by default what ends or stops a Webset. */
export function readyFilter(asked: { types?: readonly string[] | undefined; problems?: boolean | undefined }) {
  const types = asked.types === undefined || asked.types.length === 0 ? ENDS : asked.types;
  eventFilter({ types });
  const others = types.filter((type) => !type.startsWith(ITEMS));
  const wanted: EventFilter = others.length === 0 ? { types: [] } : eventFilter({ ...asked, types: others });
  const hands = (event: FeedEvent) => matches(wanted, event);
  const filter: EventFilter = {
    types: wanted.types && [...new Set([...wanted.types, ...READ_TYPES])].sort(),
    accepts: (event) => READ_TYPES.includes(event.type) || matches(wanted, event),
  };
  return { filter, hands };
}
