import { expect, test } from "vitest";
import { lookAtWebset } from "../../src/webset/observe.ts";
import { collect } from "../support/collect.ts";
import { type FeedWorld, type FeedWorldOptions, openFeedWorld } from "../support/feed-world.ts";
import { wait } from "../webset/waiting.ts";

/*
 * A kept connection may lead to one of two servers alone: here to the one whose clock is ahead of the one that stamps events, which our
 * own clock agrees with.
 */

const AHEAD_MS = 9_000;

function openFaster(options: FeedWorldOptions = {}): FeedWorld {
  return openFeedWorld({
    ...options,
    async spoil(_, next) {
      const { headers, ...answer } = await next();
      const date = new Date(Date.parse(headers.date ?? "") + AHEAD_MS).toUTCString();
      return { ...answer, headers: { ...headers, date } };
    },
  });
}

test("a wait for events from now on hears of what happens from now on", async () => {
  const opened = openFaster();
  const waiting = collect(opened);
  await opened.fake.advance(2_000);
  const { id } = opened.record("webset.idle");
  expect((await opened.fake.until(waiting)).events.map((event) => event.id)).toEqual([id]);
});

test("a look at a Webset gives a cursor from which nothing is missed", async () => {
  const opened = openFaster();
  const { states, feed } = opened;
  const webset = opened.world.createWebset({});
  const { signal } = new AbortController();
  // By then the time is known.
  await opened.fake.until(feed.list({ filter: {}, limit: 1, signal }));
  await opened.fake.advance(2_000);
  const { position } = await opened.fake.until(lookAtWebset(webset.id, { states, feed, signal }));
  await opened.fake.advance(1_000);
  const { id } = opened.record("webset.paused", { websetId: webset.id });
  const waited = await opened.fake.until(collect(opened, { from: position, types: ["webset.paused"] }));
  expect(waited.events.map((event) => event.id)).toEqual([id]);
});

test("a wait for a Webset hears of its end by the event", async () => {
  const endOf = async (begin: number) => {
    const opened = openFaster({ latency: () => 20 });
    const webset = opened.world.createWebset({ search: { query: "Robot makers in Europe", count: 3 } });
    await opened.fake.advance(begin);
    const waited = await opened.fake.until(wait(opened, webset.id, { timeoutMs: 60_000 }));
    expect(waited.outcome).toBe("reached");
    const [event] = opened.world.events.walk({ order: "oldest-first", types: ["webset.search.completed"] });
    return { now: opened.now(), at: event?.time ?? 0, start: opened.start };
  };
  const { at, start } = await endOf(0);
  const { now } = await endOf(at - start - 1_500);
  expect(now - at).toBeLessThan(1_500);
});
