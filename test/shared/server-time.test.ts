import { describe, expect, test } from "vitest";
import { ServerTime, timeWhenAsked } from "../../src/shared/server-time.ts";
import { FakeClock } from "../support/fake-clock.ts";

const NOON = Date.parse("2026-11-01T12:00:00.000Z");

/** A clock whose machine can sleep: then the time of day goes on, and the monotonic clock stands still. */
class SleepingClock extends FakeClock {
  slept = 0;

  override wallTime(): number {
    return super.wallTime() + this.slept;
  }
}

describe("the upstream's time", () => {
  test("is unknown until an answer told it", () => {
    const time = new ServerTime(new FakeClock());
    expect(time.at()).toBeUndefined();
    time.note(undefined, 0);
    expect(time.at()).toBeUndefined();
  });

  test("goes on with our clock, however wrong that is", async () => {
    const clock = new FakeClock(0);
    await clock.advance(5_000);
    const time = new ServerTime(clock);
    time.note(NOON, 4_000);
    expect(time.at()).toBe(NOON + 1_000);
    await clock.advance(60_000);
    expect(time.at()).toBe(NOON + 61_000);
    expect(time.at(10_000)).toBe(NOON + 6_000);
  });

  test("is asked for again after ten minutes, and after the machine has slept", async () => {
    const clock = new SleepingClock();
    const time = new ServerTime(clock);
    time.note(NOON, 0);
    await clock.advance(600_000);
    expect(time.at()).toBe(NOON + 600_000);
    await clock.advance(1);
    expect(time.at()).toBeUndefined();
    time.note(NOON, clock.now());
    clock.slept = 3_600_000;
    expect(time.at()).toBeUndefined();
    time.note(NOON + 3_600_000, clock.now());
    expect(time.at()).toBe(NOON + 3_600_000);
  });

  test("when an answer was asked for is its Date less the time it took: never later than it was", () => {
    expect(timeWhenAsked({ serverTime: NOON, sentAt: 1_000, receivedAt: 1_250.5 })).toBe(NOON - 251);
    expect(timeWhenAsked({ serverTime: undefined, sentAt: 0, receivedAt: 1 })).toBeUndefined();
  });
});
