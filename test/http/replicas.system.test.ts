import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "iovalkey";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Replicas } from "../support/replicas.ts";
import { openSandbox, type Upstream } from "../support/upstream.ts";

const TYPES = ["webset.item.created"];
const WEBSET = "webset_01k00000000000000000000000";
/** What must not be found in what is shared. */
const SECRET = "Secret-Makers-of-Cargo-Bikes";
const keyOf = (tenant: number) => `0e4d5c6b-0000-4000-8000-${String(tenant).padStart(12, "0")}`;

async function openReplicas() {
  const upstream = await openSandbox();
  onTestFinished(() => upstream.close());
  const replicas = await Replicas.start(3, upstream.url);
  onTestFinished(() => replicas.close());
  return { upstream, replicas };
}

function record({ world }: Upstream, id: string): void {
  world.record(TYPES[0] ?? "", { id: `witem_${id}`, object: "webset_item", websetId: WEBSET, url: SECRET }, { id });
}

describe("three replicas that share a Redis", () => {
  test("tell 40 tenants every event once, while replicas are killed and stopped, and Redis loses all it holds", async () => {
    const { upstream, replicas } = await openReplicas();
    replicas.giveUpMs = 12_000;
    const after = new Date(Date.now() - 1_000).toISOString();
    const chains = Array.from({ length: 40 }, (_, n) => replicas.follow(keyOf(n), TYPES, after, "last"));
    const expected: string[] = [];
    const happen = async (ms: number) => {
      for (const until = Date.now() + ms; Date.now() < until; ) {
        expected.push(`event_${expected.length}`);
        record(upstream, expected.at(-1) ?? "");
        await sleep(300);
      }
    };
    await happen(3_000);
    await Promise.all([replicas.kill(), happen(1_000)]);
    await Promise.all([replicas.add(), happen(2_000)]);
    const goOn = replicas.stop();
    await happen(5_000);
    goOn();
    await Promise.all([replicas.redis.kill(), happen(2_000)]);
    await Promise.all([replicas.redis.start(), happen(2_000)]);
    await Promise.all([replicas.kill(), replicas.add(), happen(3_000)]);
    record(upstream, "last");
    for (const told of await Promise.all(chains)) {
      const ids = told.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => id !== "last").sort()).toEqual(expected.toSorted());
    }
    expect(replicas.retried).toBeGreaterThan(0);
    expect(replicas.stderr).toContain("what replicas share is away");
    expect(replicas.stderr).toContain("what replicas share is back");
  });

  test("keep no key, no word of what happened and no query there", async () => {
    const { upstream, replicas } = await openReplicas();
    const redis = new Redis(replicas.redis.url);
    onTestFinished(() => redis.disconnect());
    const after = new Date(Date.now() - 1_000).toISOString();
    record(upstream, "event_1");
    const key = keyOf(1);
    const wait = replicas.call(key, "wait_for_webset_event", { types: TYPES, after, atLeast: 5, timeoutSeconds: 4 });
    const all = await eventually(
      async () => {
        const names = await redis.keys("*");
        let texts = names.join("\n");
        for (const name of names) {
          const type = await redis.type(name);
          texts += JSON.stringify(type === "stream" ? await redis.xrange(name, "-", "+") : await redis.get(name));
        }
        return texts.includes("event_1") && texts;
      },
      { what: "a sighting of the event" },
    );
    expect(all).not.toContain(key);
    expect(all).not.toContain(SECRET);
    await wait;
  });

  test("go on with a task whose replica is killed, and tell each of its events once", async () => {
    const { upstream, replicas } = await openReplicas();
    const wait = { name: "wait_for_webset_event", arguments: { types: TYPES, atLeast: 2, timeoutSeconds: 600 } };
    const { taskId } = await replicas.send(keyOf(1), "tools/call", wait);
    expect(taskId).toBeDefined();
    record(upstream, "event_1");
    // Another replica knows it, and that it is being worked on.
    expect(await replicas.send(keyOf(1), "tasks/get", { taskId })).toMatchObject({ status: "working" });
    await expect(replicas.send(keyOf(2), "tasks/get", { taskId })).rejects.toThrow("Task not found");
    await replicas.kill();
    record(upstream, "event_2");
    const task = await eventually(async () => {
      const now = await replicas.send(keyOf(1), "tasks/get", { taskId });
      return now.status !== "working" && now;
    });
    expect(task.status).toBe("completed");
    const { events, cursor } = task.result.structuredContent;
    expect(events.map(({ id }: { id: string }) => id)).toEqual(["event_1", "event_2"]);
    record(upstream, "event_3");
    const next = await replicas.call(keyOf(1), "wait_for_webset_event", { types: TYPES, after: cursor });
    expect(next.events.map(({ id }) => id)).toEqual(["event_3"]);
  });

  test("poll once for all waits of a tenant", async () => {
    const { upstream, replicas } = await openReplicas();
    const cost = async (waits: number, tenant: number) => {
      const before = upstream.requests.total;
      const args = { types: TYPES, timeoutSeconds: 8 };
      const calls = Array.from({ length: waits }, () => replicas.call(keyOf(tenant), "wait_for_webset_event", args));
      for (const { outcome } of await Promise.all(calls)) expect(outcome).toBe("quiet");
      return upstream.requests.total - before;
    };
    const [one, twelve] = [await cost(1, 1), await cost(12, 2)];
    // Two replicas more ask what time it is at the API.
    expect(twelve).toBeLessThanOrEqual(one + 2 + 1);
  });
});
