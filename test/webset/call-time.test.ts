import { expect, test } from "vitest";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { callTimeByDate, callTimeByStandIn } from "../../src/webset/call-time.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("the Date of an answer tells the time of a call within its grain, the time on the way and what two clocks differ", () => {
  const truth = 1_700_000_000_000;
  for (let phase = 0; phase < 1_000; phase += 50) {
    for (const [waited, there, back] of [
      [0, 0, 0],
      [0, 40, 900],
      [2_500, 300, 20],
    ] as const) {
      const calledAt = 5_000;
      const called = truth + phase;
      const sentAt = calledAt + waited;
      const serverTime = Math.floor((called + waited + there) / 1_000) * 1_000;
      const upstreamClock = new UpstreamClock(new FakeClock());
      upstreamClock.note({ serverTime, sentAt, receivedAt: sentAt + there + back });
      const time = callTimeByDate(upstreamClock, calledAt);
      // The clock that stamps events may be a second behind or ahead.
      expect(time?.earliest).toBeLessThanOrEqual(called - 1_000);
      expect(time?.latest).toBeGreaterThanOrEqual(called + 1_000);
      expect(time?.earliest).toBeGreaterThan(called - 2_000 - there - back);
      expect(time?.latest).toBeLessThanOrEqual(called + 2_000 + there);
    }
  }
  expect(callTimeByDate(new UpstreamClock(new FakeClock()), 0)).toBeUndefined();
});

test("without a Date nothing is sure to be of after a call", () => {
  expect(callTimeByStandIn(100_000, 300)).toEqual({ earliest: 98_700, latest: Number.POSITIVE_INFINITY });
});
