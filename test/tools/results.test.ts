import { expect, test } from "vitest";
import { WebsetsError } from "../../src/shared/errors.ts";
import { nowOf, warningOf } from "../../src/tools/results.ts";

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

test("a warning says what to do where that is more than to go on", () => {
  const what = "the proxy p.example:1 asks for a user and a password (407)";
  const told = (advice?: string) => warningOf(new WebsetsError("unavailable", { what, advice })).warning;
  expect(told()).toBe(`The last requests to the API failed (unavailable: ${what}); nothing is lost.`);
  expect(told("Put them into HTTPS_PROXY.")).toMatch(/; nothing is lost\. Put them into HTTPS_PROXY\.$/);
});

test("a warning says how long the API asks to wait", () => {
  const warning = (retryAfterMs?: number) =>
    warningOf(new WebsetsError("rate_limited", { what: "slow", retryAfterMs }));
  expect(warning(53_100)).toEqual({
    warning: "The last requests to the API failed (rate_limited: slow); nothing is lost. The API asks to wait 54 s.",
  });
  expect(warning().warning).toMatch(/nothing is lost\.$/);
});
