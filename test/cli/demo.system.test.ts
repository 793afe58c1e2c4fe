import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { playDemo } from "../../src/cli/demo/demo.ts";
import { openTerminal } from "../../src/cli/terminal.ts";
import { FakeStream } from "../support/command-world.ts";
import { eventually } from "../support/eventually.ts";
import { runProgram } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";

const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist/cli.js");

describe("the demo", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-demo-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Plays it here, with another program in our place; an interruption comes when it has said `until`. */
  const playWith = async (name: string, source: string, until?: string) => {
    const program = join(folder, name);
    writeFileSync(program, source);
    const interruption = new AbortController();
    const stream = new FakeStream();
    let stderr = "";
    stream.onWrite = () => {
      if (until !== undefined && stream.text.includes(until)) interruption.abort("SIGTERM");
    };
    const code = await playDemo({
      program,
      speed: 5,
      out: openTerminal(stream, { env: {}, redact: (text) => text }),
      env: process.env,
      complain(text) {
        stderr += text;
      },
      interruption: interruption.signal,
    });
    return { code, stdout: stream.text, stderr };
  };

  test("follows a Webset to its end, sees each item once, and says what that took", async () => {
    const { code, stdout, stderr } = await runProgram(["demo", "--speed", "20"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Connect +to websets-events-mcp \S+ on stdio, MCP 2026-07-28\. Its tools:/m);
    for (const tool of ["wait_for_webset", "wait_for_webset_event", "list_webset_events", "get_webset_progress"]) {
      expect(stdout).toContain(tool);
    }
    const batches = [...stdout.matchAll(/wait_for_webset_event: events, (\d+) items?\n +Item found: ".+", https:/g)];
    expect(batches.reduce((sum, [, items]) => sum + Number(items), 0)).toBe(30);
    // All but the last bring as many as were asked for, and what else there was.
    expect(batches.slice(0, -1).every(([, items]) => Number(items) >= 6)).toBe(true);
    expect(stdout).toMatch(/wait_for_webset: reached\n +idle; search completed after \d+ s: 30 of 30 found/);
    expect(stdout).toMatch(/^Done +in [\d.]+ s: 30 items, each of them once, and the Webset is idle\./m);
    expect(stdout).toMatch(/The agent made \d+ tool calls and read [\d,]+ bytes of results\./);
    expect(stdout).toMatch(/The server made \d+ requests to the API/);
    expect(stdout).toMatch(/item events straight from this API are [\d,]+ bytes\./);

    // The README shows what was seen; what it takes in time and numbers differs from run to run.
    const shown = linesWithoutNumbers(readFileSync(join(root, "README.md"), "utf8"));
    const [before, after] = framesOf(linesWithoutNumbers(stdout));
    expect(shown).toEqual(expect.arrayContaining(before));
    expect(shown).toEqual(expect.arrayContaining(after));
  });

  test("prints plain lines where there is no terminal", async () => {
    const { stdout } = await runProgram(["demo", "--speed", "100"]);
    expect(stdout).not.toMatch(/[\u001b\r█░]/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(108);
  });

  test("needs no key and uses none, nor any other setting of the user", async () => {
    const settings = {
      EXA_API_KEY: "my-own-key",
      EXA_BASE_URL: "http://127.0.0.1:9",
      WEBSETS_EVENTS_LOG_LEVEL: "loud",
    };
    expect(await runProgram(["demo", "--speed", "100"], settings)).toMatchObject({ code: 0, stderr: "" });
  });

  test("says what the server complained of", async () => {
    const broken = `if (process.argv[2] === "sandbox") await import(${JSON.stringify(pathToFileURL(dist).href)});
      else throw new Error("no moon tonight");`;
    const { code, stderr } = await playWith("broken.mjs", broken);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The demo failed while connecting to the MCP server: /m);
    expect(stderr).toContain("no moon tonight");
  });

  test("says what the sandbox complained of", async () => {
    const { code, stderr } = await playWith("dark.mjs", 'throw new Error("no sun today");');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The demo failed while starting the sandbox: /m);
    expect(stderr).toContain("no sun today");
  });

  test("ends its processes when it is stopped", async () => {
    const pids = join(folder, "pids");
    const watched = `import { appendFileSync } from "node:fs";
      appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n");
      await import(${JSON.stringify(pathToFileURL(dist).href)});`;
    const { code, stdout } = await playWith("watched.mjs", watched, "wait_for_webset_event {");
    expect(code).toBe(143);
    expect(stdout.trimEnd()).toMatch(/Stopped\.$/);
    const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    expect(started).toHaveLength(2);
    expect(started.filter(isAlive)).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("is stopped by the signals of a terminal", async ({ startProgram }) => {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const program = startProgram(["demo"]);
      await eventually(() => program.stdout.includes("wait_for_webset_event {"), { what: "the demo" });
      program.child.kill(signal);
      expect(await program.exited).toEqual({ code, signal: null });
      expect(program.stdout).toMatch(/Stopped\.\n$/);
    }
  });
});

/** Without ids as well, which begin with the time. */
function linesWithoutNumbers(text: string): string[] {
  const named = text.replace(/webset_[0-9a-z]{26}/g, "webset_ID");
  return named.split("\n").map((line) => line.replace(/\d[\d,.]*\d|\d/g, "N"));
}

/** The lines before the first event, and those after the last. */
function framesOf(lines: string[]): [before: string[], after: string[]] {
  const isEvent = (line: string) => /^ +N s {2}/.test(line);
  return [lines.slice(0, lines.findIndex(isEvent)), lines.slice(lines.findIndex((line) => line.startsWith("Done ")))];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
