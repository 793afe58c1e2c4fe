import { createRequestBudget, type RequestBudget } from "../../src/exa/budget.ts";
import { createExaClient, type ExaClient } from "../../src/exa/client.ts";
import type { HttpAnswer, HttpRequest, Transport } from "../../src/exa/http.ts";
import { Channel } from "../../src/feed/channel.ts";
import { toFeedEvent } from "../../src/feed/event.ts";
import { Feed } from "../../src/feed/feed.ts";
import type { Reading } from "../../src/feed/pages.ts";
import { sharedPolls } from "../../src/feed/shared-polls.ts";
import { createSandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import type { Limits } from "../../src/shared/bounded-json.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { UpstreamClock } from "../../src/shared/upstream-clock.ts";
import type { SharedTenant } from "../../src/state/state.ts";
import { ReadyChains } from "../../src/webset/ready-chains.ts";
import { WebsetStates } from "../../src/webset/states.ts";
import { FakeClock } from "./fake-clock.ts";
import { sandboxTransport } from "./sandbox-transport.ts";

/** One request as the upstream saw it. */
export interface SeenRequest {
  path: string;
  query: URLSearchParams;
  /** `clock.now()`. */
  at: number;
  /** Whether it was given up before its answer had arrived. */
  aborted: boolean;
}

/** What may happen to a request on its way: `next` is the upstream's own answer. */
export type Spoil = (request: HttpRequest, next: () => Promise<HttpAnswer>) => Promise<HttpAnswer>;

export interface FeedWorldOptions extends Partial<Omit<SandboxOptions, "clock">> {
  /** How long a request takes to the upstream, and an answer back, in milliseconds. Default 0. */
  latency?: () => number;
  /** How far our own clock is ahead of the upstream's, in milliseconds. Default 0. */
  skewMs?: number;
  /** Asked at a `clock.now()` for how long our process is stopped, in milliseconds: what falls due meanwhile comes then. Default 0. */
  stoppedFor?: (now: number) => number;
  /** Whether answers have a `Date`; asked for each one. Default true. */
  dates?: boolean | (() => boolean);
  spoil?: Spoil;
  intervalMs?: number;
  /** How much of each event the feeds keep. */
  keeps?: Limits;
  /** Whether requests keep to the client's own budget. Default false: all are let through at once. */
  budgeted?: boolean;
}

/** Lets every request through at once. */
const noBudget: RequestBudget = { acquire: async () => {} };

/** A sandbox and the feed that follows it, in one process, on a clock that moves only when told to. */
export function openFeedWorld(options: FeedWorldOptions = {}) {
  const { latency = () => 0, skewMs = 0, dates = true, spoil = (_, next) => next(), intervalMs = 1_000 } = options;
  const { stoppedFor = () => 0 } = options;
  const clock = new FakeClock();
  const wake = async (signal?: AbortSignal) => {
    const ms = stoppedFor(clock.now());
    if (ms > 0) await clock.sleep(ms, signal);
  };
  const ours: Clock = {
    now: () => clock.now(),
    wallTime: () => clock.wallTime() + skewMs,
    async sleep(ms, signal) {
      await clock.sleep(ms, signal);
      await wake(signal);
    },
  };
  const sandbox = createSandbox({ ...options, clock });
  const requests: SeenRequest[] = [];
  const trouble: { spoil: Spoil; dates: boolean | (() => boolean); latency: () => number } = { spoil, dates, latency };
  const direct = sandboxTransport(sandbox, clock, () => trouble.latency());
  const transport: Transport = async (request) => {
    const { url, signal } = request;
    const seen = { path: url.pathname, query: url.searchParams, at: clock.now(), aborted: false };
    requests.push(seen);
    const abort = () => {
      seen.aborted = true;
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      const answered = await trouble.spoil(request, async () => {
        const answer = await direct(request);
        const { date, ...undated } = answer.headers;
        const dated = typeof trouble.dates === "boolean" ? trouble.dates : trouble.dates();
        return { ...answer, headers: dated && date !== undefined ? { ...undated, date } : undated };
      });
      if (stoppedFor(clock.now()) > 0) await wake(signal);
      return answered;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
  const newClient = (upstreamClock: UpstreamClock): ExaClient =>
    createExaClient({
      upstreamClock,
      baseUrl: new URL("http://127.0.0.1:1"),
      apiKey: "any",
      clock: ours,
      version: "0.0.0",
      random: () => 0,
      transport,
      budget: options.budgeted === true ? createRequestBudget(ours) : noBudget,
    });
  const upstreamClock = new UpstreamClock(ours);
  const exa = newClient(upstreamClock);
  /** What a program that has just been started knows: nothing. */
  const newProcess = (shared?: SharedTenant) => {
    const own = new UpstreamClock(ours);
    const exa = newClient(own);
    const polls = shared && sharedPolls(shared, ours);
    const { keeps } = options;
    const feed = new Feed({ exa, clock: ours, upstreamClock: own, intervalMs, shared: polls, random: () => 0, keeps });
    const states = new WebsetStates(exa, ours);
    return { exa, feed, states, clock: ours, ready: new ReadyChains({ exa, states, clock: ours, feed }) };
  };
  const newFeed = (shared?: SharedTenant) => newProcess(shared).feed;
  const start = clock.wallTime();
  let number = 0;
  return {
    clock: ours,
    fake: clock,
    sandbox,
    world: sandbox.world,
    exa,
    feed: new Feed({ exa, clock: ours, upstreamClock, intervalMs, random: () => 0 }),
    upstreamClock,
    states: new WebsetStates(exa, ours),
    newFeed,
    newProcess,
    requests,
    trouble,
    /** The upstream's time when the world was opened, in milliseconds since 1970. */
    start,
    /** The upstream's time now. */
    now: () => clock.wallTime(),
    /** Requests for lists of events so far. */
    lists: () => requests.filter(({ path }) => path === "/websets/v0/events"),
    reading: (more: Partial<Reading> = {}): Reading => ({
      exa,
      clock: ours,
      upstreamClock,
      channel: new Channel(undefined),
      signal: new AbortController().signal,
      ...more,
    }),
    /** Records an event, by default of now, visible at once, and of the Webset `ws_1`. */
    record(type: string, event: { id?: string; at?: number; late?: number; websetId?: string; data?: unknown } = {}) {
      const createdAt = event.at ?? clock.wallTime();
      const id = event.id ?? `event_${String(number++).padStart(5, "0")}`;
      const websetId = event.websetId ?? "ws_1";
      const ownIds = ["webset.created", "webset.deleted", "webset.paused", "webset.idle"].includes(type);
      const data = event.data ?? (ownIds ? { id: websetId, object: "webset" } : { id: `of_${id}`, websetId });
      const recorded = sandbox.world.record(type, data, { id, createdAt, visibleAt: createdAt + (event.late ?? 0) });
      return toFeedEvent({ ...recorded });
    },
  };
}

export type FeedWorld = ReturnType<typeof openFeedWorld>;
