import { Redis } from "iovalkey";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { createLog, type Log } from "../../src/shared/log.ts";
import { RedisState } from "../../src/state/redis.ts";
import { type Json, type State, StateAway } from "../../src/state/state.ts";
import { eventually } from "../support/eventually.ts";
import { RedisServer } from "../support/redis.ts";
import { describeState } from "./contract.ts";

/** A state, once it is connected. */
async function connected(url: string, log?: Log): Promise<RedisState> {
  const state = opened(url, log);
  await eventually(() => !state.isAway);
  return state;
}

function opened(url: string, log = createLog("silent", () => {})): RedisState {
  return new RedisState({ url, clock: systemClock, log });
}

describeState("on Redis", async () => {
  const server = await RedisServer.start();
  const [one, other] = await Promise.all([connected(server.url), connected(server.url)]);
  const redis = new Redis(server.url);
  return {
    one,
    other,
    lose: async ({ name }) => {
      await redis.del(`websets-events:lease:${name}`);
    },
    pass: (ms) => systemClock.sleep(ms),
    close: async () => {
      redis.disconnect();
      await Promise.all([one.close(), other.close()]);
      await server.close();
    },
  };
});

/** All that a log tells, as it comes. */
function listen(state: State, log: string) {
  const stop = new AbortController();
  const entries: Json[] = [];
  void (async () => {
    for await (const batch of state.follow(log, stop.signal)) entries.push(...batch);
  })();
  return { entries, stop: () => stop.abort() };
}

async function append(state: State, log: string, entry: Json): Promise<void> {
  const lease = await state.lease(`of ${log}`, 1_000);
  if (lease === undefined) throw new Error("the lease is held");
  expect(await state.append(log, entry, lease)).toBe(true);
  await lease.release();
}

describe("Redis that is not there", () => {
  test("at the start: everything that is asked fails at once, and it is told once, then that it is back", async () => {
    const server = await RedisServer.notStarted();
    const lines: string[] = [];
    const state = opened(
      server.url,
      createLog("warn", (line) => lines.push(line)),
    );
    const { entries, stop } = listen(state, "log");
    const poked = new Promise<void>((resolve) => state.onPoke("a", resolve));
    try {
      await expect(state.lease("a", 1_000)).rejects.toBeInstanceOf(StateAway);
      await expect(state.get({ tenant: "t", id: "r" })).rejects.toBeInstanceOf(StateAway);
      await eventually(() => lines.length > 0);
      await server.start();
      await eventually(() => !state.isAway);
      await eventually(async () => {
        await append(state, "log", entries.length);
        return entries.length > 0;
      });
      // A poke reaches this very replica also without it.
      await state.poke("a");
      await poked;
      expect(lines).toHaveLength(2);
      expect(lines[0]).toContain("what replicas share is away");
      expect(lines[1]).toContain("what replicas share is back");
    } finally {
      stop();
      await state.close();
      await server.close();
    }
  });

  test("is used again when it comes back empty, and followers are told what is new", async () => {
    const server = await RedisServer.start();
    const [one, other] = await Promise.all([connected(server.url), connected(server.url)]);
    const { entries, stop } = listen(other, "log");
    try {
      await append(one, "log", "before");
      await eventually(() => entries.length === 1);
      const held = await one.lease("a", 900);
      await server.kill();
      await eventually(() => one.isAway && other.isAway);
      await server.start();
      await eventually(() => !one.isAway && !other.isAway);
      await eventually(() => held?.lost.aborted === true);
      expect(await other.lease("a", 1_000)).toBeDefined();
      await eventually(async () => {
        await append(one, "log", "after");
        return entries.includes("after");
      });
      expect(entries[0]).toBe("before");
    } finally {
      stop();
      await Promise.all([one.close(), other.close()]);
      await server.close();
    }
  });

  test("but only cut off: what was missed is told when the connection is back, each entry once", async () => {
    const server = await RedisServer.start();
    const [one, other] = await Promise.all([connected(server.url), connected(server.url)]);
    const { entries, stop } = listen(other, "log");
    const admin = new Redis(server.url);
    try {
      await append(one, "log", 0);
      await eventually(() => entries.length === 1);
      for (let n = 1; n <= 5; n++) {
        await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
        await append(one, "log", n);
      }
      await eventually(() => entries.length >= 6);
      expect(entries).toEqual([0, 1, 2, 3, 4, 5]);
    } finally {
      stop();
      admin.disconnect();
      await Promise.all([one.close(), other.close()]);
      await server.close();
    }
  });

  test("or has stopped: nobody waits for it long, and a lease is another's once its time is over", async () => {
    const server = await RedisServer.start();
    const state = await connected(server.url);
    try {
      const held = await state.lease("a", 2_000);
      server.signal("SIGSTOP");
      await expect(state.get({ tenant: "t", id: "r" })).rejects.toBeInstanceOf(StateAway);
      await eventually(() => state.isAway);
      await eventually(() => held?.lost.aborted === true);
      server.signal("SIGCONT");
      await eventually(() => !state.isAway);
      await eventually(async () => (await state.lease("a", 1_000)) !== undefined);
    } finally {
      server.signal("SIGCONT");
      await state.close();
      await server.close();
    }
  });
});
