// What it costs that N agents wait for one Webset to be idle, held against the same waits as exa-js does them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../scripts/project.mjs";
import { DEMO_WEBSET } from "../src/sandbox/scenarios.ts";
import { createSandbox } from "../src/sandbox/server.ts";
import { systemClock } from "../src/shared/clock.ts";
import { call, connect } from "./support/mcp-client.ts";
import { type ProcessCost, processCost } from "./support/process-cost.ts";
import { report } from "./support/report.ts";

const COUNTS = [1, 10, 100, 1_000];
/** So long a Webset lives before it is canceled, which makes it idle: several times, for a poll loop has a phase. */
const LIVES_MS = [12_200, 12_700];

interface Measured extends ProcessCost {
  who: string;
  waits: number;
  requestsPerMinute: number;
  delaysMs: number[];
}

const results: Measured[] = [];
for (const waits of COUNTS) {
  for (const [who, wait] of [
    ["exa-js", waitAsExaJs],
    ["websets-events-mcp", waitAsOurs],
  ] as const) {
    const runs: Measured[] = [];
    for (const life of LIVES_MS) runs.push({ who, waits, ...(await measure(life, (url, id) => wait(url, id, waits))) });
    results.push({
      who,
      waits,
      requestsPerMinute: mean(runs.map((run) => run.requestsPerMinute)),
      delaysMs: runs.flatMap((run) => run.delaysMs),
      cpuMs: mean(runs.map((run) => run.cpuMs)),
      peakMiB: mean(runs.map((run) => run.peakMiB)),
    });
  }
}
report({
  name: "waits",
  what: `N waits for one Webset to be idle, which it is after about ${Math.round((LIVES_MS[0] ?? 0) / 1_000)} s`,
  columns: ["", "waits", "requests/min", "delay median", "p99", "CPU", "peak RSS"],
  rows: results.map((row) => [
    row.who,
    row.waits,
    Math.round(row.requestsPerMinute),
    `${Math.round(quantile(row.delaysMs, 0.5))} ms`,
    `${Math.round(quantile(row.delaysMs, 0.99))} ms`,
    `${Math.round(row.cpuMs)} ms`,
    `${Math.round(row.peakMiB)} MiB`,
  ]),
  measured: results.map(({ delaysMs, ...row }) => ({
    ...row,
    delayMedianMs: quantile(delaysMs, 0.5),
    delayP99Ms: quantile(delaysMs, 0.99),
  })),
});

type Waiting = { returned: Promise<number[]>; cost(): ProcessCost; end(): Promise<void> };

async function measure(lifeMs: number, wait: (url: string, websetId: string) => Promise<Waiting>) {
  const sandbox = createSandbox({ clock: systemClock, seed: lifeMs });
  const { url } = await sandbox.listen(0);
  try {
    const { id } = sandbox.world.createWebset(DEMO_WEBSET);
    const waiting = await wait(url, id);
    const before = waiting.cost();
    const startedAt = Date.now();
    const asked = sandbox.requests.total;
    await systemClock.sleep(lifeMs);
    const minutes = (Date.now() - startedAt) / 60_000;
    const requestsPerMinute = (sandbox.requests.total - asked) / minutes;
    sandbox.world.cancelWebset(id);
    const returned = await waiting.returned;
    const idle = [...sandbox.world.events.walk({ order: "newest-first", types: ["webset.idle"] })][0];
    if (idle === undefined) throw new Error("the Webset never was idle");
    const after = waiting.cost();
    await waiting.end();
    const delaysMs = returned.map((at) => at - idle.time);
    return { requestsPerMinute, delaysMs, cpuMs: after.cpuMs - before.cpuMs, peakMiB: after.peakMiB };
  } finally {
    await sandbox.close();
  }
}

async function waitAsOurs(url: string, websetId: string, count: number): Promise<Waiting> {
  const connected = await connect(url, "--max-wait", "300");
  const one = async () => {
    const { outcome } = await call<{ outcome: string }>(connected, "wait_for_webset", {
      websetId,
      until: "idle",
      timeoutSeconds: 120,
    });
    if (outcome !== "reached") throw new Error(`a wait ended as ${outcome}`);
    return Date.now();
  };
  const returned = Promise.all(Array.from({ length: count }, one));
  await systemClock.sleep(500);
  return { returned, cost: () => processCost(connected.pid), end: connected.close };
}

async function waitAsExaJs(url: string, websetId: string, count: number): Promise<Waiting> {
  const script = join(root, "scripts", "run.mjs");
  const waiters = join(root, "bench", "support", "exa-js-waiters.ts");
  const child = spawn(process.execPath, [script, waiters, url, websetId, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [, pid] = String((await lines.next()).value).split(" ");
  const returned = lines.next().then(({ value }) => JSON.parse(value as string) as number[]);
  await systemClock.sleep(500);
  return {
    returned,
    cost: () => processCost(Number(pid)),
    async end() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
