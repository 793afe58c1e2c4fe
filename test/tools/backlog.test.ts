import { describe, expect, onTestFinished, test } from "vitest";
import { createFaults, FAULTS, type FaultName, type FaultRule } from "../../src/sandbox/faults.ts";
import { type Call, followAsTheReadmeDoes, readAsThePromptSays } from "../support/documented-loops.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

const EVENTS = "/websets/v0/events";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How far behind the agent is, the age of each event in milliseconds, and the most requests to read them all. */
interface Backlog {
  behindMs: number;
  ages: readonly number[];
  most: number;
}

const AT_ONCE: Backlog = {
  behindMs: DAY_MS,
  ages: Array.from({ length: 250 }, (_, n) => MINUTE_MS - n * 4),
  most: 12,
};
const BACKLOGS: Record<string, Backlog> = {
  "250 at once a day behind": AT_ONCE,
  "5,000 in ten minutes a day behind": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 5_000 }, (_, n) => 11 * MINUTE_MS - n * 120),
    most: 150,
  },
  "one in 60 days": { behindMs: 60 * DAY_MS - MINUTE_MS, ages: [20 * DAY_MS], most: 12 },
};

/** A Webset that was created before the backlog, and begins a search again after it. */
async function openBehind({ behindMs, ages }: Backlog, options: ToolWorldOptions) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, world } = opened;
  const { id: websetId } = world.createWebset({});
  const { value: atFirst } = await clock.until(opened.call("get_webset_progress", { websetId }));
  await clock.advance(behindMs);
  for (const [n, age] of ages.entries()) {
    const data = { id: `item_${n}`, object: "webset_item", websetId };
    world.record("webset.item.created", data, { createdAt: world.wallTime() - age });
  }
  const handedOut: string[] = [];
  const errors: string[] = [];
  const requests = () => opened.requests.counts[`GET ${EVENTS}`] ?? 0;
  let before: number | undefined;
  let cost: number | undefined;
  /** As agents are told to, calls again what failed. */
  const insist: Call = async (name, args) => {
    if (name === "wait_for_webset_event") before ??= requests();
    for (let tries = 0; tries < 30; tries++) {
      const { value, error } = await opened.call(name, args);
      if (error === undefined) {
        if (name !== "wait_for_webset_event") return value;
        for (const event of value.events) handedOut.push(event.id);
        if (value.outcome !== "matched" && !value.behind) cost ??= requests() - (before ?? 0);
        return value;
      }
      errors.push(error);
      await clock.sleep(1_000);
    }
    throw new Error(errors.at(-1));
  };
  const expected = () => {
    const all = world.events.walk({ order: "oldest-first", types: ["webset.item.created"] });
    return [...all].map(({ event }) => event.id);
  };
  return {
    ...opened,
    websetId,
    cursor: atFirst.cursor as string,
    insist,
    handedOut,
    errors,
    expected,
    /** Requests until a result said for the first time that everything was read. */
    cost: () => cost,
  };
}

/** Begins a search that finds some more while the agent follows. */
function beginSearch({ world, websetId }: Awaited<ReturnType<typeof openBehind>>) {
  world.createSearch(websetId, { query: "Makers of cargo bikes", count: 3 });
}

describe.each(["newest-first", "oldest-first"] as const)("a backlog listed %s", (listOrder) => {
  describe.each(Object.entries(BACKLOGS))("%s", (_, backlog) => {
    test.each([0, 50, 400])("is handed out whole at %i ms a request by the README's loop", async (latencyMs) => {
      const opened = await openBehind(backlog, { listOrder, latencyMs: latencyMs / 2 });
      beginSearch(opened);
      await opened.clock.until(followAsTheReadmeDoes(opened.insist, opened.websetId));
      expect(opened.errors).toEqual([]);
      expect(opened.handedOut).toEqual(opened.expected());
      expect(opened.handedOut).toHaveLength(backlog.ages.length + 3);
      expect(opened.cost()).toBeLessThanOrEqual(backlog.most);
    });

    test.each([0, 50, 400])("is handed out whole at %i ms a request by the prompt's step", async (latencyMs) => {
      const opened = await openBehind(backlog, { listOrder, latencyMs: latencyMs / 2 });
      await opened.clock.until(readAsThePromptSays(opened.insist, opened.websetId, opened.cursor));
      expect(opened.errors).toEqual([]);
      expect(opened.handedOut).toEqual(opened.expected());
    });
  });

  test.each(FAULTS.map(({ name }) => name))("is handed out whole under %s", async (name) => {
    const { rule = { rate: 0.3 }, tells = /^(unavailable|rate_limited): / } = CASES[name] ?? {};
    const faults = createFaults();
    // Pages so short that there is something to walk.
    const opened = await openBehind(AT_ONCE, { listOrder, latencyMs: 25, pageSizeCap: 100, faults });
    const added = faults.add({ ...rule, name });
    const { clock, call, insist, websetId, cursor } = opened;
    if (name !== "deleted-webset") {
      beginSearch(opened);
      await clock.until(followAsTheReadmeDoes(insist, websetId));
    } else {
      expect((await clock.until(call("get_webset_progress", { websetId }))).error).toMatch(/^not_found: /);
      await clock.until(readAsThePromptSays(insist, websetId, cursor));
    }
    expect(opened.handedOut.toSorted()).toEqual(opened.expected().toSorted());
    for (const error of opened.errors) expect(error).toMatch(tells);
    if (!UNSEEN.has(name)) expect(added.happened).toBeGreaterThan(0);
  });
});

/** Where a fault does not strike three of ten requests, and what errors tell of it where not of trouble that passes. */
const CASES: Partial<Record<FaultName, { rule?: Omit<FaultRule, "name">; tells?: RegExp }>> = {
  // Until somebody has mended it.
  unauthorized: { rule: { from: 3, times: 2 }, tells: /^unauthorized: / },
  "wrong-key-400": { rule: { from: 3, times: 2 }, tells: /^unauthorized: / },
  "no-plan": { rule: { from: 3, times: 2 }, tells: /^no_access: / },
  "out-of-credits": { rule: { from: 3, times: 2 }, tells: /^out_of_credits: / },
  "wrong-shape": { tells: /^(unavailable|unexpected_response): / },
  "oldest-first": { rule: {} },
  "clock-fast": { rule: {} },
  "clock-slow": { rule: {} },
  "large-payloads": { rule: {} },
  "repeating-cursor": { rule: {} },
  "duplicate-entry": { rule: {} },
  // After the agent has seen that it was there.
  "deleted-webset": { rule: { times: 1 } },
};

/** Conditions strike nothing, and of single events this agent asks for none. */
const UNSEEN: ReadonlySet<FaultName> = new Set(["oldest-first", "clock-fast", "clock-slow", "past-retention"]);
