import { describe, expect, test } from "vitest";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";

const NOON = Date.parse("2026-11-01T12:00:00.000Z");

/** A clock whose machine can sleep: then the time of day goes on, and the monotonic clock stands still. */
class SleepingClock extends FakeClock {
  slept = 0;

  override wallTime(): number {
    return super.wallTime() + this.slept;
  }
}

/** An answer of 100 ms that arrives now, of a server whose clock is ahead of noon by what has passed, and by some more. */
function answer(clock: FakeClock, aheadMs = 0) {
  const receivedAt = clock.now();
  const serverTime = Math.floor((NOON + receivedAt + aheadMs) / 1_000) * 1_000;
  return { serverTime, sentAt: receivedAt - 100, receivedAt };
}

/** What is known after answers a second apart, each ahead by so much: how far that is from the truth, in milliseconds. */
async function errorAfter(...ahead: (number | undefined)[]): Promise<{ least: number; most: number } | undefined> {
  const clock = new FakeClock(0);
  const upstream = new UpstreamClock(clock);
  await clock.advance(1_000);
  for (const one of ahead) {
    await clock.advance(1_000);
    upstream.note(one === undefined ? { ...answer(clock), serverTime: undefined } : answer(clock, one));
  }
  const range = upstream.range();
  const truth = NOON + clock.now();
  return range && { least: range.earliest - truth, most: range.latest - truth };
}

