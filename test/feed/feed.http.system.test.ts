import fc from "fast-check";
import { expect, test } from "vitest";
import { playOverHttp } from "../support/feed-model/run-http.ts";
import { scenarios } from "../support/feed-model/scenario.ts";
import { propertyRuns } from "../support/property-runs.ts";

const RUNS = 20;

test("over real HTTP, too, every reader gets each of its events exactly once", async () => {
  const { seed = Date.now() } = propertyRuns(RUNS);
  // Side by side, for each takes some seconds of waiting: so the seed is printed by hand, and nothing is made smaller.
  const runs = fc.sample(scenarios, { numRuns: RUNS, seed }).map(async (scenario, index) => ({
    run: index,
    wrong: await playOverHttp(scenario),
    scenario,
  }));
  const failed = (await Promise.all(runs)).filter(({ wrong }) => wrong.length > 0);
  expect(failed, `PROPERTY_SEED=${seed}`).toEqual([]);
});
