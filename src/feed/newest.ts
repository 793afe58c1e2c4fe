import type { FeedEvent } from "./event.ts";
import { LARGEST_PAGE, listOrder, type PageRead, type Range, type Reading, readRange, walkPages } from "./pages.ts";

const FIRST_STEP_MS = 60_000;

/**
 * The newest visible events: those that share the latest `createdAt`. They stand in for the upstream's clock where its answers
 * have no `Date`. Works whichever way the API lists; where it lists oldest first, in steps that grow while there is more.
 */
export async function newestVisible(types: Range["types"], reading: Reading): Promise<FeedEvent[]> {
  const page = await firstPage({ types }, reading);
  if (page.events.length === 0) return [];
  if (page.more && listOrder(page.events) !== "newest-first") {
    return latestOf(
      await readRange({ types, after: await nearTheEnd(latestTime(page.events), types, reading) }, reading),
    );
  }
  return latestOf(await readRange({ types, after: latestTime(page.events) }, reading));
}

/** A time after which less than a page is left, reached from `start` by doubling steps. */
async function nearTheEnd(start: number, types: Range["types"], reading: Reading): Promise<number> {
  let from = start;
  let step = FIRST_STEP_MS;
  for (;;) {
    if (!(await firstPage({ types, after: from }, reading)).more) return from;
    const ahead = await firstPage({ types, after: from + step }, reading, 1);
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

/** A look at the list that costs least: whether it holds anything, and the upstream's time. */
export function glance(types: Range["types"], reading: Reading): Promise<PageRead> {
  return firstPage({ types }, reading, 1);
}

/** The first page that holds something: a page can be empty and still promise more. */
async function firstPage(range: Range, reading: Reading, limit = LARGEST_PAGE): Promise<PageRead> {
  for await (const page of walkPages(range, reading, limit)) if (page.events.length > 0) return page;
  return { events: [], more: false, serverTime: undefined };
}

function latestOf({ events }: { events: FeedEvent[] }): FeedEvent[] {
  const latest = latestTime(events);
  return events.filter((event) => event.time === latest);
}

function latestTime(events: readonly FeedEvent[]): number {
  return events.reduce((latest, event) => Math.max(latest, event.time), 0);
}
