import { describe, expect, test } from "vitest";
import { positionAt } from "../../src/feed/position.ts";
import { collect } from "../support/collect.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";

const HOUR_MS = 3_600_000;

/** Waits that catch up, each from another time, so that they share no request; together far more than the budget bears. */
function backlog(opened: FeedWorld): Promise<unknown>[] {
  return Array.from({ length: 300 }, (_, index) =>
    collect(opened, { from: positionAt(opened.start - HOUR_MS - index) }).catch(() => {}),
  );
}

describe("where more is to be read than the budget bears", () => {
  test("a wait that is near does not stand behind all those that catch up", async () => {
    const opened = openFeedWorld({ budgeted: true, latency: () => 25 });
    const far = backlog(opened);
    const near = collect(opened, { types: ["webset.idle"], from: positionAt(opened.start - 1) });
    await opened.fake.advance(3_000);
    opened.record("webset.idle", { id: "near" });
    const { events, waitedMs } = await opened.fake.until(near);
    expect(events.map(({ id }) => id)).toEqual(["near"]);
    expect(waitedMs).toBeLessThan(6_000);
    await opened.fake.until(Promise.all(far));
  });

  test("a wait that has to ask for the time first does not stand behind listings", async () => {
    const opened = openFeedWorld({ budgeted: true, latency: () => 25, dates: false });
    opened.record("webset.idle", { at: opened.start - 1_000 });
    const listings = Array.from({ length: 300 }, () =>
      opened.feed.list({ filter: {}, limit: 1, signal: new AbortController().signal }),
    );
    const near = collect(opened, { types: ["webset.paused"] });
    await opened.fake.advance(3_000);
    opened.record("webset.paused", { id: "near" });
    expect((await opened.fake.until(near)).waitedMs).toBeLessThan(6_000);
    await opened.fake.until(Promise.all(listings));
  });

  test("a wait that never got its turn says so, and does not blame the upstream", async () => {
    const opened = openFeedWorld({ budgeted: true });
    const types = ["webset.idle"];
    opened.upstreamClock.note({ serverTime: opened.start, sentAt: 0, receivedAt: 0 });
    const before = Array.from({ length: 300 }, () => opened.exa.listEvents({ types }, { group: "tail webset.idle" }));
    const waiting = collect(opened, { types, from: positionAt(opened.start - 1) });
    waiting.catch(() => {});
    const error = await opened.fake.until(waiting).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      kind: "unavailable",
      message:
        "There was no usable answer since 2026-11-01T12:00:00.000Z: the request for the list of events waited in our own queue until its time was up, and was not sent",
    });
    await opened.fake.until(Promise.all(before));
  });
});
