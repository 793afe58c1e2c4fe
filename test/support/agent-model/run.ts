import { dice } from "../feed-model/dice.ts";
import { datesOf, troubleOf } from "../feed-model/trouble.ts";
import { openFeedWorld, type Spoil } from "../feed-world.ts";
import { connectTools } from "../tool-world.ts";
import { Account } from "./account.ts";
import { runAgent, type Surroundings } from "./agent.ts";
import { faultsIn } from "./judge.ts";
import { type Agent, SPEED, type Story } from "./scenario.ts";

/** After the last deed trouble goes on for so long, in milliseconds, and then the Websets of the account come to their ends. */
const TROUBLE_MS = 8_000;

/** Plays a story and tells what went wrong, agent by agent; nothing where all is as promised. */
export async function play(story: Story): Promise<string[]> {
  const { upstream, budgeted, deeds, agents } = story;
  const { listOrder, pageSizeCap, latencyMs, skewMs, seed, lateMs } = upstream;
  const roll = dice(seed);
  const faults = troubleOf(upstream);
  const lag: Spoil = (request, next) => account.lag(request, next);
  const opened = openFeedWorld({
    ...{ listOrder, pageSizeCap, skewMs, faults, budgeted },
    speed: SPEED,
    visibilityDelay: () => Math.floor(roll() * (lateMs + 1)),
    latency: () => latencyMs,
    dates: datesOf(upstream),
    spoil: lag,
  });
  const { fake, now, world } = opened;
  const account = new Account(world, story, now, roll);
  let isCalm = false;
  const living = (async () => {
    for (const deed of deeds) {
      await fake.sleep(deed.at - fake.now());
      account.act(deed);
    }
    await fake.sleep(TROUBLE_MS);
    faults.clear();
    isCalm = true;
  })();

  type Process = Awaited<ReturnType<typeof start>>;
  const processes: Process[] = [];
  const start = async () => {
    const deps = opened.newProcess();
    return { deps, tools: await connectTools({ ...deps, maxWaitSeconds: undefined }) };
  };
  const common = await start();
  processes.push(common);
  const live = async (agent: Agent, index: number) => {
    let own = agent.isApart ? await start() : common;
    if (own !== common) processes.push(own);
    const surroundings: Surroundings = {
      now,
      sleep: (ms) => fake.sleep(ms),
      tools: () => own.tools,
      async restart() {
        own = await start();
        processes.push(own);
      },
      nameOf: (webset) => (index % 2 === 1 ? `mine-${webset % story.websets.length}` : account.idOf(webset)),
      tellsTime: upstream.dates === "always",
      isCalm: () => isCalm,
    };
    return runAgent(agent, surroundings);
  };
  const records = await fake.until(Promise.all(agents.map(live)));
  await fake.until(living);
  const events = [...world.events.walk({ order: "oldest-first" })];
  await fake.advance(0);
  const idOf = (webset: number) => account.idOf(webset);
  const wrong = records.flatMap((record, index) =>
    faultsIn(record, { account, events, lagMs: upstream.lagMs, isTroubled: upstream.trouble !== "none", idOf }).map(
      (fault) => `agent ${index}: ${fault}`,
    ),
  );
  if (processes.some(({ deps }) => deps.feed.tails > 0)) wrong.push("a poll loop is running for nobody");
  for (const { tools } of processes) await tools.close();
  await opened.sandbox.close();
  return wrong;
}
