import fc from "fast-check";
import { expect, test } from "vitest";
import { play } from "../support/agent-model/run.ts";
import { type Call, type Story, stories } from "../support/agent-model/scenario.ts";
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

const PLAIN: Call = {
  ...{ pauseMs: 0, restarted: false, aside: undefined, atLeast: undefined, limit: undefined },
  ...{ timeoutSeconds: undefined, detail: undefined },
};
/** A story that once went wrong: a new program reads an item, and meets the event that tells of it before it has the answer. */
const READ_AND_MET: Story = {
  budgeted: true,
  upstream: {
    ...{ listOrder: "newest-first", pageSizeCap: 200, latencyMs: 0, dates: "always", skewMs: -600_000, seed: 16 },
    ...{ trouble: "often", lateMs: 0, lagMs: 0 },
  },
  odd: { stale: 0.6, ahead: 0.6, again: 0.2 },
  websets: [
    { count: 2, enrichments: 0 },
    { count: 2, enrichments: 2 },
  ],
  deeds: [],
  agents: [
    {
      ...{ startMs: 0, isApart: false, filter: { itemsReady: true }, begin: "progress" },
      calls: [
        { ...PLAIN, atLeast: 2, limit: 1, timeoutSeconds: 0 },
        { ...PLAIN, limit: 1, timeoutSeconds: 7 },
        { ...PLAIN, restarted: true, limit: 1, timeoutSeconds: 7 },
        { ...PLAIN, atLeast: 50, timeoutSeconds: 0 },
        { ...PLAIN, restarted: true },
      ],
    },
  ],
};

test("an item that is read while its event tells of it is told once", async () => {
  expect(await play(READ_AND_MET)).toEqual([]);
});
