import fc from "fast-check";
import { expect, test } from "vitest";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";
import { play } from "../support/wait-model/run.ts";
import { lives } from "../support/wait-model/scenario.ts";

const IN_THE_SUITE = 200;

test(
  "no wait for a Webset waits for what has happened, or reports what has not, whatever becomes of it",
  async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        expect(await play(life)).toEqual([]);
      }),
      propertyRuns(IN_THE_SUITE),
    );
  },
  propertyTimeout(IN_THE_SUITE),
);
