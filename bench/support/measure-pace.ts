import { createExaClient } from "../../src/exa/client.ts";
import type { Transport } from "../../src/exa/http.ts";
import { Feed } from "../../src/feed/feed.ts";
import { DEMO_WEBSET } from "../../src/sandbox/scenarios.ts";
import { createSandbox } from "../../src/sandbox/server.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { waitForWebset } from "../../src/webset/wait.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { dice } from "../../test/support/feed-model/dice.ts";
import { median } from "./report.ts";

export const COUNTS = [10, 25, 50, 100];
/** What a search says of the time it has left is wrong by up to so much, in either direction: as recorded. */
export const WRONG_BY = 4;

interface Wait {
  requests: number;
  delayMs: number;
}

type End = "completed" | "canceled";

/** What waits cost, each for the search of one Webset. */
export interface Pace {
  name: string;
  /** Of one wait, on average. */
  requests: number;
  /** Between the search's end and that of the wait: the median, and the most. */
  delayMs: number;
  longestMs: number;
}

/** A look every second and `wait_for_webset`, where the searches of so many Websets are completed or canceled; in simulated time. */
export async function measurePace(worlds: number): Promise<Record<End, { fixed: Pace; ours: Pace }>> {
  const measure = async (end: End) => {
    const [ours, fixed]: [Wait[], Wait[]] = [[], []];
    for (let world = 0; world < worlds; world++) {
      const count = COUNTS[world % COUNTS.length] as number;
      ours.push(await simulate(world, { count, end }, waitWithEvents));
      fixed.push(await simulate(world, { count, end }, pollEverySecond));
    }
    return {
      fixed: paceOf(`a look every second, ${end}`, fixed),
      ours: paceOf(`wait_for_webset, ${end}`, ours),
    };
  };
  return { completed: await measure("completed"), canceled: await measure("canceled") };
}

function paceOf(name: string, waits: Wait[]): Pace {
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

async function simulate(
  seed: number,
  { count, end }: { count: number; end: End },
  wait: (world: World) => Promise<void>,
): Promise<Wait> {
  const clock = new FakeClock();
  const roll = dice(seed);
  const wrong = WRONG_BY ** (2 * roll() - 1);
  const sandbox = createSandbox({ clock, seed: seed + 1 });
  // Where the wait begins within the first second decides at which phase it polls.
  await clock.advance(137 * seed);
  const { id } = sandbox.world.createWebset({ search: { ...DEMO_WEBSET.search, query: "Robots", count } });
  await clock.advance(2_000 + ((seed * 331) % 1_000));
  const transport: Transport = async ({ method, url, headers }) => {
    await clock.sleep(40);
    const answer = await sandbox.handle({ method, url: url.pathname + url.search, headers });
    return {
      ...answer,
      body: answer.body.replaceAll(/(?<="timeLeft":)\d+/g, (left) => String(Math.round(Number(left) * wrong))),
    };
  };
  const waiting = wait({ seed, clock, transport, websetId: id });
  if (end === "canceled") {
    // Before the shortest search can end.
    await clock.advance(2_000 + 6_000 * roll());
    sandbox.world.cancelWebset(id);
  }
  await clock.until(waiting);
  const types = [`webset.search.${end}`];
  const [completed] = sandbox.world.events.walk({ order: "newest-first", types });
  if (completed === undefined) throw new Error(`the search was never ${end}`);
  const requests = sandbox.requests.total;
  await sandbox.close();
  return { requests, delayMs: clock.wallTime() - completed.time };
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
  const states = new WebsetStates(exa, clock);
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
  if (outcome !== "reached" && outcome !== "canceled") throw new Error(`the wait ended as ${outcome}`);
}

async function pollEverySecond({ clock, transport, websetId }: World): Promise<void> {
  const url = new URL(`http://127.0.0.1/websets/v0/websets/${websetId}`);
  const signal = new AbortController().signal;
  for (;;) {
    const { body } = await transport({ method: "GET", url, headers: { "x-api-key": "bench" }, signal });
    const { searches } = JSON.parse(body) as { searches: { status: string }[] };
    if (searches.every((search) => search.status === "completed" || search.status === "canceled")) return;
    await clock.sleep(1_000);
  }
}
