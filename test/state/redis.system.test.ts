import { connect, createServer, type Socket } from "node:net";
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

/** A way to a Redis which leads elsewhere from some time on, and where connections can fall silent without an end. */
async function openWay(to: number) {
  const sockets = new Map<Socket, { said: string; isSilent: boolean }>();
  let port = to;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const connection = { said: "", isSilent: false };
    sockets.set(near, connection);
    near.on("data", (data) => {
      connection.said += data;
      if (!connection.isSilent) far.write(data);
    });
    far.on("data", (data) => void (connection.isSilent || near.write(data)));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as { port: number }).port}`,
    leadTo: (another: number) => {
      port = another;
    },
    /** Of the connections those on which this word was sent. */
    silence: (word: string) => {
      for (const connection of sockets.values()) connection.isSilent ||= connection.said.includes(word);
    },
    close: () => {
      server.close();
      for (const near of sockets.keys()) near.destroy();
    },
  };
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
      expect(state.answers).toBe(false);
      await server.start();
      await eventually(() => state.answers);
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

  test("when it gives a lease that nobody heard of: who asked gets it when it asks again, and nobody else", async () => {
    const server = await RedisServer.start();
    const [one, other] = await Promise.all([connected(server.url), connected(server.url)]);
    const admin = new Redis(server.url);
    try {
      server.signal("SIGSTOP");
      await expect(one.lease("a", 600_000)).rejects.toBeInstanceOf(StateAway);
      server.signal("SIGCONT");
      await eventually(async () => (await admin.exists("websets-events:lease:a")) === 1);
      const ask = (state: State) =>
        eventually(() =>
          state.lease("a", 600_000).then(
            (lease) => ({ isGiven: lease !== undefined }),
            () => false,
          ),
        );
      expect(await ask(other)).toEqual({ isGiven: false });
      expect(await ask(one)).toEqual({ isGiven: true });
      expect(await one.lease("a", 600_000)).toBeUndefined();
    } finally {
      server.signal("SIGCONT");
      admin.disconnect();
      await Promise.all([one.close(), other.close()]);
      await server.close();
    }
  });

  test("for what would be written, being full: that is told once, whatever it answers besides", async () => {
    const server = await RedisServer.start();
    const lines: string[] = [];
    const log = createLog("warn", (line) => lines.push(line));
    const state = await connected(server.url, log);
    const admin = new Redis(server.url);
    try {
      await admin.config("SET", "maxmemory", "1");
      for (let n = 0; n < 3; n++) {
        await expect(state.lease("a", 1_000)).rejects.toBeInstanceOf(StateAway);
        await expect(state.put({ tenant: "t", id: "r" }, 1, { ttlMs: 1_000 })).rejects.toBeInstanceOf(StateAway);
        expect(await state.get({ tenant: "t", id: "r" })).toBeUndefined();
      }
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/is away: OOM [^.]+ > 'maxmemory'\. Until/);
    } finally {
      admin.disconnect();
      await state.close();
      await server.close();
    }
  });

  test("where its connection leads, since another server took over: it is asked for anew", async () => {
    const [server, next] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    const way = await openWay(server.port);
    const state = await connected(way.url);
    const admin = new Redis(server.url);
    try {
      expect(state.mayHaveForgotten).toBe(false);
      await admin.replicaof("127.0.0.1", next.port);
      way.leadTo(next.port);
      await expect(state.lease("a", 1_000)).rejects.toThrow("READONLY");
      await eventually(async () => (await state.lease("a", 1_000).catch(() => undefined)) !== undefined);
      // What the first one held is not there yet.
      expect(state.mayHaveForgotten).toBe(true);
    } finally {
      admin.disconnect();
      await state.close();
      way.close();
      await Promise.all([server.close(), next.close()]);
    }
  });

  test("at the other end of a connection that tells entries and has fallen silent: another one is opened", async () => {
    const server = await RedisServer.start();
    const way = await openWay(server.port);
    const [one, other] = await Promise.all([connected(way.url), connected(server.url)]);
    const first = listen(one, "first");
    try {
      await eventually(async () => {
        await append(other, "first", 1);
        return first.entries.length > 0;
      });
      way.silence("subscribe");
      const second = listen(one, "second");
      await eventually(async () => {
        await append(other, "second", 2);
        return second.entries.length > 0;
      });
      second.stop();
    } finally {
      first.stop();
      await Promise.all([one.close(), other.close()]);
      way.close();
      await server.close();
    }
  });
});
