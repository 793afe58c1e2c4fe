import { expect, test } from "vitest";
import { Feed } from "../../src/feed/feed.ts";
import { positionAt } from "../../src/feed/position.ts";
import type { Poll } from "../../src/feed/tail.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { follow } from "../support/reader.ts";

/** A world, and a feed of it that tells its polls. */
function open() {
  const opened = openFeedWorld();
  const { exa, clock, upstreamClock } = opened;
  const polls: Poll[] = [];
  const onPoll = (poll: Poll) => polls.push(poll);
  const feed = new Feed({ exa, clock, upstreamClock, intervalMs: 1_000, random: () => 0, onPoll });
  return { opened, feed, polls };
}

test("each poll is told: its types, what it read, what of it was new, and the pace; one that failed, too", async () => {
  const { opened, feed, polls } = open();
  const types = ["webset.idle"];
  const reader = follow(feed, { types });
  await opened.fake.advance(500);
  opened.record("webset.idle");
  await opened.fake.advance(2_000);
  opened.trouble.spoil = async () => ({ status: 503, headers: {}, body: "" });
  await opened.fake.advance(8_000);
  reader.stop();
  await opened.fake.advance(0);

  expect(polls.slice(0, 3)).toEqual([
    { types, events: 0, fresh: 0, pauseMs: 1_000 },
    { types, events: 1, fresh: 1, pauseMs: 1_000 },
    // The settled past is read again, for events can become visible late.
    { types, events: 1, fresh: 0, pauseMs: 1_000 },
  ]);
  expect(polls[3]).toMatchObject({ types, events: undefined, fresh: 0 });
  const told = polls.length;
  await opened.fake.advance(60_000);
  expect(polls).toHaveLength(told);
});

test("a poll reads no more than a memory keeps: what is larger comes in slices, each event once", async () => {
  const { opened, feed, polls } = open();
  const pages = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`page${n}`, "x".repeat(2_000)]));
  // 24 MB in the last minute.
  const from = opened.start - 60_000;
  const ids = Array.from({ length: 600 }, (_, n) =>
    opened.record("webset.item.created", { at: from + n * 75, data: { id: `item_${n}`, websetId: "ws_1", pages } }),
  ).map(({ id }) => id);
  const reader = follow(feed, { from: positionAt(from) });
  await opened.fake.advance(30_000);
  reader.stop();
  await opened.fake.advance(0);
  expect(reader.ids).toEqual(ids);
  expect(Math.max(...polls.map(({ events = 0 }) => events))).toBeLessThan(300);
});
