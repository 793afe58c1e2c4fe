import { describe, expect, onTestFinished, test } from "vitest";
import { borneBy, DEFAULT_TIMEOUT_SECONDS, HOSTS } from "../../src/tools/hosts.ts";
import { openToolWorld } from "../support/tool-world.ts";

describe("what a host bears", () => {
  test.each([undefined, "", "Cursor", "claude-codex", "my-claude-code", "opencoder"])(
    "is less than 30 seconds for %j, of which nobody knows anything",
    (name) => {
      for (const asksForProgress of [true, false]) expect(borneBy(name, asksForProgress)).toBe(28);
    },
  );

  test.each([
    ["claude-ai", 28, 28],
    ["Claude-Code", 50, 240],
    ["codex-mcp-client", 50, 50],
    ["gemini-cli-mcp-client-exa", 50, 50],
    ["opencode", 50, 50],
  ])("%s: %i s, and %i s where it asks for progress", (name, without, withProgress) => {
    expect(borneBy(name, false)).toBe(without);
    expect(borneBy(name, true)).toBe(withProgress);
  });

  test("is a table, in which the default fits every host and no host stands twice", () => {
    for (const { bears, bearsWithProgress = bears, clientName } of HOSTS) {
      expect(bears).toBeGreaterThan(DEFAULT_TIMEOUT_SECONDS);
      expect(bearsWithProgress).toBeGreaterThanOrEqual(bears);
      expect(borneBy(clientName, false)).toBe(bears);
    }
    expect(new Set(HOSTS.map(({ clientName }) => clientName)).size).toBe(HOSTS.length);
  });
});

const WAITS = [
  ["wait_for_webset_event", { types: ["monitor.*"] }],
  ["wait_for_webset", {}],
] as const;

describe.each(WAITS)("%s", (name, args) => {
  test.each([
    ["claude-code", true, undefined, 240],
    ["claude-code", false, undefined, 50],
    ["claude-ai", true, undefined, 28],
    ["unknown", true, undefined, 28],
    ["claude-ai", true, 60, 60],
    ["claude-code", true, 10, 10],
  ])(
    "of %s (asking for progress: %s, --max-wait %s) that would take an hour is over after %d seconds, and says so",
    async (clientName, asksForProgress, maxWaitSeconds, expected) => {
      const { call, clock, world, close } = await openToolWorld({ clientName, maxWaitSeconds, speed: 0.001 });
      onTestFinished(close);
      const { id: websetId } = world.createWebset({ search: { query: "Makers of cargo bikes", count: 100 } });
      const startedAt = clock.now();
      const options = asksForProgress ? { onprogress: () => {} } : {};
      const { value } = await clock.until(call(name, { websetId, timeoutSeconds: 3_600, ...args }, options));
      const seconds = (clock.now() - startedAt) / 1_000;
      expect(seconds).toBeGreaterThanOrEqual(expected);
      expect(seconds).toBeLessThanOrEqual(expected + 1);
      expect(value.next).toContain(`The wait ended after ${expected} of the 3600 s asked for`);
    },
  );

  test("that names no time takes 25 seconds with every host, and says nothing of that", async () => {
    const { call, clock, world, close } = await openToolWorld({ clientName: "claude-code", maxWaitSeconds: undefined });
    onTestFinished(close);
    const { id: websetId } = world.createWebset({});
    const startedAt = clock.now();
    const { value } = await clock.until(call(name, { websetId, ...args }, { onprogress: () => {} }));
    if (name === "wait_for_webset_event") expect((clock.now() - startedAt) / 1_000).toBeCloseTo(25, 0);
    expect(value.next).not.toContain("asked for");
  });
});
