import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextPoll } from "../../src/feed/pace.ts";

const calm = { intervalMs: 1_000, quietMs: 0, failures: 0, random: 0 };

describe("the pause before the next poll", () => {
  test("is the interval while things happen and for the first ten seconds of quiet", () => {
    for (const quietMs of [0, 1, 5_000, 10_000]) expect(nextPoll({ ...calm, quietMs })).toBe(1_000);
  });

  test("stretches with the quiet, to five intervals at most", () => {
    expect(nextPoll({ ...calm, quietMs: 20_000 })).toBe(2_000);
    expect(nextPoll({ ...calm, quietMs: 50_000 })).toBe(5_000);
    expect(nextPoll({ ...calm, quietMs: 86_400_000 })).toBe(5_000);
    expect(nextPoll({ ...calm, intervalMs: 200, quietMs: 86_400_000 })).toBe(1_000);
  });

  test("lasts while no reader expects anything, but no longer than five intervals and no shorter than one", () => {
    expect(nextPoll({ ...calm, idleMs: 3_500 })).toBe(3_500);
    expect(nextPoll({ ...calm, idleMs: 100 })).toBe(1_000);
    expect(nextPoll({ ...calm, idleMs: 60_000 })).toBe(5_000);
    expect(nextPoll({ ...calm, quietMs: 30_000, idleMs: 100 })).toBe(3_000);
  });

  test("is at most twice the interval while something runs that a reader waits for", () => {
    for (const quietMs of [30_000, 86_400_000]) expect(nextPoll({ ...calm, quietMs, isRunning: true })).toBe(2_000);
    expect(nextPoll({ ...calm, idleMs: 60_000, isRunning: true })).toBe(2_000);
    expect(nextPoll({ ...calm, isRunning: true })).toBe(1_000);
  });

  test("counts from the beginning of the last poll, but leaves half an interval of rest", () => {
    expect(nextPoll({ ...calm, tookMs: 80 })).toBe(920);
    expect(nextPoll({ ...calm, tookMs: 9_000 })).toBe(500);
    expect(nextPoll({ ...calm, tookMs: 9_000, failures: 1 })).toBe(1_000);
  });

  test("doubles with each failure, up to a quarter of a minute, and is never shorter than the interval", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 1_000].map((failures) => nextPoll({ ...calm, failures }));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect(nextPoll({ ...calm, intervalMs: 60_000, failures: 3 })).toBe(60_000);
  });

  test("is never shorter than what the upstream asks for", () => {
    expect(nextPoll({ ...calm, retryAfterMs: 30_000 })).toBe(30_000);
    expect(nextPoll({ ...calm, failures: 1, retryAfterMs: 30_000, random: 1 })).toBeGreaterThan(30_000);
    expect(nextPoll({ ...calm, retryAfterMs: 10 })).toBe(1_000);
  });

  test("has jitter that only adds, and little", () => {
    const states = fc.record({
      intervalMs: fc.integer({ min: 200, max: 60_000 }),
      quietMs: fc.integer({ min: 0, max: 100_000 }),
      idleMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
      failures: fc.integer({ min: 0, max: 20 }),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(states, fc.double({ min: 0, max: 1, noNaN: true }), (state, random) => {
        const without = nextPoll({ ...state, random: 0 });
        const jitter = nextPoll({ ...state, random }) - without;
        expect(jitter).toBeGreaterThanOrEqual(0);
        expect(jitter).toBeLessThanOrEqual(100);
        expect(without).toBeGreaterThanOrEqual(state.intervalMs);
        if (state.failures === 0)
          expect(without).toBeLessThanOrEqual(Math.max(5 * state.intervalMs, state.retryAfterMs ?? 0));
      }),
    );
  });
});
