import { describe, expect } from "vitest";
import { DEMO_WEBSET } from "../src/sandbox/scenarios.ts";
import { ERAS, type Session } from "./support/eras.ts";
import { test } from "./support/stdio-test.ts";
import type { Upstream } from "./support/upstream.ts";

/**
 * An agent without a mind of its own: it knows the task's first call, and from then on does what results say, with the
 * cursor they give. It keeps count of what that costs.
 */
class ScriptedAgent {
  readonly #session: Session;
  calls = 0;
  bytes = 0;
  /** The ids of all events it was handed, in order. */
  readonly handled: string[] = [];
  cursor: string | undefined;

  constructor(session: Session, cursor?: string) {
    this.#session = session;
    this.cursor = cursor;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a result holds is what the tests are about.
  async call(name: string, args: Record<string, unknown>): Promise<any> {
    const { value, error } = await this.#session.call(name, args);
    if (error !== undefined) throw new Error(error);
    this.calls++;
    this.bytes += Buffer.byteLength(JSON.stringify(value));
    if (name === "wait_for_webset_event") {
      for (const event of value.events) this.handled.push(event.id);
      this.cursor = value.cursor;
    }
    return value;
  }

  /** Calls again as long as `next` says so: the tool it names, with the same arguments and, where it says, the cursor. */
  async goOn(args: Record<string, unknown>, name: string, enough: () => boolean) {
    for (let calls = 0; calls < 200; calls++) {
      const withCursor = name === "wait_for_webset_event" && this.cursor !== undefined ? { after: this.cursor } : {};
      const result = await this.call(name, { ...args, ...withCursor });
      const told = /call (\w+) again/i.exec(result.next ?? "")?.[1];
      if (enough() || told === undefined) return result;
      expect(told).toBe(name);
      if (name === "wait_for_webset_event") expect(result.next).toContain("this cursor as after");
      else expect(result.next).toContain(JSON.stringify(args.websetId));
    }
    throw new Error("the agent went in circles");
  }
}

const POLL = ["--poll-interval", "0.2"];

describe.concurrent.each(ERAS)("an agent that only does what results say, in the era $name,", (era) => {
  test("finds a Webset and follows it to its end", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox();
    sandbox.world.createWebset(DEMO_WEBSET);
    const agent = new ScriptedAgent(await era.open(startProgram(POLL, sandbox.env)));
    const listed = await agent.call("list_webset_events", { types: ["webset.created"] });
    const { websetId, summary } = listed.events[0];
    expect(summary).toContain("European companies building warehouse robots");
    const args = { websetId, until: "idle", timeoutSeconds: 0.5 };
    const { outcome, progress } = await agent.goOn(args, "wait_for_webset", () => false);
    expect(outcome).toBe("reached");
    expect(progress).toMatchObject({ status: "idle", searches: [{ status: "completed", found: 50 }] });
    // About two seconds of life, in waits of half a second.
    expect(agent.calls).toBeLessThanOrEqual(12);
    expect(agent.bytes).toBeLessThanOrEqual(12_000);
  });

  test("reacts to each new item once, across ten waits and more", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox();
    const { id, createdAt } = sandbox.world.createWebset(DEMO_WEBSET);
    const agent = new ScriptedAgent(await era.open(startProgram(POLL, sandbox.env)), createdAt);
    const args = { types: ["webset.item.created"], websetId: id, atLeast: 5, limit: 5, timeoutSeconds: 2 };
    await agent.goOn(args, "wait_for_webset_event", () => agent.handled.length >= 50);
    expect(agent.calls).toBeGreaterThanOrEqual(10);
    expect(agent.handled.toSorted()).toEqual(itemsOf(sandbox).toSorted());
    expect(agent.calls).toBeLessThanOrEqual(20);
    expect(agent.bytes).toBeLessThanOrEqual(30_000);
  });

  test("notices that a Webset was canceled, and stops", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox({ speed: 1 });
    const { id } = sandbox.world.createWebset(DEMO_WEBSET);
    const agent = new ScriptedAgent(await era.open(startProgram(POLL, sandbox.env)));
    const waiting = agent.goOn({ websetId: id, timeoutSeconds: 0.4 }, "wait_for_webset", () => false);
    while (agent.calls === 0) await new Promise((resolve) => setImmediate(resolve));
    sandbox.world.cancelWebset(id);
    const { outcome, next } = await waiting;
    expect(outcome).toBe("canceled");
    expect(next).toContain("list_webset_items");
    expect(agent.calls).toBeLessThanOrEqual(6);
    expect(agent.bytes).toBeLessThanOrEqual(6_000);
  });

  test("takes over another agent's cursor in a new process", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox();
    const { id, createdAt } = sandbox.world.createWebset(DEMO_WEBSET);
    const args = { types: ["webset.item.created"], websetId: id, atLeast: 7, limit: 7, timeoutSeconds: 2 };
    const first = startProgram(POLL, sandbox.env);
    const one = new ScriptedAgent(await era.open(first), createdAt);
    await one.goOn(args, "wait_for_webset_event", () => one.handled.length >= 14);
    await first.end();
    const other = new ScriptedAgent(await era.open(startProgram(POLL, sandbox.env)), one.cursor);
    await other.goOn(args, "wait_for_webset_event", () => one.handled.length + other.handled.length >= 50);
    expect([...one.handled, ...other.handled].toSorted()).toEqual(itemsOf(sandbox).toSorted());
    expect(one.calls + other.calls).toBeLessThanOrEqual(16);
    expect(one.bytes + other.bytes).toBeLessThanOrEqual(30_000);
  });

  test("finds out why nothing happens", async ({ startProgram, startSandbox }) => {
    const sandbox = await startSandbox({ speed: 1 });
    const { id } = sandbox.world.createWebset(DEMO_WEBSET);
    sandbox.world.pauseWebset(id);
    const agent = new ScriptedAgent(await era.open(startProgram(POLL, sandbox.env)));
    const args = { types: ["webset.item.created"], websetId: id, timeoutSeconds: 1 };
    const nothing = await agent.goOn(args, "wait_for_webset_event", () => agent.calls === 2);
    expect(nothing).toMatchObject({ outcome: "quiet", events: [] });
    const { progress } = await agent.call("get_webset_progress", { websetId: id });
    expect(progress.summary).toMatch(/^paused/);
    const { outcome, next } = await agent.call("wait_for_webset", { websetId: id });
    expect(outcome).toBe("paused");
    expect(next).toContain("resumes it");
    expect(agent.calls).toBe(4);
    expect(agent.bytes).toBeLessThanOrEqual(3_500);
  });
});

/** The ids of all events of found items, as the sandbox has them. */
function itemsOf({ world }: Upstream): string[] {
  return [...world.events.walk({ order: "oldest-first", types: ["webset.item.created"] })].map(({ event }) => event.id);
}
