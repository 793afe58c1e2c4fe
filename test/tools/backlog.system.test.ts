import { describe, expect, onTestFinished, test } from "vitest";
import { createFaults, FAULTS, type FaultName, type FaultRule } from "../../src/sandbox/faults.ts";
import { BACKLOGS, type Backlog, itemEvents, PersistentAgent, recordBacklog } from "../support/backlogs.ts";
import { followAsDocumented, readAsThePromptSays } from "../support/documented-loops.ts";
import { openToolWorld, type ToolWorldOptions } from "../support/tool-world.ts";

/** A Webset that was created before the backlog, and an agent that knows where it was then. */
async function openBehind(backlog: Backlog, options: ToolWorldOptions) {
  const opened = await openToolWorld(options);
  onTestFinished(() => opened.close());
  const { clock, world, sandbox, call } = opened;
  const { id: websetId } = world.createWebset({});
  const { value: atFirst } = await clock.until(call("get_webset_progress", { websetId }));
  await clock.advance(backlog.behindMs);
  recordBacklog(world, backlog, websetId);
  const agent = new PersistentAgent({ call, sandbox, pause: () => clock.sleep(1_000) });
  return { ...opened, websetId, cursor: atFirst.cursor as string, agent };
}

/** Begins a search that finds some more while the agent follows. */
function beginSearch({ world, websetId }: Awaited<ReturnType<typeof openBehind>>) {
  world.createSearch(websetId, { query: "Makers of cargo bikes", count: 3 });
}

describe.each(["newest-first", "oldest-first"] as const)("a backlog listed %s", (listOrder) => {
  describe.each(Object.entries(BACKLOGS))("%s", (_, backlog) => {
    test.each([0, 50, 400])("is handed out whole at %i ms a request by the documented loop", async (latencyMs) => {
      const opened = await openBehind(backlog, { listOrder, latencyMs: latencyMs / 2 });
      const { agent, clock, world, websetId } = opened;
      beginSearch(opened);
      await clock.until(followAsDocumented(agent.call, websetId));
      expect(agent.errors).toEqual([]);
      expect(agent.handedOut).toEqual(itemEvents(world));
      expect(agent.handedOut).toHaveLength(backlog.ages.length + 3);
      expect(agent.cost).toBeLessThanOrEqual(backlog.most);
    });

    test.each([0, 50, 400])("is handed out whole at %i ms a request by the prompt's step", async (latencyMs) => {
      const opened = await openBehind(backlog, { listOrder, latencyMs: latencyMs / 2 });
      const { agent, clock, world, websetId, cursor } = opened;
      await clock.until(readAsThePromptSays(agent.call, websetId, cursor));
      expect(agent.errors).toEqual([]);
      expect(agent.handedOut).toEqual(itemEvents(world));
      expect(agent.cost).toBeLessThanOrEqual(backlog.most);
    });
  });

  test.each(FAULTS.map(({ name }) => name))("is handed out whole under %s", async (name) => {
    const { rule = { rate: 0.3 }, tells = /^(unavailable|rate_limited): / } = CASES[name] ?? {};
    const faults = createFaults();
    // Pages so short that there is something to walk.
    const options = { listOrder, latencyMs: 25, pageSizeCap: 100, faults };
    const opened = await openBehind(BACKLOGS["250 at once a day behind"], options);
    const added = faults.add({ ...rule, name });
    const { agent, clock, world, call, websetId, cursor } = opened;
    if (name !== "deleted-webset") {
      beginSearch(opened);
      await clock.until(followAsDocumented(agent.call, websetId));
    } else {
      expect((await clock.until(call("get_webset_progress", { websetId }))).error).toMatch(/^not_found: /);
      await clock.until(readAsThePromptSays(agent.call, websetId, cursor));
    }
    expect(agent.handedOut.toSorted()).toEqual(itemEvents(world).toSorted());
    for (const error of agent.errors) expect(error).toMatch(tells);
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
