import { expect, test } from "vitest";
import { measurePace } from "../../bench/support/measure-pace.ts";

/** `npm run bench pace` takes ten times as many. */
const WORLDS = 40;

test("a wait is told no later than a look every second would, with at most 60 % of its requests", async () => {
  const { completed, canceled } = await measurePace(WORLDS);
  expect(completed.ours.delayMs).toBeLessThanOrEqual(completed.fixed.delayMs);
  expect(completed.ours.requests).toBeLessThanOrEqual(0.6 * completed.fixed.requests);
  // Which nothing foresees.
  expect(canceled.ours.longestMs).toBeLessThanOrEqual(2_500);
});
