import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { cache } from "../../scripts/project.mjs";
import type { ForwardOptions } from "../../src/cli/commands/forward.ts";
import { eventually } from "./eventually.ts";
import { openSandbox } from "./upstream.ts";

/** Where a process of forward-program.ts is killed. */
export const POINTS = [
  "before the send",
  "after the answer",
  "during the write",
  "before the rename",
  "after the rename",
] as const;

/** What forward-program.ts is started with. */
export interface ForwardProgram {
  options: ForwardOptions;
  /** At which point, and when it comes there for which time, from 1. */
  kill?: { point: (typeof POINTS)[number]; time: number };
}

/** Builds forward-program.ts; returns its path and what removes it. */
export async function buildForwardProgram(): Promise<{ program: string; remove(): Promise<void> }> {
  const program = join(cache, `forward-program-${process.pid}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, "forward-program.ts")],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    minifyWhitespace: true,
    logLevel: "warning",
  });
  return { program, remove: () => rm(program, { force: true }) };
}

/** One event as the target got it. */
export interface Got {
  id: string;
  type: string;
  /** The id of what it is about. */
  about: string;
  queue: string;
  /** In which run. */
  run: number;
}

export type Answer = (response: ServerResponse) => unknown;

/** A sandbox with events, a target that takes them, and runs of forward between the two. */
export async function openForwardRuns(program: string, answer: Answer = (response) => response.writeHead(204).end()) {
  const folder = await mkdtemp(join(tmpdir(), "forward-runs-"));
  const sandbox = await openSandbox();
  const expected: { id: string; queue: string }[] = [];
  const got: Got[] = [];
  let run = 0;
  let child: ChildProcess | undefined;
  const server = createServer(async (request, response) => {
    let body = "";
    try {
      for await (const text of request.setEncoding("utf8")) body += text;
    } catch {
      // Its sender was killed before all of it was sent.
      return;
    }
    const { id, type, data } = JSON.parse(body);
    // What a killed process has sent may arrive when the next one has begun.
    got.push({ id, type, about: data.id, queue: data.websetId, run: Number(request.url?.slice(1)) });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state = join(folder, "state.json");
  const options: Omit<ForwardOptions, "to"> = {
    command: [],
    state,
    since: "1h",
    parallel: "3",
  };
  const stderr = { text: "" };
  return {
    sandbox,
    /** The path of the state file. */
    state,
    expected,
    got,
    stderr,
    /** Lets events happen, in turn in Websets of these names, until so many are still to arrive. */
    record(number: number, queues: readonly string[]) {
      const left = expected.length - new Set(got.map(({ id }) => id)).size;
      for (let n = left; n < number; n++) {
        const queue = queues[expected.length % queues.length] as string;
        const id = `event_${String(expected.length).padStart(6, "0")}`;
        sandbox.world.record("webset.item.created", { id: `item_${id}`, websetId: queue }, { id });
        expected.push({ id, queue });
      }
    },
    /** Starts it; it may kill itself. */
    start(kill?: ForwardProgram["kill"], more: Partial<ForwardOptions> = {}): ChildProcess {
      run++;
      const { PATH = "" } = process.env;
      const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${run}`;
      const asked: ForwardProgram = { options: { to, ...options, ...more }, ...(kill && { kill }) };
      child = spawn(process.execPath, [program, JSON.stringify(asked)], {
        env: { PATH, ...sandbox.env },
        stdio: ["ignore", "ignore", "pipe"],
      });
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        stderr.text += text;
      });
      return child;
    },
    /** Everything that happened has arrived, and the state says so. */
    async arrived() {
      const ids = () => new Set(got.map(({ id }) => id));
      await eventually(() => expected.every(({ id }) => ids().has(id)), {
        what: `the arrival of all (${stderr.text})`,
      });
    },
    async close() {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      server.closeAllConnections();
      server.close();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What is wrong with what a target got: lost, out of order, or told again more often than once for each kill and queue. */
export function faultsIn(expected: readonly { id: string; queue: string }[], got: readonly Got[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  const again = new Map<string, number>();
  const firsts: { id: string; queue: string }[] = [];
  for (const { id, queue, run } of got) {
    if (!seen.has(id)) firsts.push({ id, queue });
    else again.set(`${queue} in run ${run}`, (again.get(`${queue} in run ${run}`) ?? 0) + 1);
    seen.add(id);
  }
  for (const [where, times] of again) if (times > 1) faults.push(`${times} events of ${where} came again`);
  for (const queue of new Set(expected.map((one) => one.queue))) {
    const idsOf = (events: readonly { id: string; queue: string }[]) =>
      events.filter((one) => one.queue === queue).map(({ id }) => id);
    if (idsOf(firsts).join() !== idsOf(expected).join()) faults.push(`${queue} came as ${idsOf(firsts).join(" ")}`);
  }
  return faults;
}
