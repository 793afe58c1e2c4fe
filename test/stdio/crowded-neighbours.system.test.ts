import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { test } from "../attacks/attack.ts";
import { websetState } from "../support/attack-upstream.ts";
import { cpuSeconds, peakMiB } from "../support/process-usage.ts";

const WAITS = 1_000;
const FOREIGN = 1_900;
/**
 * What telling them all takes of a processor's time is some 0.5 s: with it none is told more than 1.5 s late, a poll a second, and no other
 * answer is held up. Where each reader went through all that is remembered, it was 14 s.
 */
const MOST_CPU_SECONDS = 2;

test("1,000 waits beside 1,900 foreign events a minute all get theirs, and stay small", async ({
  upstream,
  connect,
}) => {
  upstream.websets.set("ws_1", () => websetState("ws_1", "running", "running"));
  const session = await connect(["--poll-interval", "1"]);
  const begun = upstream.now;
  for (let at = -60_000; at < 30_000; at += 60_000 / FOREIGN)
    upstream.tell({ at: begun + Math.floor(at), websetId: "foreign" });
  const from = new Date(upstream.began - 60_000).toISOString();
  const waiting = Array.from({ length: WAITS }, async () => {
    const args = { websetId: "ws_1", after: from, timeoutSeconds: 25, types: ["webset.item.created"] };
    const { value, error } = await session.call("wait_for_webset_event", args);
    return { at: upstream.now, outcome: value?.outcome, error };
  });
  await sleep(10_000);
  const pings: number[] = [];
  const pinging = (async () => {
    for (let n = 0; n < 10; n++) {
      const before = performance.now();
      await session.listResources();
      pings.push(performance.now() - before);
      await sleep(300);
    }
  })();
  const pid = session.program.child.pid ?? 0;
  const [toldAt, cpuBefore] = [upstream.now, cpuSeconds(pid)];
  upstream.tell({ at: toldAt, websetId: "ws_1" });
  const ended = await Promise.all(waiting);
  const cpu = cpuSeconds(pid) - cpuBefore;
  await pinging;
  const late = Math.max(...ended.map(({ at }) => at - toldAt));
  const peak = peakMiB(pid);
  const slowest = Math.round(Math.max(...pings));
  if (process.env.MEASURE !== undefined) process.stderr.write(`${JSON.stringify({ late, slowest, peak, cpu })}\n`);
  expect(ended.filter(({ outcome }) => outcome !== "events")).toEqual([]);
  expect(ended.every(({ error }) => error === undefined)).toBe(true);
  expect(cpu).toBeLessThan(MOST_CPU_SECONDS);
  expect(peak).toBeLessThan(300);
});
