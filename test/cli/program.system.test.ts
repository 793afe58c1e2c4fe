import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { ERAS } from "../support/eras.ts";
import { eventually } from "../support/eventually.ts";
import { runProgram } from "../support/program.ts";
import { test } from "../support/stdio-test.ts";
import { SURFACE } from "../support/surface.ts";

const { version }: { version: string } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
);

describe("the program", () => {
  test.for([["--help"], ["-h"], ["help"]])("prints its help for %j", async (args) => {
    const stdout = readFileSync(join(SURFACE, "help.txt"), "utf8").replace("<version>", version);
    expect(await runProgram(args)).toEqual({ code: 0, stdout, stderr: "" });
  });

  test.for(["--version", "-v"])("prints its version for %s", async (flag) => {
    expect(await runProgram([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.for([
    [["--no-such-flag"], "--no-such-flag"],
    [["no-such-command"], '"no-such-command"'],
    [["sandbox", "--port", "eighty"], "--port"],
    [["sandbox", "--speed", "0"], "--speed"],
    [["sandbox", "--scenario", "no such world"], "--scenario"],
    [["sandbox", "--list-order", "any"], "--list-order"],
  ] as const)("refuses %j with exit code 2 and names what is wrong", async ([args, named]) => {
    const { code, stdout, stderr } = await runProgram(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    const [first, second, ...rest] = stderr.split("\n");
    expect(first).toMatch(/^websets-events-mcp: /);
    expect(first).toContain(named);
    expect([second, ...rest]).toEqual(["Try --help.", ""]);
  });

  test.for([
    ["EXA_BASE_URL", "http://example.com"],
    ["EXA_BASE_URL", "https://user:secret@example.com"],
    ["EXA_BASE_URL", "no address"],
    ["WEBSETS_EVENTS_POLL_INTERVAL", "0.1"],
    ["WEBSETS_EVENTS_MAX_WAIT", "for ever"],
    ["WEBSETS_EVENTS_LOG_LEVEL", "loud"],
  ] as const)("refuses to start with %s=%s: one line on stderr, exit code 2", async ([name, value]) => {
    const { code, stdout, stderr } = await runProgram([], { [name]: value });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^websets-events-mcp: ${name} [^\\n]*accepted is [^\\n]*\\n$`));
    expect(stderr).not.toContain("secret");
  });

  test("says on a version of Node that is too old which one it needs, and where that one is", async ({
    startProgram,
  }) => {
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.18.3'}})";
    const program = startProgram([], {}, ["--import", `data:text/javascript,${encodeURIComponent(older)}`]);
    expect(await program.exited).toMatchObject({ code: 1 });
    expect(program.stderr).toBe(
      `websets-events-mcp: needs Node 20.19 or later, and this is Node 20.18.3 at ${process.execPath}\n`,
    );
  });

  test("starts with a placeholder in the key's place, and every tool names it", async ({ startProgram }) => {
    for (const era of ERAS) {
      const session = await era.open(startProgram([], { EXA_API_KEY: `\${EXA_API_KEY}` }));
      for (const { name } of session.tools) {
        const { error } = await session.call(name, {});
        expect(error).toMatch(/^missing_key: EXA_API_KEY holds "\$\{EXA_API_KEY\}", which is a placeholder/);
      }
      expect(session.program.stderr).toContain("placeholder");
    }
  });

  test("says on a terminal what it is and how to stop it, and nothing to a host", async ({ startProgram }) => {
    const env = { EXA_API_KEY: "any" };
    const { stderr } = await runProgram([], env);
    expect(stderr).toBe("");
    const asTerminal = "data:text/javascript,process.stdin.isTTY = true";
    const program = startProgram([], env, ["--import", asTerminal]);
    await eventually(() => program.stderr.split("\n").length === 3, { what: "the hint" });
    expect(program.stderr).toContain(`version ${version}, an MCP server`);
    expect(program.stderr).toContain("Ctrl+C");
    expect(program.stdout).toBe("");
    program.child.kill("SIGINT");
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });
});

describe.concurrent("the program with --sandbox", () => {
  test.for(ERAS.map((era) => [era.name, era] as const))(
    "needs no key and has a Webset that is running already (%s)",
    async ([, era], { startProgram }) => {
      const session = await era.open(startProgram(["--sandbox", "--poll-interval", "0.2"]));
      const { value } = await session.call("list_webset_events", { types: ["webset.created"] });
      expect(value.events).toHaveLength(1);
      const [{ websetId }] = value.events;
      const { value: state } = await session.call("get_webset_progress", { websetId });
      expect(state.progress).toMatchObject({ status: "running", searches: [{ target: 50 }] });
      expect(state.progress.enrichments).toHaveLength(2);
      const waited = await session.call("wait_for_webset_event", { types: ["webset.search.updated"], websetId });
      expect(waited.value.outcome).toBe("events");
      for (const { resource } of waited.value.events)
        expect(resource).toMatchObject({ kind: "search", status: "running" });
      expect(session.program.stderr).toBe("");
    },
  );

  test("takes no key and no address from the environment", async ({ startProgram, startStandIn }) => {
    let asked = false;
    const elsewhere = await startStandIn((_request, response) => {
      asked = true;
      response.end();
    });
    const [era] = ERAS;
    const session = await era?.open(startProgram(["--sandbox"], elsewhere.env));
    const answer = await session?.call("list_webset_events", { types: ["webset.created"] });
    expect(answer?.value.events).toHaveLength(1);
    expect(asked).toBe(false);
  });
});

describe("the program's sandbox command", () => {
  test("prints its address and the two lines to copy, serves there, and ends on SIGTERM", async ({ startProgram }) => {
    const program = startProgram(["sandbox", "--port", "0", "--speed", "50"]);
    const [, url = ""] = await eventually(() => /at (http:\/\/127\.0\.0\.1:\d+)\n/.exec(program.stdout));
    await eventually(() => program.stdout.includes("Ctrl+C"));
    expect(program.lines).toContain(`export EXA_BASE_URL=${url}`);
    const [, key = ""] = /^export EXA_API_KEY=(\S+)$/m.exec(program.stdout) ?? [];
    const answer = await fetch(`${url}/websets/v0/websets`, { headers: { "x-api-key": key } });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ data: [{ status: expect.stringMatching(/^(running|idle)$/) }] });

    const session = await ERAS[0]?.open(startProgram([], { EXA_BASE_URL: url, EXA_API_KEY: key }));
    const listed = await session?.call("list_webset_events", { types: ["webset.created"] });
    expect(listed?.value.events).toHaveLength(1);

    program.child.kill("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test("says which port is taken", async ({ startProgram, startStandIn }) => {
    const { url } = await startStandIn(() => {});
    const { port } = new URL(url);
    const program = startProgram(["sandbox", "--port", port]);
    expect(await program.exited).toMatchObject({ code: 2 });
    expect(program.stderr).toContain(`Port ${port} is in use`);
  });
});
