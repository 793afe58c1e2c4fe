import { describe, expect, test } from "vitest";
import { collectEvents } from "../../src/feed/collect.ts";
import type { Feed } from "../../src/feed/feed.ts";
import type { Position } from "../../src/feed/position.ts";
import { SharedPolls } from "../../src/feed/shared-polls.ts";
import { TailMemory } from "../../src/feed/tail-memory.ts";
import type { Json, State } from "../../src/state/state.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { MemoryState } from "../support/memory-state.ts";
import { type Follower, follow } from "../support/reader.ts";

const TYPES = ["webset.idle"];

/** Three replicas of one key, and what they tell each other. */
function openReplicas(state: (clock: FeedWorld["clock"]) => State = (clock) => new MemoryState(clock)) {
  const opened = openFeedWorld({ latency: () => 30 });
  const shared = state(opened.clock);
  const newReplica = () => opened.newFeed({ state: shared, tenant: "tenant" });
  return { ...opened, shared, newReplica, replicas: [newReplica(), newReplica(), newReplica()] as const };
}

const polls = ({ requests }: Pick<FeedWorld, "requests">) =>
  requests.filter(({ query }) => query.get("limit") === "200").map(({ at }) => at);

function stopAll(readers: readonly Follower[]): void {
  for (const reader of readers) reader.stop();
}

/** How many polls readers of these feeds cost within 30 quiet seconds. */
async function costOf(opened: FeedWorld, feeds: readonly Feed[]): Promise<number> {
  const readers = feeds.flatMap((feed) => Array.from({ length: 4 }, () => follow(feed, { types: TYPES })));
  await opened.fake.advance(30_000);
  stopAll(readers);
  await opened.fake.advance(0);
  return polls(opened).length;
}

