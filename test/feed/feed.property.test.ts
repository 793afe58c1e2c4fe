import fc from "fast-check";
import { expect, test } from "vitest";
import { play } from "../support/feed-model/run.ts";
import { scenarios } from "../support/feed-model/scenario.ts";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";

const IN_THE_SUITE = 300;

test(
  "every reader gets each of its events exactly once, whatever the upstream does",
  async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        expect(await play(scenario)).toEqual([]);
      }),
      propertyRuns(IN_THE_SUITE),
    );
  },
  propertyTimeout(IN_THE_SUITE),
);
