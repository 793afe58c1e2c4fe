import { describe, expect, test } from "vitest";
import { toFeedEvent } from "../../src/feed/event.ts";
import { newsOf, TailMemory } from "../../src/feed/tail-memory.ts";

const event = (time: number, id = `e${time}`) =>
  toFeedEvent({ id, type: "webset.idle", createdAt: new Date(time).toISOString(), data: {} });
const timesOf = (events: readonly { time: number }[]) => events.map(({ time }) => time);

describe("what a tail remembers", () => {
  test("begins where the first poll began, and is open from there until something is settled", () => {
    const memory = new TailMemory();
    expect([memory.floor, memory.openFrom, memory.settledUpTo]).toEqual([undefined, undefined, undefined]);
    memory.take([event(1_200)], 1_000, 500);
    expect([memory.floor, memory.openFrom, memory.settledUpTo]).toEqual([1_000, 1_000, 500]);
    memory.take([event(1_200)], 1_000, 1_100);
    expect([memory.floor, memory.openFrom, memory.settledUpTo]).toEqual([1_000, 1_100, 1_100]);
    memory.take([], 1_100, undefined);
    memory.take([], 1_100, 900);
    expect(memory.settledUpTo).toBe(1_100);
  });

  test("tells of an event once, oldest first, and apart of those that come later than any should", () => {
    const memory = new TailMemory();
    expect(timesOf(memory.take([event(1_300), event(1_100)], 1_000, 1_000).events)).toEqual([]);
    expect(timesOf(memory.since(0))).toEqual([1_100, 1_300]);
    const news = memory.take([event(1_300), event(1_400), event(1_050), event(1_100)], 1_000, 1_200);
    expect(timesOf(news.events)).toEqual([1_050, 1_400]);
    const later = memory.take([event(700), event(1_150), event(1_500)], 600, 1_250);
    expect([timesOf(later.events), timesOf(later.late)]).toEqual([[1_500], [1_150]]);
    expect(memory.floor).toBe(600);
    expect(timesOf(memory.since(0))).toEqual([700, 1_050, 1_100, 1_150, 1_300, 1_400, 1_500]);
  });

  test("keeps the settled past for a minute, and longer for whoever needs it", () => {
    const memory = new TailMemory();
    memory.take([event(10_000), event(50_000), event(100_000)], 0, 100_000);
    memory.forget(20_000);
    expect([memory.floor, ...timesOf(memory.since(0))]).toEqual([20_000, 50_000, 100_000]);
    memory.forget(Number.POSITIVE_INFINITY);
    expect([memory.floor, ...timesOf(memory.since(0))]).toEqual([40_000, 50_000, 100_000]);
    memory.forget(0);
    expect(memory.floor).toBe(40_000);
  });

  test("keeps nothing of the settled past where it is crowded, but all that is not settled", () => {
    const memory = new TailMemory();
    const events = Array.from({ length: 2_500 }, (_, n) => event(50_000 + n, `e${n}`));
    memory.take(events, 0, 51_000);
    memory.forget(Number.POSITIVE_INFINITY);
    expect(memory.floor).toBe(51_000);
    expect(memory.since(0)).toHaveLength(1_500);
  });

  test("forgets nothing before it knows what is settled", () => {
    const memory = new TailMemory();
    memory.forget(5);
    memory.take([event(10)], 0, undefined);
    memory.forget(Number.POSITIVE_INFINITY);
    expect(memory.since(0)).toHaveLength(1);
  });

  test("tells whoever wants one Webset's events of no other's, and of those that name none", () => {
    const of = (websetId: string | undefined, time: number) =>
      toFeedEvent({
        id: `e${time}`,
        type: "webset.item.created",
        createdAt: new Date(time).toISOString(),
        data: { id: "item", websetId },
      });
    const monitor = toFeedEvent({
      id: "run",
      type: "monitor.run.created",
      createdAt: new Date(3).toISOString(),
      data: { id: "run", monitorId: "m" },
    });
    const news = { events: [of("ws_a", 1), of("ws_b", 2), monitor], late: [of("ws_b", 4), of("ws_a", 5)] };
    const told = newsOf(news, "ws_a");
    expect([timesOf(told.events), timesOf(told.late)]).toEqual([[1, 3], [5]]);
    expect(newsOf(news, undefined)).toBe(news);
  });
});
