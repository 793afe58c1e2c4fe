import { WebsetsError } from "../../../src/shared/errors.ts";
import { WebsetStates } from "../../../src/webset/states.ts";
import { waitForWebset } from "../../../src/webset/wait.ts";
import { dice } from "../feed-model/dice.ts";
import { troubleOf } from "../feed-model/trouble.ts";
import { openFeedWorld } from "../feed-world.ts";
import { History } from "./history.ts";
import { type Conditions, faultsOf, type Waited } from "./judge.ts";
import { lagging } from "./lagging.ts";
import { odditiesOf } from "./oddities.ts";
import { type Deed, EXTERNAL_ID, type Life, SPEED, type Waiter } from "./scenario.ts";

const QUERY = "Robot makers in Europe";

/** Plays a life and those who wait for it, and tells what went wrong, waiter by waiter; nothing where all is as promised. */
export async function play(life: Life): Promise<string[]> {
  const { count, latencyMs, dates, lateMs, lagMs, tellsUpdates, trouble, seed, down } = life;
  const roll = dice(seed);
  const delays = new Map<string, number>();
  const visibilityDelay = (type: string) => {
    const delay = delays.get(type) ?? Math.floor(roll() * (lateMs + 1));
    delays.set(type, delay);
    return delay;
  };
  const faults = lagging(troubleOf({ trouble, seed }), {
    history: () => history,
    now: () => fake.now(),
    lagMs,
    tellsUpdates,
  });
  const opened = openFeedWorld({
    speed: SPEED,
    visibilityDelay,
    latency: () => latencyMs,
    dates: dates !== "none",
    faults,
    spoil: odditiesOf(life, () => fake.now()),
  });
  const { fake, world } = opened;
  const history = new History(world, () => fake.now());

  const create = () =>
    world.createWebset({
      externalId: EXTERNAL_ID,
      ...(count === undefined ? {} : { search: { query: QUERY, count } }),
    });
  const exists = () => history.between(fake.now(), fake.now()).at(-1)?.state;
  const act = ({ act, which }: Deed) => {
    const state = exists();
    if (state === undefined) {
      if (act === "create again") create();
      return;
    }
    const searchId = state.searches[which]?.id;
    if (act === "search") world.createSearch(state.id, { query: QUERY, count: 1 + which, behavior: "append" });
    if (act === "cancel search" && searchId !== undefined) world.cancelSearch(state.id, searchId);
    if (act === "fail search") world.failSearch(state.id);
    if (act === "cancel webset") world.cancelWebset(state.id);
    if (act === "pause") world.pauseWebset(state.id);
    if (act === "resume") world.resumeWebset(state.id);
    if (act === "delete") world.deleteWebset(state.id);
    if (act === "enrich") world.createEnrichment(state.id, { description: "Year founded" });
  };
  const run = async ({ at, until, which, byExternalId, timeoutMs, apart }: Waiter): Promise<Waited | undefined> => {
    await fake.sleep(at);
    const state = exists();
    // Nobody knows an id before there is one.
    if (state === undefined && !byExternalId) return undefined;
    const searchId = which === undefined ? undefined : state?.searches[which]?.id;
    const id = byExternalId ? undefined : state?.id;
    const begun = fake.now();
    const { exa, clock } = opened;
    const feed = apart ? opened.newFeed() : opened.feed;
    const states = apart ? new WebsetStates(exa, clock) : opened.states;
    const signal = new AbortController().signal;
    const waiting = waitForWebset({
      exa,
      clock,
      feed,
      states,
      websetId: id ?? EXTERNAL_ID,
      until,
      searchId,
      timeoutMs,
      signal,
    });
    const result = await waiting.catch((error: unknown) => {
      if (error instanceof WebsetsError) return { error: error.kind };
      throw error;
    });
    return { until, searchId, id, timeoutMs, begun, ended: fake.now(), result };
  };

  create();
  // Another Webset has a life of its own, of which nobody here may hear.
  world.createWebset({ search: { query: QUERY, count: 2 } });
  history.note();
  const deeds = (async () => {
    for (const deed of life.deeds) {
      await fake.sleep(deed.at - fake.now());
      act(deed);
      history.note();
    }
  })();
  const waits = await fake.until(Promise.all(life.waiters.map(run)));
  await fake.until(deeds);
  const conditions: Conditions = {
    ...{ latencyMs, lateMs, lagMs, tellsUpdates, down },
    dates: dates !== "none" && dates !== "two clocks",
    hasTwoClocks: dates === "two clocks",
    odd: life.odd,
    troubled: trouble !== "none",
  };
  const wrong = waits.flatMap((waited, index) =>
    waited === undefined ? [] : faultsOf(waited, history, conditions).map((fault) => `waiter ${index}: ${fault}`),
  );
  if (opened.feed.tails > 0) wrong.push("a poll loop is running for nobody");
  await opened.sandbox.close();
  return wrong;
}
