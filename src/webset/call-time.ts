import { CLOCK_DISAGREEMENT_MS } from "../feed/position.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";

/** When a call was made by the clock that stamps events, in milliseconds since 1970: not before and not after these. */
export interface CallTime {
  earliest: number;
  latest: number;
}

/** By the answers so far, for a call at `calledAt` (`clock.now()`); undefined where none had a `Date`. */
export function callTimeByDate(upstreamClock: UpstreamClock, calledAt: number): CallTime | undefined {
  const range = upstreamClock.range(calledAt);
  if (range === undefined) return undefined;
  return { earliest: range.earliest - CLOCK_DISAGREEMENT_MS, latest: range.latest + CLOCK_DISAGREEMENT_MS };
}

/** By what stands in for the upstream's time where no answer tells it: it was not later `passedMs` after the call. */
export function callTimeByStandIn(time: number, passedMs: number): CallTime {
  return { earliest: time - passedMs - CLOCK_DISAGREEMENT_MS, latest: Number.POSITIVE_INFINITY };
}
