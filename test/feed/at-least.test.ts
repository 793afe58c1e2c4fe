import { describe, expect, test } from "vitest";
import type { CollectRequest } from "../../src/feed/collect.ts";
import { positionAt } from "../../src/feed/position.ts";
import { collect } from "../support/collect.ts";
import { type FeedWorld, openFeedWorld } from "../support/feed-world.ts";
import { refusal } from "../support/pages.ts";

const DAY_MS = 86_400_000;

describe("a wait that wants at least so many", () => {
  const readAt = async (opened: FeedWorld, request: Partial<CollectRequest>) => {
    const waited = await opened.fake.until(collect(opened, request));
    return { ...waited, ids: waited.events.map(({ id }) => id) };
  };

  test("gives everything there is, up to its limit, at the end of the reading in which it met them", async () => {
    const opened = openFeedWorld();
    const ids = Array.from({ length: 30 }, (_, n) => opened.record("webset.idle", { at: opened.start - 9_000 + n }).id);
    const from = positionAt(opened.start - 10_000);
    expect(await readAt(opened, { from, atLeast: 2 })).toMatchObject({ ids, more: false, waitedMs: 0 });
    const some = await readAt(opened, { from, atLeast: 2, limit: 20 });
    expect(some).toMatchObject({ ids: ids.slice(0, 20), more: true, waitedMs: 0 });
    const rest = await readAt(opened, { from: some.position, atLeast: 2, limit: 50 });
    expect(rest).toMatchObject({ ids: ids.slice(20), more: false, waitedMs: 0 });
  });

  test("reads all slices of a backlog before it returns", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    for (let n = 0; n < 2_000; n++)
      opened.record("webset.idle", { at: opened.start - DAY_MS + n * 1_000, websetId: "other" });
    const ids = [0, 600_000, 1_900_000].map(
      (after) => opened.record("webset.paused", { at: opened.start - DAY_MS + after }).id,
    );
    const from = positionAt(opened.start - DAY_MS);
    expect(await readAt(opened, { from, websetId: "ws_1" })).toMatchObject({ ids, more: false });
  });

  test("does not keep back what it has when reading on fails", async () => {
    const opened = openFeedWorld({ latency: () => 100 });
    for (let n = 0; n < 60; n++) opened.record("webset.idle", { at: opened.start - DAY_MS + n * 1_000 });
    for (let n = 0; n < 400; n++) opened.record("webset.idle", { at: opened.start - 60_000 + n, websetId: "other" });
    let found = 0;
    opened.trouble.spoil = async (_, next) => (found === 0 ? next() : refusal(503));
    const onLook = (number: number) => {
      found = number;
    };
    const from = positionAt(opened.start - DAY_MS);
    const waited = await readAt(opened, { from, websetId: "ws_1", timeoutMs: 60_000, onLook });
    expect(waited.ids.length).toBeGreaterThan(0);
    expect(waited).toMatchObject({ more: true, lastError: { kind: "unavailable" } });
    expect(waited.waitedMs).toBeLessThan(20_000);
  });

  test("returns soon with what others' polls have met, though the next poll is not due for long", async () => {
    const opened = openFeedWorld({ intervalMs: 60_000 });
    const other = collect(opened, { atLeast: 9, timeoutMs: 300_000 });
    await opened.fake.advance(30_000);
    opened.record("webset.idle", { id: "met" });
    await opened.fake.advance(40_000);
    const from = positionAt(opened.now() - 50_000);
    opened.record("webset.idle", { id: "new" });
    expect(await readAt(opened, { from })).toMatchObject({ ids: ["met", "new"], more: false, waitedMs: 0 });
    await opened.fake.until(other);
  });

  test("says that there may be more where its last polls failed, or none at all came to an end", async () => {
    const opened = openFeedWorld();
    const waiting = collect(opened, { timeoutMs: 10_000 });
    await opened.fake.advance(3_500);
    opened.trouble.spoil = async () => refusal(503);
    expect(await opened.fake.until(waiting)).toMatchObject({
      events: [],
      more: true,
      lastError: { kind: "unavailable" },
    });
    // Asked for the time, this upstream answers; asked for events, it does not.
    const other = openFeedWorld();
    other.trouble.spoil = async ({ url }, next) => (url.searchParams.get("limit") === "1" ? next() : refusal(503));
    expect(await other.fake.until(collect(other, { timeoutMs: 3_000 }))).toMatchObject({
      events: [],
      more: true,
      lastError: { kind: "unavailable" },
    });
  });
});

describe("a wait of 7 s that finds nothing", () => {
  test("has looked for what was on its way when it began, however seldom polls are", async () => {
    for (const intervalMs of [1_000, 60_000]) {
      for (let phase = 0; phase < 6_000; phase += 700) {
        const opened = openFeedWorld({ intervalMs });
        // Somebody else's quiet wait has made the polls seldom.
        const other = collect(opened, { atLeast: 9, timeoutMs: 600_000 });
        await opened.fake.advance(120_000 + phase);
        opened.record("webset.idle", { id: "late", late: 5_000 });
        const from = positionAt(opened.now() - 6_000);
        const waited = await opened.fake.until(collect(opened, { from, timeoutMs: 7_000 }));
        expect(waited.events.map(({ id }) => id)).toEqual(["late"]);
        await opened.fake.until(other);
      }
    }
  });

  test("says that there may be more where no reading that began late enough came to an end", async () => {
    const opened = openFeedWorld();
    const waiting = collect(opened, { timeoutMs: 7_000 });
    await opened.fake.advance(4_500);
    opened.trouble.latency = () => 3_000;
    expect(await opened.fake.until(waiting)).toMatchObject({ events: [], more: true });
    opened.trouble.latency = () => 600;
    const from = positionAt(opened.now());
    expect(await opened.fake.until(collect(opened, { from, timeoutMs: 7_000 }))).toMatchObject({ more: false });
  });
});
