import { describe, expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Each history: how far behind the reader is, the age of its events in milliseconds, and the most requests to read it all. */
const HISTORIES = {
  "250 at once a day behind": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 250 }, (_, n) => MINUTE_MS - n * 4),
    most: 12,
  },
  "5,000 in ten minutes a day behind": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 5_000 }, (_, n) => 11 * MINUTE_MS - n * 120),
    most: 150,
  },
  "5,000 in ten minutes an hour ago": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 5_000 }, (_, n) => 70 * MINUTE_MS - n * 120),
    most: 150,
  },
  "one in 60 days": { behindMs: 60 * DAY_MS - MINUTE_MS, ages: [20 * DAY_MS], most: 12 },
} as const;

/** Reads on as the README's loop does, until everything visible has been handed out. */
async function readOn(opened: FeedWorld, behindMs: number, timeoutMs: number, count: number) {
  let from = positionAt(opened.now() - behindMs);
  const ids: string[] = [];
  for (let calls = 1; ; calls++) {
    const startedAt = opened.fake.now();
    const { events, position, isCaughtUp } = await opened.fake.until(
      collectEvents({
        feed: opened.feed,
        clock: opened.clock,
        types: ["webset.item.created"],
        from,
        count,
        timeoutMs,
        signal: new AbortController().signal,
      }),
    );
    ids.push(...events.map(({ id }) => id));
    expect(opened.fake.now() - startedAt).toBeLessThanOrEqual(Math.max(5_000, timeoutMs) + 1_000);
    from = decodeCursor(encodeCursor(position));
    if (isCaughtUp && events.length < count) return { ids, calls };
  }
}

describe.each(["newest-first", "oldest-first"] as const)("a backlog listed %s", (listOrder) => {
  describe.each(Object.entries(HISTORIES))("%s", (_, { behindMs, ages, most }) => {
    test.each([0, 50, 400])("is handed out whole at %i ms a request", async (latencyMs) => {
      for (const timeoutMs of [0, 25_000]) {
        const opened = openFeedWorld({ listOrder, latency: () => latencyMs / 2, budgeted: true });
        const ids = ages.map((age) => opened.record("webset.item.created", { at: opened.start - age }).id);
        const read = await readOn(opened, behindMs, timeoutMs, 100);
        expect(read.ids).toEqual(ids);
        // A wait of some length polls for more when all has been read.
        if (timeoutMs === 0) expect(opened.lists().length).toBeLessThanOrEqual(most);
      }
    });
  });
});
