// How late N waits for events of one Webset are told, while others' events keep coming.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../scripts/project.mjs";
import { createSandbox } from "../src/sandbox/server.ts";
import { systemClock } from "../src/shared/clock.ts";
import { processCost } from "./support/process-cost.ts";
import { report } from "./support/report.ts";

const WAITS = [1, 100, 1_000];
/** So many events of another Webset a minute, and in the minute before the waits begin. */
const FOREIGN = 1_900;
const MINUTE_MS = 60_000;
const TYPE = "webset.item.created";
/** So long after the waits began their event comes, and so long after it all are looked at, in milliseconds. */
const TOLD_AFTER_MS = 12_000;
const LOOKED_AT_MS = 4_000;

// For the server, as in `node scripts/run.mjs bench/neighbours.ts --cpu-prof`.
const nodeOptions = process.argv.slice(2);

const rows = [];
for (const waits of WAITS) rows.push(await measure(waits));
report({
  name: "neighbours",
  what: `N waits for an item of one Webset, beside ${FOREIGN} items of another each minute`,
  columns: ["waits", "delay median", "longest", "longest ping", "CPU", "peak RSS"],
  rows: rows.map((row) => [
    row.waits,
    `${row.delayMedianMs} ms`,
    `${row.delayMostMs} ms`,
    `${row.pingMostMs} ms`,
    `${Math.round(row.cpuMs)} ms`,
    `${Math.round(row.peakMiB)} MiB`,
  ]),
  measured: rows,
});

async function measure(waits: number) {
  const sandbox = createSandbox({ clock: systemClock });
  const { url } = await sandbox.listen(0);
  const { id } = sandbox.world.createWebset({ title: "Makers of kites" });
  let items = 0;
  const tell = (websetId: string, createdAt: number) => {
    const properties = { type: "company", url: "https://example.com", description: "x".repeat(500) };
    sandbox.world.record(TYPE, { id: `item_${items++}`, object: "webset_item", websetId, properties }, { createdAt });
  };
  const began = Date.now();
  for (let n = 1; n <= FOREIGN; n++)
    tell("webset_of_others", began - MINUTE_MS + Math.floor((n * MINUTE_MS) / FOREIGN));
  const others = setInterval(() => tell("webset_of_others", Date.now()), MINUTE_MS / FOREIGN);

  const after = new Date(began - MINUTE_MS).toISOString();
  const args = JSON.stringify({ websetId: id, types: [TYPE], after, timeoutSeconds: 25 });
  const client = spawn(
    process.execPath,
    [
      join(root, "scripts", "run.mjs"),
      join(root, "bench", "support", "line-client.ts"),
      ...[url, String(waits), args, ...nodeOptions],
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  await systemClock.sleep(TOLD_AFTER_MS);
  const toldAt = Date.now();
  tell(id, toldAt);
  await systemClock.sleep(LOOKED_AT_MS);
  const cost = processCost(pid);
  client.stdin.write("\n");
  const { waited, pingsMs } = JSON.parse((await lines.next()).value as string);
  client.stdin.end();
  await once(client, "exit");
  clearInterval(others);
  await sandbox.close();
  const delays: number[] = waited
    .filter(({ structuredContent }: Waited) => structuredContent?.outcome === "events")
    .map(({ at }: Waited) => at - toldAt)
    .sort((a: number, b: number) => a - b);
  if (delays.length < waits) throw new Error(`${waits - delays.length} waits were not told in ${LOOKED_AT_MS} ms`);
  return {
    waits,
    delayMedianMs: delays[delays.length >> 1],
    delayMostMs: delays.at(-1),
    pingMostMs: Math.max(...pingsMs),
    ...cost,
  };
}

interface Waited {
  at: number;
  structuredContent?: { outcome: string };
}
