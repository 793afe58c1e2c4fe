import { describe, expect, test } from "vitest";
import { parseItem } from "../../src/exa/schemas.ts";
import { type ItemEvent, isReady, MOST_TRACKS, ReadyChain } from "../../src/webset/items-ready.ts";

const item = (statuses: Record<string, string> = {}, id = "witem_1") => {
  const enrichments = Object.entries(statuses).map(([enrichmentId, status]) => ({
    enrichmentId,
    status,
    result: null,
  }));
  return parseItem({ id, enrichments });
};
const event = (time: number, { id = `event_${time}`, metAt = 0 } = {}): ItemEvent => ({
  id,
  time,
  metAt,
  type: "webset.item.enriched",
  createdAt: new Date(time).toISOString(),
  owner: { kind: "webset", websetId: "ws" },
});
const required = (...ids: string[]) => new Map(ids.map((id) => [id, "pending"]));
/** Settled by this time of events, and nothing by when it was met. */
const by = (created: number, met = -1) => ({ created, met });
const DONE = { a: "completed", b: "canceled" };
const HALF = { a: "completed", b: "pending" };

describe("an item is ready", () => {
  test.each([
    [{}, [], true],
    [{}, ["a"], false],
    [{ a: "pending" }, [], false],
    [{ a: "completed" }, [], true],
    [{ a: "completed" }, ["a", "b"], false],
    [HALF, ["a", "b"], false],
    [DONE, ["a", "b"], true],
    [{ ...DONE, c: "pending" }, ["a", "b"], false],
    [{ a: "unheard of" }, ["a"], false],
  ])("with %j where the Webset has %j: %s", (statuses, ids, expected) => {
    expect(isReady(item(statuses), required(...ids))).toBe(expected);
  });

  test("without the values of an enrichment that was canceled for all items", () => {
    expect(isReady(item({ a: "completed" }), new Map([...required("a"), ["b", "canceled"]]))).toBe(true);
  });
});

