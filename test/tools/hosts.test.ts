import { expect, onTestFinished, test } from "vitest";
import { defaultTimeout, SAFE_TIMEOUT_SECONDS } from "../../src/tools/hosts.ts";
import { openToolWorld } from "../support/tool-world.ts";

test("a wait that names no time is over before any host ends it", () => {
  expect(SAFE_TIMEOUT_SECONDS).toBeLessThan(30);
  for (const name of [undefined, "", "claude-ai", "Cursor", "claude-code-but-another"]) {
    for (const asksForProgress of [true, false]) {
      expect(defaultTimeout(name, asksForProgress)).toBe(SAFE_TIMEOUT_SECONDS);
    }
  }
});

test("it may take longer where the host is known to keep calls alive on progress, and asked for it", () => {
  expect(defaultTimeout("claude-code", true)).toBe(120);
  expect(defaultTimeout("Claude-Code", true)).toBe(120);
  expect(defaultTimeout("claude-code", false)).toBe(SAFE_TIMEOUT_SECONDS);
});

test.each([
  ["claude-code", true, 120],
  ["claude-code", false, 25],
  ["claude-ai", true, 25],
])("a wait of %s (asking for progress: %s) takes %d seconds", async (clientName, asksForProgress, expected) => {
  const { call, clock, close } = await openToolWorld({ clientName });
  onTestFinished(close);
  const startedAt = clock.now();
  const options = asksForProgress ? { onprogress: () => {} } : {};
  await clock.until(call("wait_for_webset_event", { types: ["monitor.*"] }, options));
  expect((clock.now() - startedAt) / 1_000).toBeCloseTo(expected, 0);
});
