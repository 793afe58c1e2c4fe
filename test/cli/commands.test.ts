import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandsIn, runInShell } from "../support/shell.ts";

const NAMES = commandsIn((await runInShell(["help"])).stdout);
const KEY = "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f";

describe("the commands for people", () => {
  test.each(NAMES)("have help with two examples that are understood: %s", async (name) => {
    for (const args of [
      [name, "--help"],
      [name, "-h"],
      ["help", name],
    ]) {
      const { code, stdout, says } = await runInShell(args);
      expect({ code, says }).toEqual({ code: 0, says: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: websets-events-mcp ${name}`));
      const [options = "", after = ""] = stdout.split("Examples:\n");
      const examples = [...after.matchAll(/^ {2}websets-events-mcp (\S+)(.*)/gm)];
      expect(examples.map(([, word]) => word)).toEqual([name, name]);
      // What stands behind a pipe, or behind "--", is another program's.
      const flags = examples.flatMap(([, , rest = ""]) => rest.split(/ (?:\||&&|--) /)[0]?.match(/ --[a-z-]+/g) ?? []);
      for (const flag of flags) expect(options).toMatch(new RegExp(`^ {2}${flag.trim()}\\b`, "m"));
    }
  });

  test("fit a terminal with their help", async () => {
    for (const columns of [80, 200]) {
      for (const name of NAMES.filter((one) => one !== "sandbox")) {
        const { stdout } = await runInShell([name, "--help"], { columns });
        const options = stdout.split("\nExamples:")[0] ?? "";
        expect(options.split("\n").filter((line) => line.length > columns)).toEqual([]);
      }
    }
  });

  test("are all in the overview", async () => {
    const { code, stdout } = await runInShell(["help"]);
    expect(code).toBe(0);
    const files = readdirSync(join(import.meta.dirname, "../../src/cli/commands")).map((file) => basename(file, ".ts"));
    expect(NAMES.toSorted()).toEqual([...files, "demo", "sandbox"].sort());
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b.* {2,}\\S`, "m"));
  });

  test("know the version, too", async () => {
    for (const name of NAMES)
      expect(await runInShell([name, "--version"])).toMatchObject({ code: 0, stdout: "0.0.0-source\n" });
  });

  test.each([
    [["no-such-command"], 'There is no command "no-such-command". Commands: websets, items,'],
    [["webset"], 'There is no command "webset". Did you mean websets? Commands: '],
    [["wiat", "x"], "Did you mean wait?"],
    [["help", "nope"], 'There is no command "nope". Commands: '],
    [[KEY], "There is no command of 36 characters. Commands: "],
    [["websets", "--limt", "5"], "unknown option '--limt'. Did you mean --limit?"],
    [["websets", "now"], "too many arguments for 'websets'"],
    [["websets", `--api-key=${KEY}`], "unknown option '--api-key'"],
    [["websets", "--limit"], "option '--limit <number>' argument missing"],
    [["tail", "suppliers", "--sandbox"], 'To see one Webset\'s events: tail --webset "suppliers"'],
    [["items"], "missing required argument 'webset'"],
    [["wait"], "missing required argument 'webset'"],
    [["demo", "--sandbox"], "unknown option '--sandbox"],
    [["demo", "--speed", "0"], "--speed must be a number from 0.5 to 100"],
    [["sandbox", "now"], "too many arguments"],
    [["sandbox", "--poll-interval", "1"], "unknown option '--poll-interval'"],
    [["sandbox", "--port", "eighty"], '--port must be a whole number from 0 to 65535, not "eighty"'],
    [["sandbox", "--scenario", KEY], "--scenario must be one of demo, quiet, "],
    [["websets", "--sandbox=no-such"], "--sandbox must be one of demo, quiet, "],
    [["websets", "--sandbox", "--limit", "none"], "--limit must be a whole number"],
    [["websets", "--sandbox", "--status", "done"], "--status must be one of idle, pending, running, paused"],
    [["websets", "--sandbox", "--poll-interval", "0"], "--poll-interval"],
    [["wait", "any", "--sandbox", "--until", "end"], "--until must be one of search_completed, items, idle"],
    [["wait", "any", "--sandbox", "--until", "items"], "--until items needs --items"],
    [["wait", "any", "--sandbox", "--until", "idle", "--items", "5"], "--items goes with --until items"],
    [["wait", "any", "--sandbox", "--timeout", "soon"], "--timeout must be a length of time"],
    [["wait", "any", "--sandbox", "--any", "--all"], "--all and --any exclude each other"],
    [["items", ""], "WEBSET is empty: a variable that is not set?"],
    [["wait", "any", " "], "WEBSET is empty"],
    [["wait", "any", "--search", ""], "--search is empty"],
    [["tail", "--webset", ""], "--webset is empty"],
    [["tail", "--until-idle="], "--until-idle is empty"],
    [["tail", "--types="], "--types is empty"],
    [["forward", "--to", "http://127.0.0.1:9", "--webset", ""], "--webset is empty"],
    [["forward", "--to", "http://127.0.0.1:9", "--types", " , "], "--types is empty"],
    [["forward", "--to", "http://127.0.0.1:9", "--state="], "--state is empty"],
  ])("%j is refused with 2 and one line that names what is wrong", async (args, said) => {
    const { code, stdout, says } = await runInShell(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(says).toContain(said);
    expect(says.replace("Try --help.\n", "").trimEnd()).not.toContain("\n");
    expect(says).not.toContain(KEY);
  });

  test("http takes what its processes share from a variable too, and repeats it in no complaint", async () => {
    const wrong = ["http://user:secret-word@127.0.0.1:9", "redis://secret-word/more@127.0.0.1:9"];
    for (const [args, variable, name] of wrong.flatMap((url) => [
      [[], url, "WEBSETS_EVENTS_STATE"] as const,
      [[`--state=${url}`], "redis://127.0.0.1:9", "--state"] as const,
    ])) {
      const env = { WEBSETS_EVENTS_STATE: variable };
      const { code, says } = await runInShell(["http", "--port", "0", ...args], { env });
      expect(code).toBe(2);
      expect(says).toContain(`${name} cannot be used; accepted is redis://`);
      expect(says).not.toContain("secret-word");
    }
  });

  test("say without a key how to set one, with the exit code for it", async () => {
    for (const args of [["websets"], ["items", "any"], ["wait", "any"]]) {
      const { code, says } = await runInShell(args);
      expect(code).toBe(5);
      expect(says).toContain("EXA_API_KEY is not set");
      expect(says).toContain("--sandbox");
      expect(says).not.toMatch(/tool|this MCP server|list_websets/);
    }
  });
});
