import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openUrlTarget } from "../../../src/cli/forward/targets.ts";
import { systemClock } from "../../../src/shared/clock.ts";
import { blocksOf } from "../../support/code-blocks.ts";
import { eventually } from "../../support/eventually.ts";
import { type Answer, buildForwardProgram, faultsIn, openForwardRuns, POINTS } from "../../support/forward-runs.ts";
import { freePort } from "../../support/free-port.ts";
import { peakMiB } from "../../support/process-usage.ts";

const KILLS = 50;
/** No bound, but after what time it hangs, on a machine that is busy with something else. */
const HANGS_MS = 600_000;
const QUEUES = ["webset_a", "webset_b", "webset_c"];

let built: Awaited<ReturnType<typeof buildForwardProgram>>;
beforeAll(async () => {
  built = await buildForwardProgram();
});
afterAll(() => built.remove());

async function openRuns(answer?: Answer) {
  const runs = await openForwardRuns(built.program, answer);
  onTestFinished(() => runs.close());
  return runs;
}

describe.concurrent("killed again and again, forward loses nothing and keeps the order of each Webset", () => {
  test.each(POINTS)(
    "%s",
    async (point) => {
      const runs = await openForwardRuns(built.program);
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          runs.record(6, QUEUES);
          const child = runs.start({ point, time: 1 + ((kill * 7 + point.length) % 3) });
          const [, signal] = await once(child, "exit");
          expect({ kill, signal, stderr: signal === "SIGKILL" ? "" : runs.stderr.text }).toEqual({
            kill,
            signal: "SIGKILL",
            stderr: "",
          });
        }
        runs.start();
        await runs.arrived();
        expect(faultsIn(runs.expected, runs.got)).toEqual([]);
      } finally {
        await runs.close();
      }
    },
    HANGS_MS,
  );

  test(
    "at any moment, with a target that fails now and then",
    async () => {
      let asked = 0;
      const runs = await openForwardRuns(built.program, (response) =>
        response.writeHead(++asked % 11 === 0 ? 500 : 204).end(),
      );
      try {
        for (let kill = 0; kill < KILLS / 2; kill++) {
          runs.record(6, QUEUES);
          const before = runs.got.length;
          const child = runs.start();
          // Some before it has begun, some in the middle of its work.
          if (kill % 5 > 0) await eventually(() => runs.got.length > before);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * (kill % 5 > 0 ? 20 : 400)));
          child.kill("SIGKILL");
          await once(child, "exit");
        }
        runs.start();
        await runs.arrived();
        // What failed came again in the same run, too.
        expect(faultsIn(runs.expected, runs.got).filter((fault) => !fault.includes("came again"))).toEqual([]);
      } finally {
        await runs.close();
      }
    },
    HANGS_MS,
  );
});

test("killed again and again, it tells each item that is ready, hardly one of them twice", async () => {
  const runs = await openRuns();
  const { id } = runs.sandbox.world.createWebset({
    search: { query: "Companies that build robots", count: 40 },
    enrichments: [{ description: "Email", format: "email" }],
  });
  const more = { itemsReady: true, types: ["webset.item.*", "webset.idle"], webset: id };
  let kills = 0;
  const isIdle = () => runs.got.some(({ type }) => type === "webset.idle");
  for (; !isIdle(); kills++) {
    const before = runs.got.length;
    const child = runs.start(undefined, more);
    await eventually(() => runs.got.length > before + 2 || isIdle());
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  const items = [...runs.sandbox.world.listItems(id, { order: "oldest-first" })].map(({ id }) => id);
  const told = runs.got.flatMap(({ type, about }) => (type.startsWith("webset.item.") ? [about] : []));
  expect(new Set(told)).toEqual(new Set(items));
  expect(kills).toBeGreaterThan(5);
  expect(told.length - items.length).toBeLessThanOrEqual(kills);
});

test("a second process is refused, and a stopped one is taken over from", async () => {
  const runs = await openRuns();
  runs.record(1, QUEUES);
  const first = runs.start();
  await runs.arrived();
  const second = runs.start();
  expect((await once(second, "exit"))[0]).toBe(1);
  expect(runs.stderr.text).toContain(`is in use by process ${first.pid}`);
  first.kill("SIGKILL");
  await once(first, "exit");
  runs.record(1, QUEUES);
  runs.start();
  await runs.arrived();
  expect(faultsIn(runs.expected, runs.got)).toEqual([]);
});

test("told to end, it lets a delivery come to its end, and delivers nothing twice", async () => {
  const answers: (() => void)[] = [];
  const runs = await openRuns((response) => answers.push(() => response.writeHead(204).end()));
  runs.record(2, ["webset_a"]);
  const child = runs.start();
  await eventually(() => runs.got.length === 1);
  child.kill("SIGTERM");
  const exited = once(child, "exit");
  answers.shift()?.();
  expect((await exited)[0]).toBe(130);
  expect(runs.stderr.text).toContain("Ended: 1 delivered, 1 still to be");
  runs.start();
  await eventually(() => runs.got.length === 2);
  answers.shift()?.();
  expect(faultsIn(runs.expected, runs.got)).toEqual([]);
});

test("a target that stalls stops the reading, and memory stays flat", async () => {
  const runs = await openRuns(() => {});
  const page = "page text ".repeat(200);
  for (let n = 0; n < 20_000; n++) {
    runs.sandbox.world.record(
      "webset.item.created",
      { id: `i${n}`, websetId: `webset_${n % 50}`, page },
      { id: `e${n}` },
    );
  }
  const child = runs.start();
  await eventually(() => runs.got.length === 3);
  // A slice or two are read, and then none any more.
  let before = -1;
  await eventually(async () => {
    const asked = runs.sandbox.requests.total;
    if (asked === before) return true;
    before = asked;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return false;
  });
  const { pending } = JSON.parse(readFileSync(runs.state, "utf8"));
  expect(pending.length).toBeGreaterThanOrEqual(100);
  expect(pending.length).toBeLessThan(600);
  expect(peakMiB(child.pid ?? 0)).toBeLessThan(160);
  expect(runs.stderr.text).not.toContain("Warning");
});

test("a handler written as Exa documents it takes what is sent, and nothing that others have signed", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/forward.md"), "utf8");
  const [handler = ""] = blocksOf(page, "js");
  const port = await freePort();
  const child = spawn(process.execPath, ["--input-type=module", "-e", handler.replace("3000", String(port))], {
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: "whsec" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const deliver = (secret: string) => {
    const target = openUrlTarget({
      url: new URL(`http://127.0.0.1:${port}/`),
      secret,
      proxies: {},
      clock: systemClock,
    });
    const body = JSON.stringify({ id: "event_1", type: "webset.idle", data: { title: "Zürich" } });
    return target.deliver({ eventId: "event_1", type: "webset.idle", body }, new AbortController().signal);
  };
  await eventually(async () => (await deliver("whsec")).kind === "done");
  await eventually(() => said === "webset.idle event_1\n");
  expect(await deliver("other")).toEqual({ kind: "failed", how: "answered 401" });
});
