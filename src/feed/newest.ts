import type { FeedEvent } from "./event.ts";
import { listOrder } from "./list-order.ts";
import { type Range, type Reading, walkPages } from "./pages.ts";
import { byTime } from "./position.ts";

const FIRST_STEP_MS = 60_000;
/** Pages to find the way with: long enough to show an order, and short, for events can be large. */
const PAGE = 20;

/**
 * The newest visible events: the newest but one and what is not older, for one alone may be stamped wrongly. They stand in for the upstream's clock where its answers
 * have no `Date`. Works whichever way the API lists; where it lists oldest first, in steps that grow while there is more.
 */
export async function newestVisible(reading: Reading): Promise<FeedEvent[]> {
  const page = await firstPage({}, reading);
  if (!page.more || listOrder(page.events) === "newest-first") return latestOf(page.events);
  const from = await nearTheEnd(latestTime(page.events), reading);
  const events = new Map<string, FeedEvent>();
  for await (const rest of walkPages({ after: from }, reading)) {
    for (const event of rest.events) events.set(event.id, event);
  }
  return latestOf([...events.values()]);
}

/** A time after which less than a page is left, or less than a millisecond, reached from `start` in steps. */
async function nearTheEnd(start: number, reading: Reading): Promise<number> {
  let from = start;
  let step = FIRST_STEP_MS;
  for (;;) {
    if (!(await firstPage({ after: from }, reading)).more) return from;
    const ahead = await firstPage({ after: from + step }, reading, 1);
    if (ahead.events.length > 0) {
      from += step;
      step *= 4;
    } else if (step > 1) {
      step = Math.max(1, Math.floor(step / 4));
    } else {
      return from;
    }
  }
}

/** The first page that holds something: a page can be empty and still promise more. */
async function firstPage(
  range: Range,
  reading: Reading,
  limit = PAGE,
): Promise<{ events: FeedEvent[]; more: boolean }> {
  for await (const page of walkPages(range, reading, limit)) if (page.events.length > 0) return page;
  return { events: [], more: false };
}

/** Oldest first. */
function latestOf(events: readonly FeedEvent[]): FeedEvent[] {
  const sorted = [...new Map(events.map((event) => [event.id, event])).values()].sort(byTime);
  const from = (sorted.at(-2) ?? sorted.at(-1))?.time ?? 0;
  return sorted.filter((event) => event.time >= from);
}

function latestTime(events: readonly FeedEvent[]): number {
  return events.reduce((latest, event) => Math.max(latest, event.time), 0);
}
