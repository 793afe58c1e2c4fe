import { describe, expect, test } from "vitest";
import { ServerTime, timeWhenAsked } from "../../src/feed/server-time.ts";
import { WalkTime } from "../../src/feed/walk-time.ts";
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

describe("the upstream's time when a walk began", () => {
  const page = (sentAt: number, receivedAt: number, serverTime: number | undefined, ...times: number[]) => ({
    sentAt,
    receivedAt,
    serverTime,
    events: times.map((time) => ({ time })),
  });

  test("is that of its first page, whatever comes later", () => {
    const time = new WalkTime();
    expect(time.present).toBeUndefined();
    time.note(page(1_000, 1_200, NOON));
    expect(time.serverTime).toBe(NOON - 200);
    // Ten seconds of retries between two pages make nothing settled that the first page did not show.
    time.note(page(11_000, 11_200, NOON + 10_000));
    expect(time.serverTime).toBe(NOON - 200);
    expect(time.sentAt).toBe(1_000);
  });

  test("is known better by the page that came fastest", () => {
    const time = new WalkTime();
    time.note(page(0, 5_000, NOON));
    time.note(page(5_000, 5_010, NOON));
    expect(time.serverTime).toBe(NOON - 5_000);
    time.note(page(5_010, 5_020, NOON + 4_000));
    expect(time.serverTime).toBe(NOON - 1_020);
  });

  test("without a Date comes from the newest event met, less what passed since the walk began", () => {
    const time = new WalkTime();
    time.note(page(0, 100, undefined, NOON - 50_000, NOON));
    expect(time.serverTime).toBeUndefined();
    expect(time.present).toBe(NOON - 100);
    time.note(page(20_000, 20_100, undefined, NOON + 10_000));
    expect(time.present).toBe(NOON - 100);
    time.note(page(20_100, 20_200, NOON + 20_000));
    expect(time.present).toBe(NOON - 200);
  });
});
