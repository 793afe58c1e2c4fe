import fc from "fast-check";
import { expect, test } from "vitest";
import { playOverHttp } from "../support/feed-model/run-http.ts";
import { scenarios } from "../support/feed-model/scenario.ts";

const RUNS = 20;
/** How much of what is wrong with one run is told. */
const MOST_TOLD = 10;

test("over real HTTP, too, every reader gets each of its events exactly once", async () => {
  // Side by side, for each takes some seconds of waiting: so the seed is printed by hand, and nothing is made smaller.
  const runs = fc.sample(scenarios, RUNS).map(async (scenario, run) => {
    const wrong = await playOverHttp(scenario);
    // Of a crowd each event may be missing, and the seed would be lost among them.
    return { run, number: wrong.length, wrong: wrong.slice(0, MOST_TOLD) };
  });
  const failed = (await Promise.all(runs)).filter(({ number }) => number > 0);
  expect(failed, `PROPERTY_SEED=${process.env.PROPERTY_SEED}`).toEqual([]);
});
