// How many requests a wait costs and how late it returns, held against looking at the Webset once a second.
// Time is simulated, so that many whole lives fit into a few seconds; the sandbox answers as it does over HTTP.

import { createExaClient } from "../src/exa/client.ts";
import type { Transport } from "../src/exa/http.ts";
import { Feed } from "../src/feed/feed.ts";
import { DEMO_WEBSET } from "../src/sandbox/scenarios.ts";
import { createSandbox } from "../src/sandbox/server.ts";
import { UpstreamClock } from "../src/shared/upstream-clock.ts";
import { WebsetStates } from "../src/webset/states.ts";
import { waitForWebset } from "../src/webset/wait.ts";
import { FakeClock } from "../test/support/fake-clock.ts";
import { dice } from "../test/support/feed-model/dice.ts";
import { median, report } from "./support/report.ts";

const WORLDS = 400;
const COUNTS = [10, 25, 50, 100];

interface Wait {
  requests: number;
  delayMs: number;
  seconds: number;
}

const ours: Wait[] = [];
const fixed: Wait[] = [];
for (let world = 0; world < WORLDS; world++) {
  const count = COUNTS[world % COUNTS.length] as number;
  ours.push(await simulate(world, count, waitWithEvents));
  fixed.push(await simulate(world, count, pollEverySecond));
}
const rows = [row("a look every second", fixed), row("wait_for_webset", ours)];
report({
  name: "pace",
  what: `waiting for the searches of ${WORLDS} Websets of ${COUNTS.join(", ")} items, one after another, in simulated time`,
  columns: ["", "requests a wait", "delay median", "delay longest"],
  rows: rows.map(({ name, requests, delayMs, longestMs }) => [
    name,
    requests.toFixed(1),
    `${Math.round(delayMs)} ms`,
    `${Math.round(longestMs)} ms`,
  ]),
  measured: rows,
});

function row(name: string, waits: Wait[]) {
  const delays = waits.map((wait) => wait.delayMs);
  const requests = waits.reduce((sum, wait) => sum + wait.requests, 0) / waits.length;
  return { name, requests, delayMs: median(delays), longestMs: Math.max(...delays) };
}

interface World {
  seed: number;
  clock: FakeClock;
  transport: Transport;
  websetId: string;
}

async function simulate(seed: number, count: number, wait: (world: World) => Promise<void>): Promise<Wait> {
  const clock = new FakeClock();
  const sandbox = createSandbox({ clock, seed: seed + 1 });
  // Where the wait begins within the first second decides at which phase it polls.
  await clock.advance(137 * seed);
  const { id } = sandbox.world.createWebset({ search: { ...DEMO_WEBSET.search, query: "Robots", count } });
  await clock.advance(2_000 + ((seed * 331) % 1_000));
  const transport: Transport = async ({ method, url, headers }) => {
    await clock.sleep(40);
    return sandbox.handle({ method, url: url.pathname + url.search, headers });
  };
  const startedAt = clock.wallTime();
  await clock.until(wait({ seed, clock, transport, websetId: id }));
  const [completed] = sandbox.world.events.walk({ order: "newest-first", types: ["webset.search.completed"] });
  if (completed === undefined) throw new Error("the search was never completed");
  const requests = sandbox.requests.total;
  await sandbox.close();
  const seconds = (clock.wallTime() - startedAt) / 1_000;
  return { requests, delayMs: clock.wallTime() - completed.time, seconds };
}

async function waitWithEvents({ seed, clock, transport, websetId }: World): Promise<void> {
  const upstreamClock = new UpstreamClock(clock);
  const exa = createExaClient({
    upstreamClock,
    baseUrl: new URL("http://127.0.0.1"),
    apiKey: "bench",
    transport,
    clock,
    version: "0",
  });
  const feed = new Feed({ exa, upstreamClock, clock, intervalMs: 1_000, random: dice(seed) });
  const signal = new AbortController().signal;
  const states = new WebsetStates(exa);
  const { outcome } = await waitForWebset({
    exa,
    states,
    feed,
    clock,
    websetId,
    until: "search_completed",
    timeoutMs: 600_000,
    signal,
  });
  if (outcome !== "reached") throw new Error(`the wait ended as ${outcome}`);
}

async function pollEverySecond({ clock, transport, websetId }: World): Promise<void> {
  const url = new URL(`http://127.0.0.1/websets/v0/websets/${websetId}`);
  const signal = new AbortController().signal;
  for (;;) {
    const { body } = await transport({ method: "GET", url, headers: { "x-api-key": "bench" }, signal });
    const { searches } = JSON.parse(body) as { searches: { status: string }[] };
    if (searches.every((search) => search.status === "completed")) return;
    await clock.sleep(1_000);
  }
}
