import { getEventListeners } from "node:events";
import { expect } from "vitest";
import type { FeedWorld } from "./feed-world.ts";

/** Expects that the waits of a world have left no timer, no poll loop and no listener behind. */
export function expectNothingLeft(opened: FeedWorld, signal: AbortSignal): void {
  expect(opened.fake.sleeping).toBe(0);
  expect(opened.feed.tails).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
}
