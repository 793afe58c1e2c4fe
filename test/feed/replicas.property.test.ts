import fc from "fast-check";
import { expect, test } from "vitest";
import { play, type ReplicaScenario } from "../support/feed-model/run.ts";
import { scenarios } from "../support/feed-model/scenario.ts";
import { propertyRuns, propertyTimeout } from "../support/property-runs.ts";

const IN_THE_SUITE = 80;
/** The feed alone is held against all of them; here it is what replicas share that is new. */
const SHARE = 0.2;

const rate = fc.constantFrom(0, 0, 0.1, 0.5);
const replicas: fc.Arbitrary<ReplicaScenario> = fc.record({
  count: fc.constantFrom(2, 3),
  trouble: fc.record({ away: rate, slow: rate, deadHolder: rate, lost: rate, forgotten: rate, stalled: rate }),
  seed: fc.nat(),
});

/** Each replica has a clock of its own to tell which of two servers is the faster one, if it hears no other. */
const knowable = scenarios.map(({ upstream, ...rest }) => ({
  upstream: upstream.clocks.kind === "two" ? { ...upstream, skewMs: 0 } : upstream,
  ...rest,
}));

test(
  "every reader gets each of its events exactly once, whatever happens to its replicas and to what they share",
  async () => {
    await fc.assert(
      fc.asyncProperty(knowable, replicas, async (scenario, replicated) => {
        expect(await play(scenario, replicated)).toEqual([]);
      }),
      propertyRuns(IN_THE_SUITE, SHARE),
    );
  },
  propertyTimeout(IN_THE_SUITE),
);
