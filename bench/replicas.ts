// What three replicas that share a Redis cost the API, and what is lost of 40 tenants' waits behind nginx while one of them is killed every 5 s.
import { setTimeout as sleep } from "node:timers/promises";
import { createSandbox, type Sandbox } from "../src/sandbox/server.ts";
import { systemClock } from "../src/shared/clock.ts";
import { Replicas } from "../test/support/replicas.ts";
import { report } from "./support/report.ts";

const TYPES = ["webset.item.created"];
const TENANTS = 40;
const KILLED_EVERY_MS = 5_000;
const LASTS_MS = 60_000;
const EVENT_EVERY_MS = 400;
/** So long the waits are in quiet before the event comes that ends them, in milliseconds: most of a wait that names no time. */
const QUIET_MS = 20_000;
const keyOf = (tenant: number) => `0e4d5c6b-0000-4000-8000-${String(tenant).padStart(12, "0")}`;

const costs = [
  { who: "one wait, one process", requests: await costOf({ replicas: 1, waits: 1, shares: false }) },
  { who: "12 waits, three on their own", requests: await costOf({ replicas: 3, waits: 12, shares: false }) },
  { who: "12 waits, three that share", requests: await costOf({ replicas: 3, waits: 12, shares: true }) },
];
const chaos = await measureChaos();
report({
  name: "replicas",
  what: `waits of ${QUIET_MS / 1_000} s and an event; ${TENANTS} tenants behind nginx for ${LASTS_MS / 1_000} s, a replica killed every ${KILLED_EVERY_MS / 1_000} s`,
  columns: ["", "result"],
  rows: [
    ...costs.map(({ who, requests }) => [who, `${requests} requests`]),
    ["events told, each once", `${chaos.told} of ${chaos.expected}`],
    ["missing, told again", `${chaos.missing}, ${chaos.again}`],
    ["replicas killed, calls made again", `${chaos.killed}, ${chaos.retried}`],
    ["delay, median and longest", `${chaos.medianMs} ms, ${chaos.longestMs} ms`],
  ],
  measured: { costs, chaos },
});

/** How many requests the API gets for so many waits of one tenant. */
async function costOf({ replicas: count, waits, shares }: { replicas: number; waits: number; shares: boolean }) {
  const { sandbox, url } = await openSandbox();
  const replicas = await Replicas.start(count, url, { shares });
  const args = { types: TYPES };
  const calls = Array.from({ length: waits }, () => replicas.call(keyOf(0), "wait_for_webset_event", args));
  await sleep(QUIET_MS);
  record(sandbox, "event");
  for (const { events } of await Promise.all(calls)) if (events.length !== 1) throw new Error("a wait had no event");
  await replicas.close();
  await sandbox.close();
  return sandbox.requests.total;
}

async function measureChaos() {
  const { sandbox, url } = await openSandbox();
  const replicas = await Replicas.start(3, url, { behindNginx: true });
  const after = new Date(Date.now() - 1_000).toISOString();
  const chains = Array.from({ length: TENANTS }, (_, n) => replicas.follow(keyOf(n), TYPES, after, "last"));
  const happenedAt = new Map<string, number>();
  let killed = 0;
  const begun = Date.now();
  for (let killedAt = begun; Date.now() - begun < LASTS_MS; ) {
    const id = `event_${happenedAt.size}`;
    happenedAt.set(id, Date.now());
    record(sandbox, id);
    if (Date.now() - killedAt >= KILLED_EVERY_MS) {
      killedAt = Date.now();
      killed++;
      void replicas.kill().then(() => replicas.add());
    }
    await sleep(EVENT_EVERY_MS);
  }
  record(sandbox, "last");
  const told = (await Promise.all(chains)).map((chain) => chain.filter(({ id }) => id !== "last"));
  const delays = told.flatMap((chain) => chain.map(({ id, at }) => at - (happenedAt.get(id) ?? at)));
  delays.sort((a, b) => a - b);
  await replicas.close();
  await sandbox.close();
  const distinct = told.reduce((sum, chain) => sum + new Set(chain.map(({ id }) => id)).size, 0);
  const all = told.reduce((sum, chain) => sum + chain.length, 0);
  const expected = TENANTS * happenedAt.size;
  return {
    expected,
    told: distinct,
    missing: expected - distinct,
    again: all - distinct,
    killed,
    retried: replicas.retried,
    medianMs: delays[delays.length >> 1] ?? 0,
    longestMs: delays.at(-1) ?? 0,
  };
}

async function openSandbox() {
  const sandbox = createSandbox({ clock: systemClock });
  const { url } = await sandbox.listen(0);
  return { sandbox, url };
}

function record({ world }: Sandbox, id: string): void {
  world.record(TYPES[0] ?? "", { id: `of_${id}`, websetId: "webset_of_all" }, { id });
}
