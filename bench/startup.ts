// How long a host waits for this server's tools, held against a server that does nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../scripts/project.mjs";
import { median, report } from "./support/report.ts";
import { type Era, timeToTools } from "./support/time-to-tools.ts";

const RUNS = 20;
/** At most this many times the server that does nothing. From Node 22.8 on, ours alone uses Node's compile cache, which is warm here. */
const TARGET = Number(process.versions.node.split(".")[0]) >= 24 ? 1 : 1.15;
const ERAS: Era[] = ["2025-11-25", "2026-07-28"];

const folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
// The way of bundling that starts fastest.
const oneTool = join(folder, "one-tool.cjs");
await build({
  absWorkingDir: root,
  entryPoints: ["bench/support/one-tool-server.ts"],
  outfile: oneTool,
  bundle: true,
  minify: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
});

const ours = join(root, "dist", "cli.js");
const subjects: { name: string; era: Era | null; run: () => Promise<number> }[] = [
  { name: "node -e 0", era: null, run: nodeAlone },
  ...ERAS.flatMap((era) => [
    { name: `one tool, ${era}`, era, run: () => timeToTools(oneTool, era) },
    { name: `websets-events-mcp, ${era}`, era, run: () => timeToTools(ours, era) },
  ]),
];

// The first round warms the disk cache and does not count. All take turns, so that a slow moment hits them all.
const times = new Map(subjects.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round <= RUNS; round++) {
  for (const { name, run } of subjects) {
    const elapsed = await run();
    if (round > 0) times.get(name)?.push(elapsed);
  }
}

const measured = subjects.map(({ name, era }) => {
  const runs = times.get(name) ?? [];
  const base = era === null ? undefined : median(times.get(`one tool, ${era}`) ?? []);
  return { name, medianMs: median(runs), ratio: base === undefined ? null : median(runs) / base, runsMs: runs };
});
report({
  name: "startup",
  what: `from spawn to the answer to tools/list, median of ${RUNS} runs that take turns`,
  columns: ["", "median", "fastest", "ratio"],
  rows: measured.map(({ name, medianMs, ratio, runsMs }) => [
    name,
    `${medianMs.toFixed(0)} ms`,
    `${Math.min(...runsMs).toFixed(0)} ms`,
    ratio === null ? "" : ratio.toFixed(2),
  ]),
  measured,
});

const worst = Math.max(...measured.map(({ ratio }) => ratio ?? 0));
const met = worst <= TARGET;
console.log(`\n${met ? "met" : "MISSED"}: at most ${TARGET.toFixed(2)} times the server with one tool`);
if (!met) process.exitCode = 1;

async function nodeAlone(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - started;
}
