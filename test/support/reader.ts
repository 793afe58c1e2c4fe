import type { FeedEvent } from "../../src/feed/event.ts";
import type { Feed, ReadRequest } from "../../src/feed/feed.ts";
import { advance, type Position } from "../../src/feed/position.ts";
import type { FeedNews } from "../../src/feed/reader.ts";

/** Somebody who reads a feed in the background and keeps what it is told. */
export interface Follower {
  readonly events: FeedEvent[];
  readonly ids: string[];
  readonly news: FeedNews[];
  /** Where it stands after all it was told. */
  readonly position: Position | undefined;
  /** What ended the reading: an AbortError after `stop`. */
  readonly end: unknown;
  stop(): void;
}

/** Reads until stopped. */
export function follow(feed: Feed, request: Omit<ReadRequest, "signal"> = {}): Follower {
  const stop = new AbortController();
  const events: FeedEvent[] = [];
  const news: FeedNews[] = [];
  let position: Position | undefined;
  let end: unknown;
  void (async () => {
    try {
      for await (const one of feed.read({ ...request, signal: stop.signal })) {
        news.push(one);
        if (one.kind === "positioned") position = one.position;
        if (one.kind !== "read" || position === undefined) continue;
        events.push(...one.events);
        position = advance(position, { handedOut: one.events, metAgain: one.again, settledUpTo: one.settledUpTo });
      }
    } catch (error) {
      end = error;
    }
  })();
  return {
    events,
    get ids() {
      return events.map(({ id }) => id);
    },
    news,
    get position() {
      return position;
    },
    get end() {
      return end;
    },
    stop: () => stop.abort(),
  };
}
