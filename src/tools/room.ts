import type { FeedEvent } from "../feed/event.ts";
import { MOST_RESULT_BYTES, resultBytes, withinBytes } from "../shared/bounded-json.ts";
import { type PresentedEvent, present } from "./summary.ts";

/** What a result needs besides its events: cursors of at most 1,000 characters each, and sentences. */
const REST_BYTES = 5_000;
const MOST_EVENTS_BYTES = MOST_RESULT_BYTES - REST_BYTES;

/** How many of some events, in their order, one result has room for; always one. The others come with the next call. */
export function roomFor(detail: "summary" | "full"): (events: readonly FeedEvent[]) => number {
  return (events) => {
    let bytes = 0;
    const fit = events.findIndex((event) => {
      bytes += resultBytes(presentWithin(event, detail)) + 1;
      return bytes > MOST_EVENTS_BYTES;
    });
    return fit === -1 ? events.length : Math.max(1, fit);
  };
}

/** An event as tools give it, cut and marked where it alone is more than a result has room for. */
export function presentWithin(event: FeedEvent, detail: "summary" | "full"): PresentedEvent {
  return withinBytes(present(event, detail), MOST_EVENTS_BYTES - 1);
}
