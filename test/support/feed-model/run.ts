import type { Feed } from "../../../src/feed/feed.ts";
import { type FeedWorld, openFeedWorld, type Spoil } from "../feed-world.ts";
import { FlakyState, type StateTrouble } from "../flaky-state.ts";
import { MemoryState } from "../memory-state.ts";
import { promisingMore } from "../pages.ts";
import { runReader } from "./chain.ts";
import { dice } from "./dice.ts";
import { historyOf, latestOf } from "./history.ts";
import { faultsIn } from "./judge.ts";
import { listOf } from "./lists.ts";
import { odditiesOf } from "./oddities.ts";
import { crowdOf, type Scenario } from "./scenario.ts";
import { datesOf, troubleOf } from "./trouble.ts";

/** How long after the last event has become visible a run is calm: everything on its way has arrived or been given up. */
const CALM_AFTER_MS = 15_000;
/** How long nothing comes at the end, where nothing but the pace of the polls, or of the requests, holds it up. */
const LAST_QUIET_MS = 12_000;
const LAST_QUIET_BUDGETED_MS = 60_000;

/** Replicas that read for the same key, each reader's next wait on another one. */
export interface ReplicaScenario {
  count: number;
  trouble: StateTrouble;
  seed: number;
}

/**
 * Plays a scenario against a sandbox, without sockets and on a clock that does not wait. Tells what went wrong, reader by
 * reader; nothing where all is as promised.
 */
export async function play(scenario: Scenario, replicated?: ReplicaScenario): Promise<string[]> {
  const { upstream, readers, budgeted, intervalMs } = scenario;
  const events = [...scenario.events, ...crowdOf(scenario)];
  const { listOrder, pageSizeCap, latencyMs, skewMs } = upstream;
  const faults = troubleOf(upstream);
  const dates = datesOf(upstream);
  const oddities = odditiesOf(upstream, () => fake.now());
  const roll = dice(upstream.seed);
  const spoil: Spoil = (request, next) =>
    oddities.spoil(request, async () => {
      const answer = await list(request, next);
      return upstream.endsPromising ? promisingMore(answer) : answer;
    });
  const latency = () => (upstream.jitters ? Math.floor(2 * roll() * latencyMs) : latencyMs);
  const options = { listOrder, pageSizeCap, latency, skewMs, dates, faults, spoil, budgeted, intervalMs };
  const opened = openFeedWorld(options);
  const list = listOf(upstream, opened);
  const { fake, clock, start, now, trouble } = opened;
  for (const { id, type, websetId, at, visibleAt } of events) {
    opened.record(type, { id, at: start + at, late: visibleAt - at, websetId });
  }
  const lastVisible = events.reduce((latest, { visibleAt }) => Math.max(latest, visibleAt), 0);
  const replicas = replicated && replicasOf(replicated, opened);
  const calm = fake.sleep(lastVisible + 1_000).then(async () => {
    faults.clear();
    replicas?.clear();
    oddities.clear();
    trouble.latency = () => 0;
    await fake.sleep(CALM_AFTER_MS);
    return start + latestOf(historyOf(opened.world, start));
  });
  const alone = (restarted: boolean) => (restarted ? opened.newFeed() : opened.feed);
  const feed = replicas?.feed ?? alone;
  const lastQuietMs = budgeted ? LAST_QUIET_BUDGETED_MS : LAST_QUIET_MS;
  const running = readers.map((reader) =>
    runReader(reader, { clock, start, now, feed, calm, lastWaitMs: 12_000, lastQuietMs }),
  );
  const records = await fake.until(Promise.all(running));
  const history = historyOf(opened.world, start);
  const wrong = records.flatMap((record, index) =>
    faultsIn(record, upstream, history, start).map((fault) => `reader ${index}: ${fault}`),
  );
  // What troubles replicas has an end of its own.
  await fake.advance(replicas === undefined ? 0 : 20_000);
  if (opened.feed.tails + (replicas?.tails() ?? 0) > 0) wrong.push("a poll loop is running for nobody");
  if (fake.sleeping > 0) wrong.push(`${fake.sleeping} are asleep for nobody`);
  await opened.sandbox.close();
  return wrong;
}

function replicasOf({ count, trouble, seed }: ReplicaScenario, { clock, newFeed }: FeedWorld) {
  const roll = dice(seed);
  const store = new MemoryState(clock);
  const views: FlakyState[] = [];
  const all: Feed[] = [];
  const start = () => {
    const state = new FlakyState(store, clock, trouble, roll);
    const feed = newFeed({ state, tenant: "tenant" });
    views.push(state);
    all.push(feed);
    return feed;
  };
  const feeds = Array.from({ length: count }, start);
  return {
    feed: (restarted: boolean) => {
      const index = Math.floor(roll() * count);
      if (restarted) feeds[index] = start();
      return feeds[index] as Feed;
    },
    tails: () => all.reduce((sum, { tails }) => sum + tails, 0),
    clear: () => {
      for (const view of views) view.clear();
    },
  };
}
