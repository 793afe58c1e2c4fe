import { collectEvents } from "../feed/collect.ts";
import { encodeCursor } from "../feed/cursor.ts";
import { isDoubtful, SECOND_LOOK_MS } from "../shared/errors.ts";
import type { Delivery, Occurrence } from "./stream.ts";
import { placeOf, type Subscription } from "./subscription.ts";

const DEFAULT_EVENTS = 50;
const MOST_EVENTS = 100;
/** When a client should come again that has everything, in milliseconds: what is on its way now is visible by then. */
const NEXT_POLL_MS = 5_000;
/** Programs bear a call for longer than agents' hosts; where answers take long, a poll that ends before them never tells anything. */
const FIRST_READING_MS = 20_000;

export interface Polled {
  /** Oldest first. */
  events: Occurrence[];
  cursor: string;
  truncated: boolean;
  hasMore: boolean;
  nextPollMs: number;
}

/** Looks once from the subscription's cursor on; without one it only tells where now is. */
export async function pollEvents(subscription: Subscription, delivery: Delivery, signal: AbortSignal): Promise<Polled> {
  const { feed, clock, tell, resolve } = delivery;
  const { filter, websetId, maxEvents = DEFAULT_EVENTS } = subscription;
  const { truncated, from, resumes } = await placeOf(subscription, delivery, signal);
  if (from === undefined) {
    const now = await feed.positionNow(signal);
    if (websetId !== undefined) await resolvedInTwo(() => resolve(websetId, signal), delivery, signal);
    return { events: [], cursor: encodeCursor(now), truncated, hasMore: false, nextPollMs: NEXT_POLL_MS };
  }
  const { events, more, heldMs, position, lastError } = await collectEvents({
    feed,
    clock,
    ...filter,
    websetId: websetId === undefined ? undefined : (within) => resolve(websetId, within),
    from,
    resumes,
    atLeast: 1,
    limit: Math.min(maxEvents, MOST_EVENTS),
    timeoutMs: 0,
    firstReadingMs: FIRST_READING_MS,
    signal,
  });
  return {
    events: await tell(events, subscription, signal),
    cursor: encodeCursor(position),
    truncated,
    // What is held until it is settled would not come with a poll at once.
    hasMore: more && (heldMs === undefined || events.length > 0),
    nextPollMs: Math.max(NEXT_POLL_MS, heldMs ?? 0, lastError?.retryAfterMs ?? 0),
  };
}

/** What the API does not know may just have been created. */
async function resolvedInTwo(look: () => Promise<string>, { clock }: Delivery, signal: AbortSignal): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!isDoubtful(error)) throw error;
    await clock.sleep(SECOND_LOOK_MS, signal);
    await look();
  }
}
