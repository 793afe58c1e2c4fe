import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { cpuSeconds, peakMiB } from "../support/process-usage.ts";
import { test } from "../support/stdio-test.ts";

const REQUESTS = 12_000;
/** All their answers are some 48 MB; the work on those that go out leaves some garbage. */
const MOST_MIB = 80;

test("12,000 answers that a host does not read are not held, and come when it does, each once", async ({
  startProgram,
}) => {
  const program = startProgram();
  const write = (id: number, method: string, params: object) =>
    program.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  const clientInfo = { name: "tests", version: "1" };
  write(0, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  const ids: number[] = [];
  program.onLine = (line) => ids.push(JSON.parse(line).id);
  await eventually(() => ids.length === 1);
  const { stdin, stdout, pid = 0 } = program.child;
  const before = peakMiB(pid);
  stdout.pause();
  for (let id = 1; id <= REQUESTS; id++) write(id, "resources/read", { uri: "websets://event-types" });
  const isAtRest = async () => {
    const used = cpuSeconds(pid);
    await sleep(1_000);
    return cpuSeconds(pid) - used < 0.05;
  };
  await eventually(isAtRest, { what: "rest" });
  // It has left the rest of them with the host.
  expect(stdin.writableLength).toBeGreaterThan(0);
  expect(peakMiB(pid) - before).toBeLessThan(MOST_MIB);
  stdout.resume();
  await eventually(() => ids.length > REQUESTS, { what: "all answers" });
  expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: REQUESTS + 1 }, (_, id) => id));
});
