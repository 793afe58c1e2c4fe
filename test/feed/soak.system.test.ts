import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/feed/cursor.ts";
import { positionAt } from "../../src/feed/position.ts";
import { collect } from "../support/collect.ts";
import { openFeedWorld } from "../support/feed-world.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { withPage } from "../support/pages.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const MIB = 2 ** 20;
const WAITS = (24 * 3_600) / 25;

/** What is held after garbage collection, in MiB. */
function heapMiB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

const textsOf = (id: string) => Array.from({ length: 4 }, (_, text) => `${id} ${text}`.padEnd(1_900));

test("24 hours of waits of 25 s each leave nothing behind and keep nothing", async () => {
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
  for (let wait = 0; wait < WAITS; wait++) {
    for (let n = 0; n < wait % 4; n++) {
      opened.record("webset.item.created", { at: opened.now() + n * 7_000 });
      made++;
    }
    const waiting = collect(opened, {
      from: cursor === undefined ? undefined : decodeCursor(cursor),
      atLeast: 100,
      signal,
    });
    const { events, position } = await opened.fake.until(waiting);
    given += events.length;
    cursor = encodeCursor(position);
    expect(cursor.length).toBeLessThan(60);
    expectNothingLeft(opened, signal);
    opened.requests.length = 0;
    if (wait % 500 === 499) heap.push(heapMiB());
  }
  expect(given).toBe(made);
  // Between the two there were 3,000 events of 7.6 kB, and each was sent several times. The sandbox keeps them without texts.
  expect((heap.at(-1) ?? 0) - (heap[1] ?? 0)).toBeLessThan(2);
});

test("100,000 events behind, a reader gets its first one soon and keeps none of them", async () => {
  const behind = 100_000;
  const opened = openFeedWorld();
  const begin = opened.start - behind * 200;
  for (let n = 0; n < behind; n++) {
    const type = n % 1_000 === 0 ? "webset.idle" : "webset.item.created";
    opened.record(type, {
      at: begin + n * 200,
      data: { id: `item_${n}`, websetId: "ws_1", title: `Item ${n}`.padEnd(300) },
    });
  }
  const before = heapMiB();
  const stop = new AbortController();
  const firstSeen: number[] = [];
  const growth: number[] = [];
  let [given, batches] = [0, 0];
  const reading = (async () => {
    for await (const news of opened.feed.read({ from: positionAt(begin), signal: stop.signal })) {
      if (news.kind !== "read") continue;
      if (given === 0 && news.events.length > 0) firstSeen.push(opened.requests.length);
      given += news.events.length;
      if (++batches % 20 === 0) growth.push(heapMiB() - before);
      if (given >= behind) stop.abort();
    }
  })();
  await expect(opened.fake.until(reading)).rejects.toThrow();
  expect(given).toBe(behind);
  expect(firstSeen[0]).toBeLessThan(6);
  expect(growth.length).toBeGreaterThan(5);
  expect(Math.max(...growth)).toBeLessThan(16);
});
