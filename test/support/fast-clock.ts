import { type Clock, systemClock } from "../../src/shared/clock.ts";

/** The real clock, on which everything takes a fraction of its time: for many seconds of life over real sockets. */
export function fastClock(factor: number): Clock {
  const startedAt = systemClock.now();
  const startedWall = systemClock.wallTime();
  const now = () => (systemClock.now() - startedAt) * factor;
  return {
    now,
    wallTime: () => startedWall + now(),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
