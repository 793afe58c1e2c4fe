import { ResponseTooLargeError } from "../../../src/exa/http.ts";
import type { FeedWorld, Spoil } from "../feed-world.ts";
import { lastSeenFirst, listedAs, newestFirst, type OtherList, oldestFirst, shuffled } from "../other-lists.ts";
import type { WirePage } from "../pages.ts";
import { dice } from "./dice.ts";
import type { OddList, Upstream } from "./scenario.ts";

/** A limit that says nothing: what is too large is told by the number of entries. */
const MAX_BYTES = 1;

/** Answers as the upstream of a scenario lists, and too large ones. */
export function listOf({ list, mostEntries, pageSizeCap, seed }: Upstream, world: FeedWorld): Spoil {
  const listed = list === undefined ? undefined : listedAs(world, otherList(list, pageSizeCap, seed));
  return async (request, next) => {
    const answer = await (listed === undefined ? next() : listed(request, next));
    const isTooLarge = mostEntries !== undefined && entriesIn(answer.body) > mostEntries;
    if (isTooLarge) throw new ResponseTooLargeError(MAX_BYTES);
    return answer;
  };
}

function otherList({ order, cursors, isFiner, leavesOut }: OddList, pageSizeCap: number, seed: number): OtherList {
  const roll = dice(seed);
  const orders: Record<OddList["order"], OtherList["order"]> = {
    "newest-first": newestFirst,
    "oldest-first": oldestFirst,
    arrivals: lastSeenFirst,
    shuffled: (events) => shuffled(events, roll),
  };
  const finer = (id: string) => (isFiner ? (id.charCodeAt(0) * 7 + id.charCodeAt(id.length - 1) * 31) % 1_000 : 0);
  return { order: orders[order], cursors, pageSizeCap, finer, leavesOut };
}

function entriesIn(body: string): number {
  try {
    const { data } = JSON.parse(body) as Partial<WirePage>;
    return Array.isArray(data) ? data.length : 0;
  } catch {
    return 0;
  }
}
