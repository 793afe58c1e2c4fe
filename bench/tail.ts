// What `tail --json --since 1d` takes over 100,000 events, which another process holds: time, memory, requests.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../scripts/project.mjs";
import { startBacklog } from "./support/backlog.ts";
import { processCost } from "./support/process-cost.ts";
import { report } from "./support/report.ts";

const EVENTS = 100_000;
/** The backlog stretches over so long, in milliseconds. */
const SPAN_MS = 20 * 3_600_000;
const FORMS = [[], ["--full"]];

const rows = [];
for (const flags of FORMS) rows.push(await measure(flags));
report({
  name: "tail",
  what: `tail --json --since 1d --no-follow over ${EVENTS.toLocaleString("en")} events, at 5 requests a second`,
  columns: ["flags", "events", "first line", "all", "requests", "peak RSS", "CPU"],
  rows: rows.map((row) => [
    row.flags,
    row.events,
    `${Math.round(row.firstMs)} ms`,
    `${(row.allMs / 1_000).toFixed(1)} s`,
    row.requests,
    `${row.peakMiB.toFixed(1)} MiB`,
    `${(row.cpuMs / 1_000).toFixed(1)} s`,
  ]),
  measured: rows,
});

async function measure(flags: string[]) {
  const backlog = await startBacklog(EVENTS, SPAN_MS, "items");
  const startedAt = performance.now();
  const args = ["tail", "--json", "--since", "1d", "--no-follow", ...flags];
  const child = spawn(process.execPath, [join(root, "dist", "cli.js"), ...args], {
    env: { EXA_BASE_URL: backlog.url, EXA_API_KEY: "bench" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [events, firstMs, allMs] = [0, 0, 0];
  // It is gone before its last line is read, and its cost with it.
  let cost = { cpuMs: 0, peakMiB: 0 };
  const looking = setInterval(() => {
    if (child.exitCode === null) cost = processCost(child.pid as number);
  }, 100);
  child.stdout.on("data", (chunk: Buffer) => {
    if (events === 0) firstMs = performance.now() - startedAt;
    for (const byte of chunk) if (byte === 10) events++;
    allMs = performance.now() - startedAt;
  });
  const [code] = await once(child, "close");
  clearInterval(looking);
  const requests = await backlog.end();
  if (code !== 0) throw new Error(`tail ended with ${code}`);
  return { flags: flags.join(" "), events, firstMs, allMs, requests, ...cost };
}
