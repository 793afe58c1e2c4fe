import type { ToolResult } from "../results.ts";
import type { Agent, Aside, Call } from "./scenario.ts";

type Args = Record<string, unknown>;

/** The tools of a process. */
export interface Tools {
  call: (name: string, args?: Args, more?: { signal?: AbortSignal }) => Promise<ToolResult>;
}

/** Where an agent lives. */
export interface Surroundings {
  /** The upstream's time, in milliseconds since 1970. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  tools: () => Tools;
  /** Starts the agent's program again. */
  restart: () => Promise<void>;
  /** What the agent calls a Webset: its id or externalId. */
  nameOf: (webset: number) => string;
  /** Whether all answers have a `Date`. */
  tellsTime: boolean;
  /** Whether nobody does anything to the account any more, and nothing but the API's own ways is between. */
  isCalm: () => boolean;
}

/** A result that the agent goes on from. */
export interface Told {
  /** When it was called for, and when it was there. */
  askedAt: number;
  at: number;
  /** How often the program had been started again by then. */
  program: number;
  outcome: string;
  more: boolean;
  note: string | undefined;
  limit: number;
  // biome-ignore lint/suspicious/noExplicitAny: events as tools give them.
  events: any[];
}

/** All that an agent was told, and what it did. */
export interface AgentRecord {
  agent: Agent;
  /** Everything created at this time or later is the agent's to hear of. */
  from: number;
  told: Told[];
  /** When the last wait was called for; everything before it is to be heard of. */
  stoppedAt: number;
  /** What went wrong, in words. */
  wrong: string[];
  /** When the first wait was called for that knew nothing of its Webset, and when that was answered. */
  unknown?: { askedAt: number; at: number };
}

/** Calls that an agent needs at most after all is calm, besides one for each thing there is to tell. */
const MOST_CALM_CALLS = 60;
/** Whoever is started again before each call does not come far with items. */
const MOST_RESTARTS = 8;
/** In a whole story. */
const MOST_CALLS = 300;
/** What passes by itself; an agent calls again. */
const PASSING = /^(rate_limited|unavailable|unexpected_response): (?!.*nobody foresaw)/;
const AGE_SECONDS = 45;
/** How much longer than asked for a wait may take: its grace, and a look for what enrichments are called. */
const OVERTIME_MS = 1_500;
/** No agent calls without a thought. */
const THOUGHT_MS = 300;
const WAIT = "wait_for_webset_event";
const RESTING = ["idle", "paused"];

/** What `next` says of a wait: with what to call it again, and what else to do. */
interface Next {
  args: Args | undefined;
  atOnce: boolean;
  pauseSeconds: number;
  /** For how long to wait to be sure of the end. */
  sureSeconds: number | undefined;
  /** Whether it ends here, and whether it does if the work had ended before. */
  stopsHere: boolean;
  mayStop: boolean;
  /** Whether there is nothing to call for any more. */
  isOver: boolean;
}

