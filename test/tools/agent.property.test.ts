import fc from "fast-check";
import { expect, test } from "vitest";
import { play } from "../support/agent-model/run.ts";
import { stories } from "../support/agent-model/scenario.ts";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";

const IN_THE_SUITE = 40;
/** Each is some fifty calls of the whole server, and takes as long as more than ten worlds of the feed or the waits. */
const SHARE = 0.1;

test(
  "an agent that does what results say hears of each event, each ready item and each problem once, and stops",
  async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        expect(await play(story)).toEqual([]);
      }),
      propertyRuns(IN_THE_SUITE, SHARE),
    );
  },
  propertyTimeout(IN_THE_SUITE),
);
