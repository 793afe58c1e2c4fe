import { CLOCK_DISAGREEMENT_MS } from "../feed/position.ts";
import { type Answered, timeWhenAsked } from "../shared/server-time.ts";

/** The grain of the `Date` header, in milliseconds. */
const DATE_GRAIN_MS = 1_000;

/** When a call was made by the clock that stamps events, in milliseconds since 1970: not before and not after these. */
export interface CallTime {
  earliest: number;
  latest: number;
}

/** By an answer that was asked for after the call, which was at `calledAt` (`clock.now()`); undefined without a `Date`. */
export function callTimeByDate(answer: Answered, calledAt: number): CallTime | undefined {
  const asked = timeWhenAsked(answer);
  if (asked === undefined || answer.serverTime === undefined) return undefined;
  const since = answer.sentAt - calledAt;
  return {
    earliest: asked - since - CLOCK_DISAGREEMENT_MS,
    latest: answer.serverTime + DATE_GRAIN_MS - since + CLOCK_DISAGREEMENT_MS,
  };
}

/** By what stands in for the upstream's time where no answer tells it: it was not later `passedMs` after the call. */
export function callTimeByStandIn(time: number, passedMs: number): CallTime {
  return { earliest: time - passedMs - CLOCK_DISAGREEMENT_MS, latest: Number.POSITIVE_INFINITY };
}
