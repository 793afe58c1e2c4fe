import { type WebsetWait, waitForWebset } from "../../src/webset/wait.ts";
import type { FeedWorld } from "../support/feed-world.ts";

/** Begins a wait for a Webset of a world: without anything else, 25 s for its search. */
export function wait(opened: FeedWorld, websetId: string, request: Partial<WebsetWait> = {}) {
  const { exa, feed, states, clock } = opened;
  const signal = new AbortController().signal;
  const waiting = waitForWebset({
    exa,
    feed,
    states,
    clock,
    websetId,
    until: "search_completed",
    timeoutMs: 25_000,
    signal,
    ...request,
  });
  waiting.catch(() => {});
  return waiting;
}

/** How often a state was asked for. */
export function stateRequests({ requests }: FeedWorld): number {
  return requests.filter(({ path }) => path.startsWith("/websets/v0/websets/")).length;
}
