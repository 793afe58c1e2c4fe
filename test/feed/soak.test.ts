import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { withPage } from "../support/pages.ts";

const textsOf = (id: string) => Array.from({ length: 20 }, (_, text) => `${id} ${text}`.padEnd(1_900));

test("hours of waits of 25 s each leave nothing behind and keep nothing", { timeout: 60_000 }, async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const opened = openFeedWorld();
  // The sandbox keeps what it has; so it has little, and much is sent.
  opened.trouble.spoil = async (_, next) =>
    withPage(await next(), ({ data }) => ({
      data: data.map((event) => ({ ...event, data: { texts: textsOf(event.id) } })),
    }));
  const { signal } = new AbortController();
  let cursor: string | undefined;
  let given = 0;
  let made = 0;
  const heap: number[] = [];
  for (let wait = 0; wait < 400; wait++) {
    for (let n = 0; n < wait % 4; n++) {
      opened.record("webset.item.created", { at: opened.now() + n * 7_000 });
      made++;
    }
    const waiting = collectEvents({
      feed: opened.feed,
      clock: opened.clock,
      from: cursor === undefined ? undefined : decodeCursor(cursor),
      count: 100,
      timeoutMs: 25_000,
      signal,
    });
    const { events, position } = await opened.fake.until(waiting);
    given += events.length;
    cursor = encodeCursor(position);
    expect(cursor.length).toBeLessThan(60);
    expect([opened.fake.sleeping, opened.feed.tails]).toEqual([0, 0]);
    opened.requests.length = 0;
    if (wait % 100 === 99) {
      collect();
      heap.push(process.memoryUsage().heapUsed);
    }
  }
  expect(given).toBe(made);
  // Between the two there were 300 events of 38 kB, and each was sent several times.
  expect((heap.at(-1) ?? 0) - (heap[1] ?? 0)).toBeLessThan(4_000_000);
});