describe("a chain tells an item", () => {
  const both = required("a", "b");

  test("with the first event that shows it ready, and with no later one", () => {
    const chain = new ReadyChain();
    expect(chain.meet(event(1), item(HALF), "ws", both)).toBe(false);
    expect(chain.meet(event(2), item(DONE), "ws", both)).toBe(true);
    chain.tell([{ itemId: "witem_1", eventId: "event_2", values: 2 }]);
    for (const statuses of [DONE, HALF]) expect(chain.meet(event(3), item(statuses), "ws", both)).toBe(false);
    expect(chain.due(by(100))).toEqual([]);
    expect(chain.openSince).toBeUndefined();
  });

  test("again when an enrichment was added", () => {
    const chain = new ReadyChain();
    chain.meet(event(1), item({ a: "completed" }), "ws", required("a"));
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 1 }]);
    expect(chain.meet(event(2), item(HALF), "ws", both)).toBe(false);
    expect(chain.openSince).toBe(2);
    expect(chain.meet(event(3), item(DONE), "ws", both)).toBe(true);
  });

  test("again where it was read to have a value of an enrichment that was canceled, which its newest event does not show", () => {
    const chain = new ReadyChain();
    const canceled = new Map([...required("a"), ["b", "canceled"]]);
    chain.meet(event(1), item({ a: "completed" }), "ws", required("a"));
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 1 }]);
    expect(chain.meet(event(5), item(HALF), "ws", canceled)).toBe(false);
    const [track] = chain.due(by(5));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item({ a: "completed", b: "completed" }), canceled, by(5))).toBe(true);
  });

  test("once in one wait, also where its newest event shows less than the one it is told with", () => {
    const chain = new ReadyChain();
    expect(chain.meet(event(1), item(DONE), "ws", both)).toBe(true);
    expect(chain.meet(event(2), item(HALF), "ws", both, 2)).toBe(false);
    expect(chain.due(by(9))).toEqual([]);
  });

  test("twice in one wait, where an enrichment was added meanwhile", () => {
    const chain = new ReadyChain();
    expect(chain.meet(event(1), item({ a: "completed" }), "ws", required("a"))).toBe(true);
    expect(chain.meet(event(2), item(DONE), "ws", both, 1)).toBe(true);
  });

  test("again where an enrichment was added while it was found, by a newer event that does not show its value", () => {
    const chain = new ReadyChain();
    expect(chain.meet(event(1), item({ a: "completed" }), "ws", required("a"))).toBe(true);
    expect(chain.meet(event(2), item(HALF), "ws", both, 1)).toBe(false);
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 1 }]);
    const [track] = chain.due(by(2));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item(DONE), both, by(2))).toBe(true);
  });

  test.each([
    [2, 3],
    [3, 2],
  ])("again where an enrichment was added that only an event of %i shows, and not the one of %i", (shows, lacks) => {
    const chain = new ReadyChain();
    expect(chain.meet(event(1), item({ a: "completed" }), "ws", required("a"))).toBe(true);
    chain.meet(event(shows), item(HALF), "ws", required("a"), 1);
    chain.meet(event(lacks), item({ a: "pending" }), "ws", required("a"), 1);
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 1 }]);
    const [track] = chain.due(by(3));
    if (track === undefined) throw new Error("nothing is due");
    // Its state lags behind the event that shows more.
    chain.noteIdle("ws", { time: 4, metAt: 0 });
    expect(chain.read(track, item({ a: "completed" }), required("a"), by(2))).toBe(false);
    expect(chain.read(track, item(DONE), both, by(4))).toBe(true);
  });

  test("once where it is read while an event tells as much of it", () => {
    const chain = new ReadyChain();
    chain.meet(event(2), item({}), "ws", undefined);
    const [track] = chain.due(by(9));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.meet(event(1), item(DONE), "ws", both)).toBe(true);
    expect(chain.meet(event(2), item(HALF), "ws", both, 2)).toBe(false);
    expect(chain.read(track, item(DONE), both, by(9), 2)).toBe(false);
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 2 }]);
    expect(chain.due(by(9))).toEqual([]);
    expect(chain.openSince).toBeUndefined();
  });

  test("after reading it, where its newest event leaves it unfinished until it is settled, once", () => {
    const chain = new ReadyChain();
    chain.meet(event(5), item(HALF), "ws", both);
    expect(chain.due(by(4))).toEqual([]);
    const [track] = chain.due(by(5));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item(HALF), both, by(5))).toBe(false);
    expect(chain.due(by(100))).toEqual([]);
    expect(chain.openSince).toBe(5);
    chain.meet(event(6), item(HALF), "ws", both);
    expect(chain.due(by(5))).toEqual([]);
    expect(chain.due(by(6))).toEqual([track]);
    expect(chain.read(track, item(DONE), both, by(6))).toBe(true);
    chain.tell([{ itemId: "witem_1", eventId: "event_6", values: 2 }]);
    expect(chain.openSince).toBeUndefined();
  });

  test("after reading it when its newest event was met long enough ago, where nothing tells what time it is at the API", () => {
    const chain = new ReadyChain();
    chain.meet(event(5, { metAt: 100 }), item(HALF), "ws", both);
    expect(chain.due(by(0, 99))).toEqual([]);
    const [track] = chain.due(by(0, 100));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item(DONE), both, by(0, 100))).toBe(true);
  });

  test("at once when its Webset is idle, and for the last time when that is settled", () => {
    const chain = new ReadyChain();
    chain.meet(event(5), item(HALF), "ws", both);
    chain.noteIdle("other", { time: 9, metAt: 0 });
    expect(chain.due(by(4))).toEqual([]);
    chain.noteIdle("ws", { time: 9, metAt: 0 });
    const [track] = chain.due(by(4));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item(HALF), both, by(4))).toBe(false);
    expect(chain.due(by(8))).toEqual([]);
    expect(chain.due(by(9))).toEqual([track]);
    expect(chain.read(track, item(HALF), both, by(9))).toBe(false);
    expect(chain.due(by(100))).toEqual([]);
    expect(chain.openSince).toBeUndefined();
    // One that becomes visible later is of before, too.
    chain.meet(event(8), item(HALF, "witem_2"), "ws", both);
    expect(chain.due(by(4))).toMatchObject([{ itemId: "witem_2" }]);
  });

  test("for the last time when idleness was heard of long enough ago, where nothing tells what time it is at the API", () => {
    const chain = new ReadyChain();
    chain.meet(event(5), item(DONE), "ws", required("a", "b", "c"));
    chain.noteIdle("ws", { time: 9, metAt: 20 });
    const [track] = chain.due(by(0));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item({ a: "pending" }), both, by(0))).toBe(false);
    expect(chain.due(by(0, 19))).toEqual([]);
    expect(chain.due(by(0, 20))).toEqual([track]);
    expect(chain.read(track, item({ a: "pending" }), both, by(0, 20))).toBe(false);
    expect(chain.openSince).toBeUndefined();
  });

  test("with the enrichment that was added, where its state still lags behind the event that shows it", () => {
    const chain = new ReadyChain();
    chain.meet(event(1), item({ a: "completed" }), "ws", required("a"));
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 1 }]);
    chain.meet(event(5), item(HALF), "ws", required("a"));
    chain.noteIdle("ws", { time: 9, metAt: 0 });
    const [track] = chain.due(by(4));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, item({ a: "completed" }), required("a"), by(4))).toBe(false);
    expect(chain.due(by(9))).toEqual([track]);
    expect(chain.read(track, item(DONE), both, by(9))).toBe(true);
  });

  test("not where it is gone, or its Webset is", () => {
    const chain = new ReadyChain();
    chain.meet(event(1), item(HALF), "ws", both);
    chain.meet(event(2), item(HALF, "witem_2"), "ws", both);
    const [track] = chain.due(by(1));
    if (track === undefined) throw new Error("nothing is due");
    expect(chain.read(track, undefined, both, by(1))).toBe(false);
    expect(chain.openSince).toBe(2);
    chain.noteDeleted("ws");
    expect(chain.due(by(100))).toEqual([]);
  });

  test("once more to whoever goes on from before it was told", () => {
    const chain = new ReadyChain();
    chain.meet(event(1), item(DONE), "ws", both);
    chain.meet(event(2), item(DONE, "witem_2"), "ws", both);
    chain.tell([{ itemId: "witem_1", eventId: "event_1", values: 2 }]);
    const before = chain.calls;
    chain.tell([{ itemId: "witem_2", eventId: "event_2", values: 2 }]);
    chain.goBackTo(before, () => true);
    expect(chain.due(by(100))).toMatchObject([{ itemId: "witem_2" }]);
    chain.goBackTo(0, () => false);
    expect(chain.meet(event(1), item(DONE), "ws", both)).toBe(true);
  });
});

test("a chain forgets those first that are told, and says when it forgot one that was not ready", () => {
  const chain = new ReadyChain();
  const both = required("a", "b");
  for (let n = 0; n < MOST_TRACKS + 5; n++) chain.meet(event(n), item(n < 5 ? DONE : HALF, `witem_${n}`), "ws", both);
  chain.tell(Array.from({ length: 5 }, (_, n) => ({ itemId: `witem_${n}`, eventId: `event_${n}`, values: 2 })));
  expect([chain.size, chain.forgot, chain.openSince]).toEqual([MOST_TRACKS, false, 5]);
  chain.meet(event(99_999), item(HALF, "witem_last"), "ws", both);
  chain.tell([]);
  expect([chain.size, chain.forgot, chain.openSince]).toEqual([MOST_TRACKS, true, 6]);
});