describe("replicas that share a state", () => {
  test("cost as many polls as one, while nothing happens", async () => {
    const alone = openFeedWorld({ latency: () => 30 });
    const one = await costOf(alone, [alone.feed]);
    const opened = openReplicas();
    const three = await costOf(opened, opened.replicas);
    expect(three).toBeLessThanOrEqual(one + 1);
    expect(opened.fake.sleeping).toBe(0);
  });

  test("read for themselves what another one has seen, and all tell it within the same second", async () => {
    const opened = openReplicas();
    const readers = opened.replicas.map((feed) => follow(feed, { types: TYPES }));
    await opened.fake.advance(5_000);
    const before = polls(opened).length;
    opened.record("webset.idle", { id: "new" });
    await opened.fake.advance(1_500);
    for (const reader of readers) expect(reader.ids).toEqual(["new"]);
    expect(polls(opened).length - before).toBeLessThanOrEqual(2 + 2);
    stopAll(readers);
  });

  test("wait for nobody who polls no more: a chain of waits that goes round is as quick as on one replica", async () => {
    /** When each of the events is told, by waits one after another. */
    const delaysOf = async (opened: FeedWorld, feeds: readonly Feed[]) => {
      const delays: number[] = [];
      let from: Position | undefined;
      for (let n = 0; n < 9; n++) {
        const feed = feeds[n % feeds.length] as Feed;
        const { signal } = new AbortController();
        const request = { feed, clock: opened.clock, types: TYPES, atLeast: 1, limit: 10, timeoutMs: 25_000, signal };
        const wait = collectEvents({ ...request, from, resumes: from !== undefined });
        await opened.fake.advance(300);
        const { time } = opened.record("webset.idle");
        const { position } = await opened.fake.until(wait);
        from = position;
        delays.push(opened.now() - time);
      }
      return delays.toSorted((a, b) => a - b);
    };
    const alone = openFeedWorld({ latency: () => 30 });
    const opened = openReplicas();
    const [one, three] = [await delaysOf(alone, [alone.feed]), await delaysOf(opened, opened.replicas)];
    expect(three[4]).toBeLessThanOrEqual((one[4] ?? 0) + 100);
    expect(three.at(-1)).toBeLessThanOrEqual(1_100);
  });

  test("go on without the one that polled", async () => {
    const opened = openReplicas();
    const readers = opened.replicas.map((feed) => follow(feed, { types: TYPES }));
    await opened.fake.advance(5_000);
    for (const [n, gone] of readers.entries()) {
      // Whichever of them it was.
      gone.stop();
      opened.record("webset.idle", { id: `event_${n}` });
      await opened.fake.advance(4_000);
      for (const [index, reader] of readers.entries()) {
        expect(reader.ids).toHaveLength(index <= n ? index : n + 1);
      }
    }
  });

  test("serve a quiet wait from another's polls, and say quiet only of a time after it began", async () => {
    const opened = openReplicas();
    const [one, other] = opened.replicas;
    const leading = follow(one, { types: TYPES });
    await opened.fake.advance(5_000);
    const before = polls(opened).length;
    const wait = { feed: other, clock: opened.clock, types: TYPES, atLeast: 1, limit: 10 };
    const { signal } = new AbortController();
    const quiet = opened.fake.until(collectEvents({ ...wait, timeoutMs: 9_000, signal }));
    expect(await quiet).toMatchObject({ events: [], more: false });
    // One that is short cannot wait for others.
    opened.record("webset.idle", { id: "just now" });
    const short = await opened.fake.until(collectEvents({ ...wait, timeoutMs: 0, signal }));
    expect(short.events).toHaveLength(1);
    const polled = polls(opened).length - before;
    expect(polled).toBeLessThanOrEqual(9 + 2);
    leading.stop();
  });

  test("put nothing into the state but ids, times and types", async () => {
    const written: Json[] = [];
    const opened = openReplicas((clock) => {
      const state = new MemoryState(clock);
      const append = state.append.bind(state);
      state.append = (log, entry, lease) => {
        written.push(log, entry);
        return append(log, entry, lease);
      };
      return state;
    });
    const reader = follow(opened.replicas[0], { types: TYPES });
    await opened.fake.advance(2_000);
    opened.record("webset.idle", { id: "event_1", data: { id: "ws_1", title: "secret words", query: "secret query" } });
    await opened.fake.advance(2_000);
    reader.stop();
    expect(JSON.stringify(written)).toContain("event_1");
    expect(JSON.stringify(written)).not.toContain("secret");
    expect(JSON.stringify(written)).not.toContain("ws_1");
  });

  test("take no word of what they cannot read, or of a time that lies ahead", async () => {
    const opened = openReplicas();
    const [one] = opened.replicas;
    const reader = follow(one, { types: TYPES });
    await opened.fake.advance(3_000);
    const name = "tenant polls webset.idle";
    const asOf = opened.now() + 60_000;
    const wrong: Json[] = [null, 7, "x", {}, { by: "x", asOf, from: 0, events: [] }, { by: "x", events: [[1]] }];
    opened.record("webset.idle", { id: "there" });
    for (const entry of wrong) {
      const lease = await opened.shared.lease(name, 1_000);
      if (lease === undefined) throw new Error("a poll is under way");
      await opened.shared.append(name, entry, lease);
      await lease.release();
    }
    await opened.fake.advance(2_000);
    expect(reader.ids).toEqual(["there"]);
    reader.stop();
  });

  test("take an older poll for no news of what lies before their own", async () => {
    const { shared, clock, fake, start } = openReplicas();
    const { signal } = new AbortController();
    for (const [asOf, isNews] of [
      [5_000, false],
      [11_000, true],
    ] as const) {
      const polls = new SharedPolls({ state: shared, tenant: `as of ${asOf}` }, "*", clock, signal, () => {});
      const lease = await shared.lease(`as of ${asOf} polls *`, 1_000);
      if (lease === undefined) throw new Error("somebody polls");
      const sighting = { by: "another", asOf: start + asOf, from: start - 6_000, events: [] };
      await shared.append(`as of ${asOf} polls *`, sighting, lease);
      await fake.advance(0);
      // What it has polled itself tells that all up to here is visible, but reaches no further back.
      const memory = new TailMemory();
      memory.take([], start + 5_000, start + 5_000);
      const heard = polls.hear(memory, [start - 1_000], start + 27_000, 60_000);
      expect(heard !== undefined).toBe(isNews);
    }
  });
});
