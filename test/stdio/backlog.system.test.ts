import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { createFaults, type FaultName } from "../../src/sandbox/faults.ts";
import type { Faults } from "../../src/sandbox/server.ts";
import { BACKLOGS, type Backlog, itemEvents, PersistentAgent, recordBacklog } from "../support/backlogs.ts";
import { followAsDocumented, readAsThePromptSays } from "../support/documented-loops.ts";
import { ERAS, type Era } from "../support/eras.ts";
import { test } from "../support/stdio-test.ts";

/** As fast as Websets live there. */
const SPEED = 20;

interface Case {
  backlog: keyof typeof BACKLOGS;
  loop: "the documented loop" | "the prompt's step";
  latencyMs: 0 | 50 | 400;
  listOrder: "newest-first" | "oldest-first";
  fault?: FaultName;
}

/** All that test/tools/backlog.system.test.ts holds the tools to happens here a few times to the program itself. */
const CASES: readonly Case[] = [
  { backlog: "250 at once a day behind", loop: "the documented loop", latencyMs: 400, listOrder: "newest-first" },
  { backlog: "250 at once a day behind", loop: "the prompt's step", latencyMs: 0, listOrder: "oldest-first" },
  {
    backlog: "250 at once a day behind",
    loop: "the prompt's step",
    latencyMs: 50,
    listOrder: "newest-first",
    fault: "html-502",
  },
  {
    backlog: "5,000 in ten minutes a day behind",
    loop: "the documented loop",
    latencyMs: 50,
    listOrder: "oldest-first",
  },
  {
    backlog: "5,000 in ten minutes a day behind",
    loop: "the prompt's step",
    latencyMs: 400,
    listOrder: "newest-first",
  },
  { backlog: "one in 60 days", loop: "the documented loop", latencyMs: 0, listOrder: "newest-first" },
  { backlog: "one in 60 days", loop: "the prompt's step", latencyMs: 400, listOrder: "oldest-first" },
];

// The eras take turns.
describe.concurrent.each(CASES.map((one, n) => ({ ...one, era: ERAS[n % 2] as Era })))(
  "over stdio, at $latencyMs ms a request, listed $listOrder, $backlog",
  ({ backlog: name, loop, latencyMs, listOrder, fault, era }) => {
    test(`is handed out whole by ${loop} (${era.name}${fault === undefined ? "" : `, ${fault}`})`, async ({
      startProgram,
      startSandbox,
    }) => {
      const backlog: Backlog = BACKLOGS[name];
      const trouble = createFaults({ rules: fault === undefined ? [] : [{ name: fault, rate: 0.3 }] });
      const slow: Faults = {
        ...trouble,
        intercept: async (request, next) => {
          await sleep(latencyMs);
          return trouble.intercept(request, next);
        },
      };
      const upstream = await startSandbox({ speed: SPEED, listOrder, faults: slow });
      const { world } = upstream;
      const { id: websetId, createdAt } = world.past(backlog.behindMs * SPEED, () => world.createWebset({}));
      recordBacklog(world, backlog, websetId);
      const { call } = await era.open(startProgram([], upstream.env));
      const agent = new PersistentAgent({ call, sandbox: upstream, pause: () => sleep(1_000) });
      if (loop === "the prompt's step") await readAsThePromptSays(agent.call, websetId, createdAt);
      else {
        world.createSearch(websetId, { query: "Makers of cargo bikes", count: 3 });
        await followAsDocumented(agent.call, websetId);
      }
      expect(agent.errors).toEqual([]);
      expect(agent.handedOut).toEqual(itemEvents(world));
      expect(agent.handedOut.length).toBeGreaterThanOrEqual(backlog.ages.length);
      if (loop === "the documented loop") expect(agent.cost).toBeLessThanOrEqual(backlog.most);
    });
  },
);
