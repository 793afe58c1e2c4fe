import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { peakMiB } from "../support/process-usage.ts";
import { HAS_PTY, TerminalProgram } from "../support/pty.ts";
import { test } from "../support/stdio-test.ts";
import type { Upstream } from "../support/upstream.ts";

const HOUR_MS = 3_600_000;
const PROGRAM = join(import.meta.dirname, "..", "..", "dist", "cli.js");

/** Items found within the last day, each with some 10 kB of text; returns the ids of their events. */
function recordItems({ world }: Upstream, count: number): string[] {
  const texts = Array.from({ length: 5 }, (_, n) => `text ${n}`.padEnd(1_900, " and so on"));
  return Array.from({ length: count }, (_, n) => {
    const properties = { type: "company", url: "https://www.example.com/", description: texts[0] };
    const data = { id: `item_${n}`, object: "webset_item", websetId: "webset_1", properties, texts };
    const createdAt = Date.now() - 20 * HOUR_MS + Math.floor((n * 19 * HOUR_MS) / count);
    return world.record("webset.item.created", data, { createdAt }).id;
  });
}

const idOf = (line: string): string => JSON.parse(line).id;

describe("tail over a long backlog", () => {
  test("gives each event once and holds no more at its end than near its beginning", async ({
    startProgram,
    startSandbox,
  }) => {
    const upstream = await startSandbox();
    // Together they are 120 MB.
    const ids = recordItems(upstream, 12_000);
    const program = startProgram(["tail", "--since", "1d", "--no-follow"], upstream.env);
    const read: string[] = [];
    const peaks: number[] = [];
    program.onLine = (line) => {
      read.push(idOf(line));
      if (read.length === 2_000 || read.length === 11_500) peaks.push(peakMiB(program.child.pid as number));
    };
    expect((await program.exited).code).toBe(0);
    expect(read).toEqual(ids);
    const [early = 0, late = Number.POSITIVE_INFINITY] = peaks;
    expect(late / early).toBeLessThan(1.5);
  });

  test("reads no further than somebody reads it", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    const ids = recordItems(upstream, 4_000);
    const { child, exited } = startProgram(["tail", "--full", "--since", "1d", "--no-follow"], upstream.env);
    child.stdout.removeAllListeners("data");
    child.stdout.pause();
    await eventually(() => upstream.requests.total > 0);
    let before = -1;
    // It takes several a second as long as it reads.
    while (upstream.requests.total > before) {
      before = upstream.requests.total;
      await sleep(2_000);
    }
    const read: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) read.push(idOf(line));
    expect(before).toBeLessThan(upstream.requests.total / 2);
    expect((await exited).code).toBe(0);
    expect(read).toEqual(ids);
  });
});

describe.runIf(HAS_PTY)("tail in a terminal", () => {
  test.for([40, 80, 200])(
    "has a line an event in %i columns, and ends with the command that goes on",
    async (columns) => {
      const program = new TerminalProgram(["tail", "--since", "1h", "--sandbox=finished"], columns);
      try {
        await program.shows("Webset idle");
        const events = program.screen.filter((line) => /^\d\d:\d\d:\d\d \S/.test(line));
        expect(events.length).toBeGreaterThan(20);
        expect(program.output).toContain("\u001b[32m");
        program.interrupt();
        expect(await program.exited).toBe(130);
        expect(program.screen.join("")).toMatch(/To go on from here: websets-events-mcp tail --since c[\w-]+\s*$/);
      } finally {
        await program.end();
      }
    },
  );
});

describe("tail", () => {
  test("ends quietly when its reader has what it wants", async ({ startSandbox }) => {
    const upstream = await startSandbox();
    recordItems(upstream, 2_000);
    const command = `"$0" "$1" tail --since 1d | head -n 2; echo "\${PIPESTATUS[0]}"`;
    const { PATH = "" } = process.env;
    const child = spawn("bash", ["-c", command, process.execPath, PROGRAM], {
      env: { PATH, ...upstream.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    await once(child, "close");
    expect(stderr).toBe("");
    const [first, second, status] = stdout.trim().split("\n");
    expect([first, second].map((line) => JSON.parse(line ?? "").type)).toEqual([
      "webset.item.created",
      "webset.item.created",
    ]);
    expect(status).toBe("0");
  });

  test("goes on after Ctrl+C where it says", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox();
    const first = startProgram(["tail", "--types", "webset.created,webset.deleted"], upstream.env);
    await eventually(() => upstream.requests.total > 1);
    const { id } = upstream.world.createWebset({ title: "Makers of cargo bikes" });
    await eventually(() => first.lines.length === 1);
    first.child.kill("SIGINT");
    expect((await first.exited).code).toBe(130);
    const [, args = ""] = /^To go on from here: websets-events-mcp (.+)\n$/.exec(first.stderr) ?? [];
    expect(args).toMatch(/^tail --types webset.created,webset.deleted --since c/);
    upstream.world.deleteWebset(id);
    const second = startProgram(args.split(" "), upstream.env);
    await eventually(() => second.lines.length > 0);
    expect(second.lines.map((line) => JSON.parse(line).type)).toEqual(["webset.deleted"]);
  });

  test("outlasts an API that is gone for a while", async ({ startProgram, startSandbox }) => {
    const upstream = await startSandbox({ speed: 1 });
    const listener = await upstream.listen(0);
    const program = startProgram(["tail"], { ...upstream.env, EXA_BASE_URL: listener.url });
    await eventually(() => upstream.requests.total > 1);
    await listener.close();
    await eventually(() => program.stderr.includes("The API does not answer"));
    const { id } = upstream.world.createWebset({ search: { query: "Makers of cargo bikes", count: 2 } });
    await upstream.listen(Number(new URL(listener.url).port));
    await eventually(() => program.lines.some((line) => JSON.parse(line).websetId === id));
    expect(program.stderr.trim().split("\n")).toEqual([
      expect.stringContaining("The API does not answer"),
      expect.stringContaining("The API answers again"),
    ]);
  });
});