/** Reads `next` as an agent would: the tool, the parameters and their values, and nothing else. */
function readNext(next: string): Next {
  const isOver = next.startsWith("Nothing more comes of a deleted Webset");
  const [, atOnce, said] =
    /call wait_for_webset_event again( at once)?, with (.*?)this cursor as after/.exec(next) ?? [];
  if (isOver)
    return {
      args: undefined,
      atOnce: false,
      pauseSeconds: 0,
      sureSeconds: undefined,
      stopsHere: true,
      mayStop: true,
      isOver,
    };
  if (said === undefined) throw new Error(`next does not say what to call: ${next}`);
  const named = [...said.matchAll(/(\w+) ("(?:[^"\\]|\\.)*"|\[[^\]]*\]|true|false|\d+)/g)];
  return {
    args: said.includes("the same filter")
      ? undefined
      : Object.fromEntries(named.map(([, name, value]) => [name, JSON.parse(value ?? "")])),
    atOnce: atOnce !== undefined,
    pauseSeconds: Number(/held for (\d+) s/.exec(next)?.[1] ?? 0),
    sureSeconds: Number(/with timeoutSeconds (\d+)/.exec(next)?.[1]) || undefined,
    isOver,
    stopsHere: /before this call: stop here/.test(next),
    mayStop: /Only stop here if the work had ended before this call/.test(next),
  };
}

/** Lets an agent begin, and go on by what it is told until it is told to stop. */
export async function runAgent(agent: Agent, surroundings: Surroundings): Promise<AgentRecord> {
  const { now, sleep, tools, restart, nameOf, isCalm } = surroundings;
  const record: AgentRecord = { agent, from: 0, told: [], stoppedAt: 0, wrong: [] };
  const { webset, ...events } = agent.filter;
  const websetId = webset === undefined ? undefined : nameOf(webset);
  const wanted: Args = { ...events, ...(websetId === undefined ? {} : { websetId }) };
  const { itemsReady: _, ...listed } = wanted;
  let program = 0;
  let calm = 0;

  /** Calls until there is an answer; undefined where there never will be one. */
  const insist = async (
    name: string,
    args: Args,
  ): Promise<{ value: ToolResult["value"]; askedAt: number } | undefined> => {
    for (let given = args; ; ) {
      const askedAt = now();
      const { value, error } = await tools().call(name, given);
      if (error === undefined) return { value, askedAt };
      const seconds = /Call \w+ with timeoutSeconds (\d+)/.exec(error)?.[1];
      if (seconds !== undefined) given = { ...given, timeoutSeconds: Number(seconds) };
      if (!PASSING.test(error)) {
        if (!/^not_found: /.test(error)) record.wrong.push(`${name} ${JSON.stringify(args)}: ${error}`);
        return undefined;
      }
      if (isCalm() && calm++ > MOST_CALM_CALLS) throw new Error(`${name} never answers: ${error}`);
      await sleep(500);
    }
  };

  const begin = async (): Promise<string | undefined> => {
    const name = websetId ?? nameOf(0);
    if (agent.begin === "listing") {
      let page: string | undefined;
      for (;;) {
        const got = await insist("list_webset_events", {
          ...listed,
          limit: 3,
          ...(page === undefined ? {} : { page }),
        });
        if (got === undefined) return undefined;
        const { value, askedAt } = got;
        // What is listed already is not told again.
        if (wanted.itemsReady === true) record.from ||= now() + 1;
        else
          record.told.push({
            askedAt,
            at: now(),
            program,
            outcome: "listed",
            more: true,
            note: value.note,
            limit: 3,
            events: value.events,
          });
        if (value.nextPage === null) return value.cursor;
        page = value.nextPage;
      }
    }
    if (agent.begin === "progress" || agent.begin === "wait") {
      const got = await insist(
        agent.begin === "progress" ? "get_webset_progress" : "wait_for_webset",
        agent.begin === "progress" ? { websetId: name } : { websetId: name, timeoutSeconds: 1 },
      );
      if (got === undefined || got.value.cursor === null) return undefined;
      record.from = now() + 1;
      return got.value.cursor;
    }
    return agent.begin === "age" ? `${AGE_SECONDS}s` : undefined;
  };

  /** Whether all that the agent follows has ended, as the tools tell. */
  const hasEnded = async (): Promise<boolean> => {
    let page: string | undefined;
    for (;;) {
      const got = await insist("list_websets", page === undefined ? {} : { page });
      if (got === undefined) return false;
      const followed = got.value.websets.filter(
        (one: Args) => websetId === undefined || websetId === one.websetId || websetId === one.externalId,
      );
      if (followed.some(({ status }: Args) => !RESTING.includes(String(status)))) return false;
      if (got.value.nextPage === null) return true;
      page = got.value.nextPage;
    }
  };

  const goAside = async (aside: Aside, args: Args): Promise<void> => {
    const call = (name: string, given: Args) => tools().call(name, given);
    const id = websetId ?? nameOf(1);
    const heard = record.told.flatMap(({ events }) => events).at(-1);
    const answers = {
      progress: () => call("get_webset_progress", { websetId: id }),
      items: () => call("list_webset_items", { websetId: id, limit: 2 }),
      websets: () => call("list_websets", { status: "running" }),
      event: () => call("get_webset_event", { eventId: heard?.id ?? "event_none" }),
      events: () => call("list_webset_events", { problems: aside.kind === "events" && aside.problems, limit: 2 }),
      wait: () =>
        call(
          "wait_for_webset",
          aside.kind === "wait" ? { websetId: id, until: aside.until, timeoutSeconds: aside.timeoutSeconds } : {},
        ),
      "other wait": () =>
        call(WAIT, {
          after: args.after,
          itemsReady: aside.kind === "other wait" && aside.itemsReady,
          timeoutSeconds: 0,
        }),
      "lost wait": async (): Promise<ToolResult> => {
        const stop = new AbortController();
        const afterMs = aside.kind === "lost wait" ? aside.afterMs : undefined;
        const lost = tools().call(WAIT, args, { signal: stop.signal });
        if (afterMs === undefined) return lost;
        const gone = lost.catch(() => ({ error: undefined, value: undefined }));
        await Promise.race([gone, sleep(afterMs)]);
        stop.abort();
        return gone;
      },
    };
    const { error } = await answers[aside.kind]();
    if (error !== undefined && !PASSING.test(error) && !/^not_found: /.test(error))
      record.wrong.push(`${aside.kind}: ${error}`);
  };

  await sleep(agent.startMs);
  const beginsAt = now();
  let cursor = await begin();
  let next: Next | undefined;
  let sure: number | undefined;
  let knowsEnd = false;
  for (let number = 0; ; number++) {
    const one = agent.calls[number % agent.calls.length] as Call;
    await sleep(THOUGHT_MS);
    if (next?.atOnce !== true) await sleep(Math.max(one.pauseMs, (next?.pauseSeconds ?? 0) * 1_000));
    const args: Args = {
      ...(next?.args ?? wanted),
      ...(cursor === undefined ? {} : { after: cursor }),
      ...(one.atLeast === undefined ? {} : { atLeast: one.atLeast }),
      ...(one.limit === undefined ? {} : { limit: one.limit }),
      ...(one.detail === undefined ? {} : { detail: one.detail }),
      ...(sure === undefined
        ? one.timeoutSeconds === undefined
          ? {}
          : { timeoutSeconds: one.timeoutSeconds }
        : { timeoutSeconds: sure }),
    };
    if (one.restarted && number < MOST_RESTARTS) {
      await restart();
      program++;
    }
    // Nobody who has no place to go on from yet knows what an aside would make of it.
    if (one.aside !== undefined && !knowsEnd && cursor !== undefined) await goAside(one.aside, args);
    const isEndless = number > MOST_CALLS;
    if (isEndless || (isCalm() && calm++ > MOST_CALM_CALLS + record.told.flatMap(({ events }) => events).length)) {
      record.wrong.push(`it does not come to an end: ${JSON.stringify([args, record.told.at(-1), next])}`);
      return record;
    }
    const askedAt = now();
    const knewEnd = knowsEnd;
    const { value, error } = await tools().call(WAIT, args);
    const over = now() - askedAt - Math.max(5_000, Number(args.timeoutSeconds ?? 25) * 1_000);
    if (over > OVERTIME_MS) record.wrong.push(`a wait returned ${over} ms after its time`);
    if (error !== undefined) {
      if (!PASSING.test(error)) {
        if (record.told.length === 0 && /^not_found: /.test(error)) record.unknown = { askedAt, at: now() };
        else record.wrong.push(`${JSON.stringify(args)}: ${error}`);
        return record;
      }
      await sleep(500);
      continue;
    }
    // Without a `Date` nobody knows when a call was made that took a while to be answered.
    const calledAt = surroundings.tellsTime ? askedAt : now() + 1;
    if (cursor === undefined) record.from = calledAt;
    else if (cursor === `${AGE_SECONDS}s`) record.from = calledAt - AGE_SECONDS * 1_000;
    cursor = value.cursor;
    const { outcome, more, note } = value;
    const limit = Math.max(Number(args.limit ?? 50), Number(args.atLeast ?? 1));
    record.told.push({ askedAt, at: now(), program, outcome, more, note, limit, events: value.events });
    record.stoppedAt = askedAt;
    next = readNext(value.next);
    const isSure = knewEnd && (next.mayStop || value.waitedSeconds >= (next.sureSeconds ?? Number.POSITIVE_INFINITY));
    if (next.isOver || (outcome === "quiet" && isCalm() && (next.stopsHere || isSure))) return record;
    // An event of the end says so itself; to whoever follows one Webset that is the end of all.
    if (outcome === "events" && next.sureSeconds !== undefined && websetId !== undefined && isCalm()) {
      knowsEnd = true;
      sure = next.sureSeconds;
    }
    if (outcome !== "quiet" || !isCalm()) continue;
    knowsEnd ||= await hasEnded();
    sure = knowsEnd ? (next.sureSeconds ?? sure ?? Number(args.timeoutSeconds ?? 25)) : undefined;
    if (now() - beginsAt > 3_600_000) throw new Error("an agent lives too long");
  }
}
