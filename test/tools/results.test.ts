import { expect, test } from "vitest";
import { nowOf } from "../../src/tools/results.ts";

const NOW = Date.parse("2026-11-01T12:00:00.000Z");

test.each([
  ["nothing", [], 0],
  ["what is older", [-5_000, -1], 0],
  ["what was created a moment later, by a clock of a finer grain", [-5_000, 800], 800],
  ["what is stamped wrongly, far ahead", [800, 3_600_000], 800],
])("now is not before what a result tells of: %s", (_, ages, ahead) => {
  const upstreamClock = { told: NOW } as Parameters<typeof nowOf>[0]["upstreamClock"];
  const times = ages.map((age) => NOW + age);
  expect(nowOf({ upstreamClock }, times)).toEqual({ now: new Date(NOW + ahead).toISOString() });
});
