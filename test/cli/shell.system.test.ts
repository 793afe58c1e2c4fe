import { describe, expect } from "vitest";
import { widthOf } from "../../src/cli/terminal.ts";
import { DEMO_WEBSET, findScenario } from "../../src/sandbox/scenarios.ts";
import { runProgram } from "../support/program.ts";
import { HAS_PTY, TerminalProgram } from "../support/pty.ts";
import { test as base } from "../support/stdio-test.ts";

const test = base.extend<{
  /** Starts the built program in a terminal. */
  startInTerminal(args: readonly string[], columns: number, env?: Record<string, string>): TerminalProgram;
}>({
  startInTerminal: async ({ onTestFinished }, use) => {
    await use((...given) => {
      const program = new TerminalProgram(...given);
      onTestFinished(() => program.end());
      return program;
    });
  },
});

describe.concurrent("the commands in a pipe", () => {
  test("list Websets and items as JSON, and wait for one, with nothing on stderr but changes", async ({
    startSandbox,
  }) => {
    const upstream = await startSandbox({ speed: 20 });
    const { id } = upstream.world.createWebset({ ...DEMO_WEBSET, externalId: "suppliers" });
    const waited = await runProgram(["wait", "suppliers", "--until", "idle"], upstream.env);
    expect(waited.code).toBe(0);
    expect(JSON.parse(waited.stdout)).toMatchObject({ outcome: "reached", progress: { websetId: id, found: 50 } });
    // On a busy machine its search may end before the program has begun.
    for (const line of waited.stderr.split("\n").slice(0, -1)) expect(line).toMatch(/^(running|idle); search /);
    const listed = await runProgram(["websets"], upstream.env);
    expect({ ...listed, stdout: JSON.parse(listed.stdout) }).toMatchObject({
      code: 0,
      stderr: "",
      stdout: { websetId: id },
    });
    const items = await runProgram(["items", id, "--all"], upstream.env);
    expect(items).toMatchObject({ code: 0, stderr: "" });
    expect(
      items.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).itemId),
    ).toHaveLength(50);
  });

  test("end quietly when their reader has read enough", async ({ startSandbox, startProgram }) => {
    const upstream = await startSandbox();
    const { id } = upstream.world.createWebset({ ...DEMO_WEBSET, search: { query: "many of them", count: 100 } });
    await runProgram(["wait", id, "--quiet"], upstream.env);
    const program = startProgram(["items", id, "--all", "--full"], upstream.env);
    program.child.stdout.once("data", () => program.child.stdout.destroy());
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe("");
    expect(program.lines.length).toBeLessThan(100);
  });

  test("say with their exit code what is wrong", async ({ startSandbox }) => {
    const upstream = await startSandbox();
    findScenario("canceled")?.begin(upstream.world);
    const [canceled] = [...upstream.world.listWebsets({ order: "oldest-first" })];
    const codeOf = async (args: string[], env = upstream.env) => (await runProgram(args, env)).code;
    expect(await codeOf(["wait", canceled?.id ?? ""])).toBe(3);
    expect(await codeOf(["wait", "no-such-webset"])).toBe(4);
    expect(await codeOf(["items", "no-such-webset"])).toBe(4);
    expect(await codeOf(["websets"], { ...upstream.env, EXA_API_KEY: "invalid" })).toBe(5);
    expect(await codeOf(["wait", "any"], { ...upstream.env, EXA_API_KEY: "invalid" })).toBe(5);
    expect(await codeOf(["wait", "--sandbox=busy", "--quiet", "no-such-webset"])).toBe(4);
    expect(await codeOf(["wait", "--sandbox", "demo", "--timeout", "3s", "--quiet"])).toBe(124);
  });

  test.skipIf(process.platform === "win32")(
    "end with 130 on SIGINT, after a line that says how to go on",
    async ({ startProgram }) => {
      const program = startProgram(["wait", "demo", "--sandbox"]);
      await new Promise<void>((resolve) => program.child.stderr.once("data", () => resolve()));
      program.child.kill("SIGINT");
      expect(await program.exited).toEqual({ code: 130, signal: null });
      expect(program.stdout).toBe("");
      expect(program.stderr).toMatch(
        /\nStopped after \d+ s\. The Webset goes on by itself; the same command waits again\.\n$/,
      );
    },
  );

  test("take the key out of what they print", async ({ startStandIn }) => {
    const key = "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f";
    const standIn = await startStandIn((request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ statusCode: 400, message: `Bad ${request.headers["x-api-key"]}`, error: "Bad Request" }),
      );
    });
    const { stdout, stderr } = await runProgram(["websets"], { ...standIn.env, EXA_API_KEY: key });
    expect(stderr).not.toBe("");
    expect(stdout + stderr).not.toContain(key);
  });
});

describe.skipIf(!HAS_PTY).concurrent("the commands in a terminal", () => {
  test.for([40, 80, 200])(
    "of %d columns show tables and a bar that fit",
    async (columns, { startInTerminal, startSandbox }) => {
      const upstream = await startSandbox({ speed: 20 });
      const { id } = upstream.world.createWebset(DEMO_WEBSET);
      const waiting = startInTerminal(["wait", id, "--until", "idle"], columns, upstream.env);
      await waiting.shows(" of 50");
      const during = waiting.screen;
      expect(during[0]).toMatch(/^European companies building/);
      expect(during[1]).toMatch(/^█*░+ {2}\d/);
      expect(await waiting.exited).toBe(0);
      expect(waiting.screen.join("").replace(/\s+/g, " ")).toMatch(
        /^reached after \d+ s: idle; search completed.*50 of 50 found/,
      );

      const listing = startInTerminal(["websets"], columns, upstream.env);
      expect(await listing.exited).toBe(0);
      expect(listing.screen.join("\n")).toContain(id);
      const items = startInTerminal(["items", id, "--limit", "3"], columns, upstream.env);
      expect(await items.exited).toBe(0);
      expect(items.screen[0]).toMatch(/^NAME +URL/);
      for (const line of [...during, ...listing.screen, ...items.screen])
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
      // A line that is too long would have been broken by the terminal.
      expect(items.screen.slice(1, 4)).toEqual(Array(3).fill(expect.stringMatching(/ \d of 3(?: |$)/)));
    },
  );

  test("take the bar away on Ctrl+C and say how to go on", async ({ startInTerminal }) => {
    const program = startInTerminal(["wait", "demo", "--sandbox"], 100);
    await program.shows(" of 50 found");
    program.interrupt();
    expect(await program.exited).toBe(130);
    const last = program.screen.slice(-2);
    expect(last[0]).toMatch(/running; search running: \d+ of 50 found/);
    expect(last[1]).toMatch(/^Stopped after \d+ s\. The Webset goes on by itself; the same command waits again\.$/);
  });

  test("show colours to people unless they do not want them", async ({ startInTerminal, startSandbox }) => {
    const upstream = await startSandbox({ speed: 20 });
    const { id } = upstream.world.createWebset(DEMO_WEBSET);
    const outputFor = async (env: Record<string, string>) => {
      const program = startInTerminal(["websets"], 80, { ...upstream.env, ...env });
      await program.exited;
      return program.output;
    };
    expect(await outputFor({})).toContain("\u001b[1m");
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) expect(await outputFor(env)).not.toContain("\u001b");
    const dumb = startInTerminal(["wait", id, "--items", "1"], 80, { ...upstream.env, TERM: "dumb" });
    expect(await dumb.exited).toBe(0);
    expect(dumb.output).not.toContain("\u001b");
    expect(dumb.output).toContain("reached after");
  });
});
