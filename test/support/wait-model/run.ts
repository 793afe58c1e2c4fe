import { WebsetsError } from "../../../src/shared/errors.ts";
import { type WebsetWait, waitForWebset } from "../../../src/webset/wait.ts";
import { dice } from "../feed-model/dice.ts";
import { troubleOf } from "../feed-model/trouble.ts";
import { openFeedWorld } from "../feed-world.ts";
import { History } from "./history.ts";
import { type Conditions, faultsOf, type Waited } from "./judge.ts";
import { lagging } from "./lagging.ts";
import { odditiesOf } from "./oddities.ts";
import { type Deed, EXTERNAL_ID, type Life, SPEED, type Waiter } from "./scenario.ts";

/** Pages of a list that others read, and their pause after one that failed. */
const MOST_PAGES = 300;
const PAUSE_MS = 1_000;
/** No agent calls without a thought, and none that got no answer is as short of time again. */
const THOUGHT_MS = 300;
const PATIENT_MS = 25_000;
/** So long a request may wait for its turn where nobody else asks, and where others do. */
const QUEUE_MS = 400;
const BUSY_QUEUE_MS = 1_000;

const QUERY = "Robot makers in Europe";

/** Plays a life and those who wait for it, and tells what went wrong, waiter by waiter; nothing where all is as promised. */
export async function play(life: Life): Promise<string[]> {
  const { count, latencyMs, budget, newWords, stop, dates, lateMs, lagMs, tellsUpdates, trouble, seed, down } = life;
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
    newWords,
  });
  const opened = openFeedWorld({
    speed: SPEED,
    visibilityDelay,
    latency: () => latencyMs,
    budgeted: budget !== undefined,
    stoppedFor: (now) => (stop === undefined || now < stop.at ? 0 : Math.max(0, stop.at + stop.forMs - now)),
    dates: dates !== "none",
    faults,
    spoil: odditiesOf(life, () => fake.now()),
  });
  const { fake, world, clock } = opened;
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
  /** Others who read on and on, as lists of hundreds of pages are read. */
  const read = async (signal: AbortSignal) => {
    const { id } = world.createWebset({ search: { query: QUERY, count: 1 } });
    for (let pages = 0; pages < MOST_PAGES && !signal.aborted; pages++) {
      await opened.exa.listItems(id, { limit: 1 }, { signal }).catch(() => clock.sleep(PAUSE_MS, signal));
    }
  };
  const run = async ({ calls, ...waiter }: Waiter): Promise<Waited[]> => {
    await clock.sleep(waiter.at);
    const { exa, feed, states } = waiter.apart ? opened.newProcess() : opened;
    const waits: Waited[] = [];
    for (let timeoutMs = waiter.timeoutMs; waits.length < calls; ) {
      const waited = await call({ ...waiter, timeoutMs }, { exa, feed, states });
      if (waited === undefined) return waits;
      waits.push(waited);
      const { result } = waited;
      if ("error" in result ? result.error !== "unavailable" : result.outcome !== "still_running") return waits;
      // Whoever was told that there was no answer gives it more time.
      if ("error" in result) timeoutMs = Math.max(timeoutMs, PATIENT_MS);
      await clock.sleep(THOUGHT_MS);
    }
    return waits;
  };
  const call = async (
    { until, which, byExternalId, timeoutMs }: Omit<Waiter, "calls">,
    { exa, feed, states }: Pick<WebsetWait, "exa" | "feed" | "states">,
  ): Promise<Waited | undefined> => {
    const state = exists();
    // Nobody knows an id before there is one.
    if (state === undefined && !byExternalId) return undefined;
    const searchId = which === undefined ? undefined : state?.searches[which]?.id;
    const id = byExternalId ? undefined : state?.id;
    const begun = fake.now();
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
  const enough = new AbortController();
  const reading = Array.from({ length: budget?.readers ?? 0 }, () => read(enough.signal).catch(() => {}));
  const waits = await fake.until(Promise.all(life.waiters.map(run)));
  enough.abort();
  await fake.until(Promise.all([deeds, ...reading]));
  const conditions: Conditions = {
    ...{ latencyMs, lateMs, lagMs, tellsUpdates, down, stop },
    queueMs: budget === undefined ? 0 : budget.readers === 0 ? QUEUE_MS : BUSY_QUEUE_MS,
    dates: dates !== "none" && dates !== "two clocks",
    hasTwoClocks: dates === "two clocks",
    odd: life.odd,
    troubled: trouble !== "none",
  };
  const wrong = waits.flatMap((calls, index) =>
    calls.flatMap((waited, call) =>
      faultsOf(waited, history, conditions).map((fault) => `waiter ${index}, call ${call}: ${fault}`),
    ),
  );
  if (opened.feed.tails > 0) wrong.push("a poll loop is running for nobody");
  await opened.sandbox.close();
  return wrong;
}
