import type { Feed } from "../feed/feed.ts";
import { CLOCK_DISAGREEMENT_MS, type Position, positionAt } from "../feed/position.ts";
import { type Progress, progressOf } from "./progress.ts";
import type { WebsetStates } from "./states.ts";

export interface Look {
  states: WebsetStates;
  feed: Feed;
  signal: AbortSignal;
}

/**
 * The progress of a Webset now, and a position from before that look: following events from there misses nothing that came
 * after it. `websetId` may be the caller's externalId. Throws what the client throws, `not_found` among it.
 */
export async function lookAtWebset(
  websetId: string,
  { states, feed, signal }: Look,
): Promise<{ progress: Progress; position: Position }> {
  let answer = await states.look(websetId, signal);
  const before = feed.upstreamClock.at(answer.sentAt);
  if (before !== undefined) return { progress: progressOf(answer.value), position: positionBefore(before) };
  const position = await feed.positionNow(signal);
  answer = await states.look(websetId, signal);
  return { progress: progressOf(answer.value), position };
}

/** A position before a look at this time (by `Date`): what comes after it may be stamped by a clock that is behind. */
export function positionBefore(time: number): Position {
  return positionAt(time - CLOCK_DISAGREEMENT_MS);
}
