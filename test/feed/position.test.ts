import { describe, expect, test } from "vitest";
import {
  advance,
  byTime,
  CLOCK_DISAGREEMENT_MS,
  fingerprint,
  isDealtWith,
  LATE_MS,
  orderKey,
  type Placed,
  type Position,
  positionAt,
  watermarkAt,
} from "../../src/feed/position.ts";

const at = (time: number, id = `e${time}`) => ({ id, time });
const kept = ({ tie, seen }: Position) => [tie, seen.size];

describe("a position", () => {
  test("that is fresh has dealt with what was created before its time, and with nothing else", () => {
    const position = positionAt(1_000);
    expect(isDealtWith(position, at(999))).toBe(true);
    expect(isDealtWith(position, at(1_000))).toBe(false);
    expect(isDealtWith(position, at(5_000))).toBe(false);
  });

  test("remembers what was handed out, by id: another event of the same time is another event", () => {
    const position = advance(positionAt(1_000), { handedOut: [at(1_500, "a")], settledUpTo: undefined });
    expect(isDealtWith(position, at(1_500, "a"))).toBe(true);
    expect(isDealtWith(position, at(1_500, "b"))).toBe(false);
    expect(position.since).toBe(1_000);
  });

  test("moves to where everything is settled, and forgets what lies before", () => {
    const position = advance(positionAt(1_000), { handedOut: [at(1_500), at(2_500)], settledUpTo: 2_000 });
    expect(position.since).toBe(2_000);
    expect([...position.seen]).toEqual([[fingerprint("e2500"), 2_500]]);
  });

  test("never moves past the oldest match that was not handed out", () => {
    const position = advance(positionAt(0), { handedOut: [at(10)], oldestPending: at(500), settledUpTo: 2_000 });
    expect(position.since).toBe(500);
  });

  test("keeps a handed out event that shares its time with the oldest pending one", () => {
    const position = advance(positionAt(0), {
      handedOut: [at(500, "a")],
      oldestPending: at(500, "b"),
      settledUpTo: 2_000,
    });
    expect(isDealtWith(position, at(500, "a"))).toBe(true);
    expect(isDealtWith(position, at(500, "b"))).toBe(false);
  });

  test("never moves back", () => {
    const position = advance(positionAt(3_000), { handedOut: [], oldestPending: at(10), settledUpTo: 1_000 });
    expect(position.since).toBe(3_000);
  });

  test("takes the exact time of an event met again in place of the bound a cursor gave", () => {
    const decoded = { since: 0, seen: new Map([[fingerprint("a"), Number.POSITIVE_INFINITY]]) };
    const kept = advance(decoded, { handedOut: [], settledUpTo: 9_000 });
    expect(kept.seen.size).toBe(1);
    const met = advance(decoded, { handedOut: [], metAgain: [at(700, "a")], settledUpTo: 9_000 });
    expect(met.seen.size).toBe(0);
  });

  test("does not count as dealt with what was met twice and handed out to nobody", () => {
    const pending = at(700, "b");
    const step = { handedOut: [at(700, "a")], metAgain: [pending], oldestPending: pending, settledUpTo: 9_000 };
    const position = advance(positionAt(0), step);
    expect(isDealtWith(position, pending)).toBe(false);
    expect(isDealtWith(position, at(700, "a"))).toBe(true);
  });

  test("of many events of one time keeps the id of the first pending one, once all of them are visible", () => {
    const ties = Array.from({ length: 30 }, (_, n) => at(700, `event_${String(n).padStart(2, "0")}`));
    const step = (handedOut: Placed[], settledUpTo: number) =>
      advance(positionAt(0), { handedOut, oldestPending: ties[handedOut.length], settledUpTo });
    const position = step(ties.slice(0, 20), 9_000);
    expect(position).toEqual({ since: 700, tie: "event_20", seen: new Map() });
    expect(ties.map((event) => isDealtWith(position, event))).toEqual(ties.map((_, n) => n < 20));
    expect(isDealtWith(position, at(701, "event_00"))).toBe(false);
    // Few are told by their fingerprints, and so are all where others may still become visible.
    expect(kept(step(ties.slice(0, 9), 9_000))).toEqual([undefined, 9]);
    expect(kept(step(ties.slice(0, 20), 700))).toEqual([undefined, 20]);
  });

  test("moves its tie on, and loses it with its time", () => {
    const before: Position = { since: 700, tie: "m", seen: new Map() };
    expect(advance(before, { handedOut: [], settledUpTo: 700 })).toEqual(before);
    expect(advance(before, { handedOut: [at(700, "n")], oldestPending: at(700, "o"), settledUpTo: 900 })).toEqual({
      since: 700,
      tie: "o",
      seen: new Map(),
    });
    expect(advance(before, { handedOut: [], settledUpTo: 900 })).toEqual(positionAt(900));
  });

  test("keeps what stands for an id that is too long or no text", () => {
    const ties = Array.from({ length: 30 }, (_, n) => at(700, `${n + 10}`));
    for (const id of ["x".repeat(256), "\ud800"]) {
      const position = advance(positionAt(0), { handedOut: ties, oldestPending: at(700, id), settledUpTo: 900 });
      expect(position.tie).toBe(orderKey(id));
      expect(Buffer.byteLength(orderKey(id))).toBeLessThanOrEqual(60);
      expect(isDealtWith(position, at(700, id))).toBe(false);
    }
  });

  test("is a value: advancing leaves the earlier one as it was", () => {
    const before = advance(positionAt(0), { handedOut: [at(10)], settledUpTo: undefined });
    advance(before, { handedOut: [at(20)], settledUpTo: 15 });
    expect([...before.seen.values()]).toEqual([10]);
    expect(before.since).toBe(0);
  });

  test("counts as settled what is older than lateness and two clocks' disagreement allow", () => {
    expect(watermarkAt(100_000)).toBe(100_000 - LATE_MS - CLOCK_DISAGREEMENT_MS);
    expect(LATE_MS).toBe(5_000);
  });
});

test("events are ordered by time, and ties by id", () => {
  const events = [at(2, "a"), at(1, "b"), at(1, "a"), at(1, "c")];
  expect(events.sort(byTime).map(({ time, id }) => `${time}${id}`)).toEqual(["1a", "1b", "1c", "2a"]);
});

test("a fingerprint has 36 bits and depends on the whole id", () => {
  for (let n = 0; n < 1_000; n++) {
    expect(fingerprint(`event_${n}`)).toBeLessThan(2 ** 36);
    expect(Number.isSafeInteger(fingerprint(`event_${n}`))).toBe(true);
  }
  expect(new Set(Array.from({ length: 5_000 }, (_, n) => fingerprint(`event_${n}`))).size).toBe(5_000);
});
