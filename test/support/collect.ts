import { type CollectRequest, collectEvents } from "../../src/feed/collect.ts";
import type { FeedWorld } from "./feed-world.ts";

/** Begins a wait for events of a world: without anything else, 25 s for an event of any kind. */
export function collect(opened: FeedWorld, request: Partial<CollectRequest> = {}) {
  return collectEvents({
    feed: opened.feed,
    clock: opened.clock,
    atLeast: 1,
    limit: 100,
    timeoutMs: 25_000,
    signal: new AbortController().signal,
    ...request,
  });
}
