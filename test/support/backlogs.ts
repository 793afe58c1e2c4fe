import type { Sandbox } from "../../src/sandbox/server.ts";
import type { World } from "../../src/sandbox/world.ts";
import type { Call } from "./documented-loops.ts";
import type { ToolResult } from "./results.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How far behind the agent is, the age of each event in milliseconds, and the most requests to read them all. */
export interface Backlog {
  behindMs: number;
  ages: readonly number[];
  most: number;
}

export const BACKLOGS = {
  "250 at once a day behind": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 250 }, (_, n) => MINUTE_MS - n * 4),
    most: 12,
  },
  "5,000 in ten minutes a day behind": {
    behindMs: DAY_MS,
    ages: Array.from({ length: 5_000 }, (_, n) => 11 * MINUTE_MS - n * 120),
    most: 150,
  },
  "one in 60 days": { behindMs: 60 * DAY_MS - MINUTE_MS, ages: [20 * DAY_MS], most: 12 },
} satisfies Record<string, Backlog>;

/** Records the items of a backlog as found for a Webset. */
export function recordBacklog(world: World, { ages }: Backlog, websetId: string): void {
  for (const [n, age] of ages.entries()) {
    const data = { id: `item_${n}`, object: "webset_item", websetId };
    world.record("webset.item.created", data, { createdAt: world.wallTime() - age });
  }
}

/** The events of items that a world has, oldest first. */
export function itemEvents(world: World): string[] {
  const all = world.events.walk({ order: "oldest-first", types: ["webset.item.created"] });
  return [...all].map(({ event }) => event.id);
}

export interface AgentOptions {
  call: (name: string, args: Record<string, unknown>) => Promise<ToolResult>;
  sandbox: Pick<Sandbox, "requests">;
  /** Passes before what failed is called again. */
  pause: () => Promise<unknown>;
}

/** An agent that calls again what failed, and what it was handed and told. */
export class PersistentAgent {
  readonly #options: AgentOptions;
  readonly handedOut: string[] = [];
  readonly errors: string[] = [];
  #before: number | undefined;
  /** Requests for lists of events from its first wait for events until a result said that everything was read. */
  cost: number | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  readonly call: Call = async (name, args) => {
    const isWait = name === "wait_for_webset_event";
    if (isWait) this.#before ??= this.#requests;
    for (let tries = 0; tries < 30; tries++) {
      const { value, error } = await this.#options.call(name, args);
      if (error === undefined) {
        if (isWait) this.#note(value);
        return value;
      }
      this.errors.push(error);
      await this.#options.pause();
    }
    throw new Error(this.errors.at(-1));
  };

  #note(value: { events: { id: string }[]; outcome: string; more: boolean }): void {
    for (const { id } of value.events) this.handedOut.push(id);
    if (value.outcome !== "behind" && !value.more) this.cost ??= this.#requests - (this.#before ?? 0);
  }

  get #requests(): number {
    return this.#options.sandbox.requests.counts["GET /websets/v0/events"] ?? 0;
  }
}
