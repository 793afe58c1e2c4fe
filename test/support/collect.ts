import { type CollectRequest, collectEvents } from "../../src/feed/collect.ts";
import type { FeedWorld } from "./feed-world.ts";

/** Begins a wait for events of a world: without anything else, 25 s for one event of any kind. */
export function collect(opened: FeedWorld, request: Partial<CollectRequest> = {}) {
  return collectEvents({
    feed: opened.feed,
    clock: opened.clock,
    count: 1,
    timeoutMs: 25_000,
    signal: new AbortController().signal,
    ...request,
  });
}
