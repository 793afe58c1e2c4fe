import type { FeedEvent } from "../feed/event.ts";
import { MOST_RESULT_BYTES, resultBytes, withinBytes } from "../shared/bounded-json.ts";
import { type Known, type PresentedEvent, present } from "./summary.ts";

/** What a result needs besides its list: cursors of at most 1,000 characters each, and sentences. */
const REST_BYTES = 5_000;
export const MOST_LIST_BYTES = MOST_RESULT_BYTES - REST_BYTES;

/** How many of some events, in their order, one result has room for; always one. The others come with the next call. */
export function roomFor(detail: "summary" | "full"): (events: readonly FeedEvent[]) => number {
  return roomOf((event) => presentWithin(event, detail));
}

/** The same for anything that is shown in some way. */
export function roomOf<T>(show: (entry: T) => unknown): (entries: readonly T[]) => number {
  return (entries) => {
    let bytes = 0;
    const fit = entries.findIndex((entry) => {
      bytes += resultBytes(show(entry)) + 1;
      return bytes > MOST_LIST_BYTES;
    });
    return fit === -1 ? entries.length : Math.max(1, fit);
  };
}

/** An event as tools give it, cut and marked where it alone is more than a result has room for. */
export function presentWithin(event: FeedEvent, detail: "summary" | "full", known?: Known): PresentedEvent {
  return withinRoom(present(event, detail, known));
}

/** A list's entry, cut and marked where it alone is more than a result has room for. */
export function withinRoom<T>(entry: T): T {
  return withinBytes(entry, MOST_LIST_BYTES - 1);
}
