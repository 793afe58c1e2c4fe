import { afterEach, describe, expect, test } from "vitest";
import type { Json, Lease, State } from "../../src/state/state.ts";

/** Replicas that share a state. */
export interface Replicas {
  one: State;
  other: State;
  /** Makes a lease expire as it does when its holder has stopped. */
  lose(lease: Lease): Promise<void>;
  /** Lets as much time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const TTL_MS = 60_000;
const key = (id: string, tenant = "tenant") => ({ tenant, id });

async function held(state: State, name: string): Promise<Lease> {
  const lease = await state.lease(name, TTL_MS);
  if (lease === undefined) throw new Error(`the lease ${name} is held by another`);
  return lease;
}

/** What every kind of shared state promises. */
export function describeState(kind: string, open: () => Promise<Replicas>): void {
  describe(`a state ${kind}`, () => {
    const ends: (() => unknown)[] = [];
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });
    const opened = async () => {
      const replicas = await open();
      ends.push(() => replicas.close());
      return replicas;
    };
    /** Follows a log; resolves once what it holds has been read. */
    const follow = async (state: State, log: string) => {
      const stop = new AbortController();
      ends.push(() => stop.abort());
      const batches = state.follow(log, stop.signal)[Symbol.asyncIterator]();
      const first = await batches.next();
      const entries: Json[] = [...(first.done ? [] : first.value)];
      let wake = () => {};
      const done = (async () => {
        for (let next = await batches.next(); !next.done; next = await batches.next()) {
          entries.push(...next.value);
          wake();
        }
      })();
      /** All entries, once there are so many. */
      const until = async (count: number): Promise<Json[]> => {
        while (entries.length < count) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return [...entries];
      };
      return { entries, until, stop: () => stop.abort(), done };
    };

    test("gives a lease to one holder at a time, and to the next when it is given back", async () => {
      const { one, other } = await opened();
      const first = await held(one, "a");
      expect(await other.lease("a", TTL_MS)).toBeUndefined();
      expect(await one.lease("a", TTL_MS)).toBeUndefined();
      expect(await other.lease("b", TTL_MS)).toBeDefined();
      await first.release();
      const second = await held(other, "a");
      expect(second.token).not.toBe(first.token);
      // Who has given it back cannot give it back for another.
      await first.release();
      expect(await one.lease("a", TTL_MS)).toBeUndefined();
    });

    test("holds and follows as many as there are, and says nothing of it", async () => {
      const { one, other } = await opened();
      const names = Array.from({ length: 20 }, (_, n) => `many ${n}`);
      const leases = await Promise.all(names.map((name) => held(one, name)));
      const followers = await Promise.all(names.map((name) => follow(other, name)));
      await Promise.all(leases.map((lease) => one.append(lease.name, lease.name, lease)));
      for (const [n, follower] of followers.entries()) expect(await follower.until(1)).toEqual([names[n]]);
    });

    test("lets nobody write with a lease that is another's", async () => {
      const { one, other, lose } = await opened();
      const stalled = await held(one, "a");
      expect(await one.append("log", 1, stalled)).toBe(true);
      expect(await one.put(key("r"), "first", { ttlMs: TTL_MS, lease: stalled })).toBe(true);
      await lose(stalled);
      expect(await one.append("log", 2, stalled)).toBe(false);
      const next = await held(other, "a");
      expect(await one.append("log", 3, stalled)).toBe(false);
      expect(await one.put(key("r"), "stalled", { ttlMs: TTL_MS, lease: stalled })).toBe(false);
      expect(await other.append("log", 4, next)).toBe(true);
      expect(await other.put(key("r"), "next", { ttlMs: TTL_MS, lease: next })).toBe(true);
      expect((await one.get(key("r")))?.record).toBe("next");
      expect((await follow(one, "log")).entries).toEqual([1, 4]);
    });

    test("tells followers what a log holds, then what comes, each once and in order", async () => {
      const { one, other } = await opened();
      const lease = await held(one, "a");
      expect((await follow(other, "log")).entries).toEqual([]);
      await one.append("log", { n: 1 }, lease);
      await one.append("log", { n: 2 }, lease);
      const followers = await Promise.all([follow(other, "log"), follow(other, "log"), follow(one, "log")]);
      for (const follower of followers) expect(follower.entries).toEqual([{ n: 1 }, { n: 2 }]);
      await one.append("log", { n: 3 }, lease);
      await one.append("elsewhere", { n: 0 }, lease);
      for (const follower of followers) expect(await follower.until(3)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      followers[0]?.stop();
      await followers[0]?.done;
      await one.append("log", { n: 4 }, lease);
      expect(await followers[1]?.until(4)).toHaveLength(4);
      expect(followers[0]?.entries).toHaveLength(3);
    });

    test("keeps a log short", async () => {
      const { one, other } = await opened();
      const lease = await held(one, "a");
      for (let n = 1; n <= 30; n++) await one.append("log", n, lease);
      expect((await follow(other, "log")).entries).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
    });

    test("keeps records by tenant until their time is over", async () => {
      const { one, other, pass } = await opened();
      await one.put(key("short"), { a: [1, null, "ä"] }, { ttlMs: 300 });
      await one.put(key("long"), "x", { ttlMs: TTL_MS });
      await one.put(key("long", "neighbour"), "y", { ttlMs: TTL_MS });
      const short = await other.get(key("short"));
      expect(short?.record).toEqual({ a: [1, null, "ä"] });
      expect(short?.leftMs).toBeGreaterThan(0);
      expect(short?.leftMs).toBeLessThanOrEqual(300);
      expect((await other.list("tenant")).sort()).toEqual(["long", "short"]);
      expect((await other.get(key("long", "neighbour")))?.record).toBe("y");
      await pass(400);
      expect(await other.get(key("short"))).toBeUndefined();
      expect(await other.list("tenant")).toEqual(["long"]);
      await other.delete(key("long"));
      await other.delete(key("never"));
      expect(await one.get(key("long"))).toBeUndefined();
      expect(await one.list("tenant")).toEqual([]);
      expect(await one.list("neighbour")).toEqual(["long"]);
    });

    test("pokes all who wait for a name, here and elsewhere, and nobody else", async () => {
      const { one, other } = await opened();
      const poked: string[] = [];
      const wait = (state: State, name: string, who: string) =>
        new Promise<void>((resolve) => {
          ends.push(
            state.onPoke(name, () => {
              poked.push(who);
              resolve();
            }),
          );
        });
      const all = [wait(one, "a", "here"), wait(other, "a", "elsewhere")];
      void wait(other, "b", "nobody");
      const off = other.onPoke("a", () => poked.push("gone"));
      off();
      await one.poke("a");
      await Promise.all(all);
      expect(poked.sort()).toEqual(["elsewhere", "here"]);
    });

    test("ends everything when it is closed", async () => {
      const { one, other } = await opened();
      await held(one, "a");
      const follower = await follow(one, "log");
      await one.close();
      await follower.done;
      if (one !== other) expect(await other.lease("a", TTL_MS)).toBeDefined();
    });
  });
}