describe("the upstream's time", () => {
  test("is unknown until an answer told it", async () => {
    expect(await errorAfter()).toBeUndefined();
    expect(await errorAfter(undefined, undefined)).toBeUndefined();
  });

  test("lies between what the grain of a second and the way of the answer allow", async () => {
    const error = await errorAfter(0);
    expect(error?.least).toBeLessThanOrEqual(0);
    expect(error?.least).toBeGreaterThanOrEqual(-1_000);
    expect(error?.most).toBeGreaterThanOrEqual(0);
    expect(error?.most).toBeLessThanOrEqual(1_100);
  });

  test.each([20_000, 3_600_000, -20_000, -3_600_000])("is moved by no single answer that is %i ms off", async (off) => {
    for (const answers of [
      [0, 0, off],
      [off, 0, 0],
      [0, 0, 0, off, 0, 0],
    ]) {
      const error = await errorAfter(...answers);
      expect(error?.least).toBeLessThanOrEqual(0);
      expect(error?.least).toBeGreaterThanOrEqual(-1_000);
    }
  });

  test("is that of the slower of two servers, whichever answers", async () => {
    const error = await errorAfter(9_000, 0, 9_000, 9_000, 0, 9_000);
    expect(error?.least).toBeLessThanOrEqual(0);
    expect(error?.least).toBeGreaterThanOrEqual(-1_000);
  });

  test.each([-3_600_000, 3_600_000])("is moved by no accident of %i ms, also where it comes twice", async (off) => {
    const error = await errorAfter(...Array.from({ length: 40 }, (_, n) => (n === 9 || n === 39 ? off : 0)));
    expect(error?.least).toBeGreaterThan(-1_500);
    expect(error?.most).toBeLessThan(1_500);
  });

  test.each([3_000, 9_000])(
    "is that of the slower server %i ms behind, also where only one answer was its own",
    async (apart) => {
      for (const answers of [
        [apart, 0, apart],
        [0, apart, apart],
        [apart, apart, apart, 0],
      ]) {
        expect((await errorAfter(...answers))?.least).toBeLessThanOrEqual(0);
      }
    },
  );

  test("is ours for a position where all answers may be of the faster one of two servers, and theirs where ours is far off", async () => {
    for (const [aheadMs, earlyMs] of [
      [9_000, 0],
      [3_000, 0],
      [0, 0],
      [-9_000, -9_000],
      [600_000, 600_000],
    ] as const) {
      const clock = new FakeClock(NOON);
      const upstream = new UpstreamClock(clock);
      for (let answers = 0; answers < 5; answers++) {
        await clock.advance(1_000);
        upstream.note(answer(clock, aheadMs));
      }
      for (const time of [upstream.early(), upstream.reached()]) {
        expect(time).toBeLessThanOrEqual(clock.wallTime() + earlyMs);
        expect(time).toBeGreaterThan(clock.wallTime() + earlyMs - 1_000);
      }
    }
  });

  test("follows a clock that was set, once the answers of before are a minute old", async () => {
    const error = await errorAfter(0, 0, 0, ...Array.from({ length: 61 }, () => 20_000));
    expect(error?.least).toBeGreaterThan(18_000);
  });

  test("is sure once two answers agree, or our own clock does", async () => {
    const clock = new FakeClock(0);
    const upstream = new UpstreamClock(clock);
    upstream.note(answer(clock));
    expect(upstream.isSure).toBe(false);
    await clock.advance(1_000);
    upstream.note(answer(clock, 20_000));
    expect(upstream.isSure).toBe(false);
    await clock.advance(1_000);
    upstream.note(answer(clock));
    expect(upstream.isSure).toBe(true);

    const right = new FakeClock(NOON);
    const alone = new UpstreamClock(right);
    alone.note(answer(right));
    expect(alone.isSure).toBe(true);
  });

  test("is asked for again after ten minutes, and after the machine has slept", async () => {
    const clock = new SleepingClock();
    const upstream = new UpstreamClock(clock);
    upstream.note(answer(clock));
    await clock.advance(600_000);
    expect(upstream.at()).toBeDefined();
    await clock.advance(1);
    expect(upstream.at()).toBeUndefined();
    upstream.note(answer(clock));
    clock.slept = 3_600_000;
    expect(upstream.at()).toBeUndefined();
    upstream.note(answer(clock, 3_600_000));
    expect(upstream.at()).toBeDefined();
  });

  test("without a Date has passed the newest visible event but one, and goes on with our clock", async () => {
    const clock = new FakeClock(0);
    const upstream = new UpstreamClock(clock);
    upstream.noteEvents([{ id: "alone", time: NOON }], clock.now());
    expect(upstream.reached()).toBeUndefined();
    upstream.noteEvents([{ id: "alone", time: NOON }], clock.now());
    expect(upstream.reached()).toBeUndefined();
    upstream.noteEvents([{ id: "stamped an hour ahead", time: NOON + 3_600_000 }], clock.now());
    expect(upstream.reached()).toBe(NOON);
    await clock.advance(5_000);
    expect(upstream.reached()).toBe(NOON + 5_000);
    expect(upstream.at()).toBeUndefined();
  });

  test.each([
    ["a single answer, however far ahead", [100_000]],
    ["answers two seconds ahead", [2_000, 2_000]],
  ])("has passed no more than our own clock shows by %s", async (_, ahead) => {
    const clock = new FakeClock(NOON);
    const upstream = new UpstreamClock(clock);
    await clock.advance(1_000);
    for (const one of ahead) {
      const receivedAt = clock.now();
      upstream.note({ serverTime: clock.wallTime() + one, sentAt: receivedAt - 100, receivedAt });
    }
    expect(upstream.reached()).toBeLessThanOrEqual(clock.wallTime());
    expect(upstream.reached()).toBeGreaterThanOrEqual(clock.wallTime() - 1_000);
  });

  test("is told as ours while nothing else is known, unless events show that ours is behind", async () => {
    const clock = new FakeClock(NOON);
    const upstream = new UpstreamClock(clock);
    expect(upstream.told).toBe(clock.wallTime());
    const events = (time: number) => ["a", "b"].map((id) => ({ id, time }));
    upstream.noteEvents(events(NOON - 60_000), clock.now());
    expect(upstream.told).toBe(clock.wallTime());
    upstream.noteEvents(events(NOON + 60_000), clock.now());
    expect(upstream.told).toBe(NOON + 60_000);
    upstream.note(answer(clock, -3_600_000));
    expect(upstream.told).toBeLessThanOrEqual(NOON - 3_600_000);
  });
});
