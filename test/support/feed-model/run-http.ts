import { createExaClient } from "../../../src/exa/client.ts";
import type { Transport } from "../../../src/exa/http.ts";
import { createSocketTransport } from "../../../src/exa/socket-transport.ts";
import { Feed } from "../../../src/feed/feed.ts";
import { createSandbox } from "../../../src/sandbox/server.ts";
import { UpstreamClock } from "../../../src/shared/upstream-clock.ts";
import { fastClock } from "../fast-clock.ts";
import { runReader } from "./chain.ts";
import { historyOf, latestOf } from "./history.ts";
import { faultsIn } from "./judge.ts";
import { crowdOf, type Scenario } from "./scenario.ts";
import { datesOf, troubleOf } from "./trouble.ts";

/** Real answers take some milliseconds, which are some hundredths of a second of this time. */
const FACTOR = 10;
const CALM_AFTER_MS = 40_000;
const LAST_WAIT_MS = 15_000;
/** So long that also a busy machine finds what there is. */
const LAST_QUIET_MS = 90_000;

/**
 * The same as `play`, over real HTTP: the same promises but for those about the clock, which is that of a busy machine, and
 * without what an upstream gets wrong now and then.
 */
export async function playOverHttp(scenario: Scenario): Promise<string[]> {
  const { upstream, readers } = scenario;
  const events = [...scenario.events, ...crowdOf(scenario)];
  const { listOrder, pageSizeCap } = upstream;
  const clock = fastClock(FACTOR);
  // A refused connection is refused for a second of everybody's time.
  const faults = troubleOf(upstream, ["refused"]);
  const sandbox = createSandbox({ clock, listOrder, pageSizeCap, faults });
  const { url } = await sandbox.listen(0);
  const carrier = createSocketTransport();
  const dated = datesOf(upstream);
  const transport: Transport = async (request) => {
    const answer = await carrier(request);
    const { date, ...headers } = answer.headers;
    return dated() && date !== undefined ? { ...answer, headers: { ...headers, date } } : { ...answer, headers };
  };
  const newFeed = () => {
    const upstreamClock = new UpstreamClock(clock);
    const setup = { baseUrl: new URL(url), apiKey: "any", transport, clock, upstreamClock, version: "0.0.0" };
    const exa = createExaClient(setup);
    return new Feed({ exa, clock, upstreamClock, intervalMs: 1_000 });
  };
  const shared = newFeed();
  // In this order, a busy machine can only make this time run ahead of the sandbox's, which is what no reader may do.
  const begun = clock.now();
  const start = Math.ceil(clock.wallTime());
  for (const { id, type, websetId, at, visibleAt } of events) {
    const own = type === "webset.idle" ? { id: websetId } : { id: `of_${id}`, websetId };
    sandbox.world.record(type, own, { id, createdAt: start + at, visibleAt: start + visibleAt });
  }
  const lastVisible = events.reduce((latest, { visibleAt }) => Math.max(latest, visibleAt), 0);
  const calm = clock.sleep(lastVisible + 1_000).then(async () => {
    faults.clear();
    await clock.sleep(CALM_AFTER_MS);
    return start + latestOf(historyOf(sandbox.world, start));
  });
  const now = () => start + clock.now() - begun;
  const feed = (restarted: boolean) => (restarted ? newFeed() : shared);
  const surroundings = { clock, start, now, feed, calm, lastWaitMs: LAST_WAIT_MS, lastQuietMs: LAST_QUIET_MS };
  try {
    const records = await Promise.all(readers.map((reader) => runReader(reader, surroundings)));
    const history = historyOf(sandbox.world, start);
    const wrong = records.flatMap((record, index) =>
      faultsIn(record, upstream, history, start, { overtimeMs: Infinity, earlyMs: Infinity }).map(
        (fault) => `reader ${index}: ${fault}`,
      ),
    );
    if (shared.tails > 0) wrong.push("a poll loop is running for nobody");
    return wrong;
  } finally {
    await carrier.close();
    await sandbox.close();
  }
}
