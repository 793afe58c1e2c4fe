// How fast a reader that was away catches up with what it missed, and how much memory that takes.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createRequestBudget } from "../src/exa/budget.ts";
import { createExaClient } from "../src/exa/client.ts";
import { createSocketTransport } from "../src/exa/socket-transport.ts";
import { Feed } from "../src/feed/feed.ts";
import { positionAt } from "../src/feed/position.ts";
import { systemClock } from "../src/shared/clock.ts";
import { UpstreamClock } from "../src/shared/upstream-clock.ts";
import { startBacklog } from "./support/backlog.ts";
import { report } from "./support/report.ts";

const BACKLOGS = [1_000, 10_000, 100_000];
/** The backlog stretches over so long, in milliseconds. */
const SPAN_MS = 6 * 3_600_000;
const MIB = 2 ** 20;
/** What is held is looked at after so many readings: garbage that V8 leaves lying is no memory that reading needs. */
const READINGS_PER_LOOK = 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const rows = [];
for (const events of BACKLOGS) rows.push(await measure(events));
report({
  name: "catch-up",
  what: `reading a backlog of ${SPAN_MS / 3_600_000} hours over HTTP, without the budget of 5 requests a second`,
  columns: ["events", "requests", "first event", "events/s", "heap growth", "most held"],
  rows: rows.map((row) => [
    row.events,
    row.requests,
    `${Math.round(row.firstMs)} ms`,
    Math.round(row.eventsPerSecond),
    `${row.heapGrowthMiB.toFixed(1)} MiB`,
    `${row.mostHeapMiB.toFixed(1)} MiB`,
  ]),
  measured: rows,
});

async function measure(events: number) {
  const backlog = await startBacklog(events, SPAN_MS);
  const transport = createSocketTransport({});
  let requests = 0;
  const upstreamClock = new UpstreamClock(systemClock);
  const exa = createExaClient({
    upstreamClock,
    baseUrl: new URL(backlog.url),
    apiKey: "bench",
    clock: systemClock,
    version: "0",
    transport: (request) => {
      requests++;
      return transport(request);
    },
    budget: createRequestBudget(systemClock, { requestsPerSecond: 1_000_000, burst: 1_000_000 }),
  });
  const feed = new Feed({ exa, upstreamClock, clock: systemClock, intervalMs: 1_000 });
  const stop = new AbortController();
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  let mostHeap = heapBefore;
  let readings = 0;
  let read = 0;
  let firstMs = 0;
  const startedAt = performance.now();
  for await (const news of feed.read({ from: positionAt(backlog.from), signal: stop.signal })) {
    if (news.kind === "retrying") throw news.error;
    if (news.kind !== "read") continue;
    if (read === 0 && news.events.length > 0) firstMs = performance.now() - startedAt;
    read += news.events.length;
    if (++readings % READINGS_PER_LOOK === 0) {
      collectGarbage();
      mostHeap = Math.max(mostHeap, process.memoryUsage().heapUsed);
    }
    if (read >= events) break;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  collectGarbage();
  const heapGrowthMiB = (process.memoryUsage().heapUsed - heapBefore) / MIB;
  await transport.close();
  await backlog.end();
  const mostHeapMiB = (mostHeap - heapBefore) / MIB;
  return { events, requests, firstMs, eventsPerSecond: read / seconds, heapGrowthMiB, mostHeapMiB };
}
