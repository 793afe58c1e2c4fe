import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, programIn } from "../../scripts/hosts/packages.ts";
import { cache } from "../../scripts/project.mjs";
import { listedTools, type StdioServer } from "../support/listed-tools.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

// The validators of those who take the artefacts, from the registry: one version each, so that no test fails for a new one.
const MCPB = "@anthropic-ai/mcpb@2.1.2";
const CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.332";

describe("what npm run artefacts writes", () => {
  let folder: string;
  /** With what people have in their folders' names. */
  let build: string;
  let tools: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-artefacts-"));
    build = join(folder, "a b ü # 100%");
    await run(process.execPath, ["scripts/run.mjs", "scripts/artefacts.ts", build], { cwd: root });
    tools = await listedTools({ command: process.execPath, args: [join(root, "dist/cli.js")] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const readJson = (...path: string[]) => JSON.parse(readFileSync(join(build, ...path), "utf8"));

  /** Puts in what the host would. */
  const started = (server: StdioServer, variables: Record<string, string>): StdioServer => {
    const text = JSON.stringify(server);
    return JSON.parse(text.replace(/\$\{([\w.]+)\}/g, (_, name) => JSON.stringify(variables[name]).slice(1, -1)));
  };

  test("is a bundle that its own tool takes, and that starts the server", async () => {
    const home = join(cache, "validators", "mcpb");
    await install(home, [MCPB]);
    const mcpb = programIn(home, "mcpb");
    const place = join(build, "unpacked");
    await run(mcpb, ["unpack", join(build, "websets-events-mcp.mcpb"), place]);
    const { stdout } = await run(mcpb, ["validate", join(place, "manifest.json")]);
    expect(stdout).toContain("Manifest schema validation passes!");
    const manifest = readJson("unpacked", "manifest.json");
    expect(manifest.tools.map(({ name }: { name: string }) => name)).toEqual(tools);
    const variables = { __dirname: place, "user_config.exa_api_key": "any" };
    expect(await listedTools(started(manifest.server.mcp_config, variables))).toEqual(tools);
  });

  test("is a plugin that Claude Code takes, installs and starts", async () => {
    const home = join(cache, "validators", "claude-code");
    await install(home, [CLAUDE_CODE]);
    const claude = programIn(home, "claude");
    const user = join(folder, "user");
    mkdirSync(user);
    const { PATH = "" } = process.env;
    const options = { cwd: user, env: { PATH, HOME: user, USERPROFILE: user, DISABLE_AUTOUPDATER: "1" } };
    const marketplace = join(build, "claude-code");
    for (const path of [marketplace, join(marketplace, "websets-events-mcp")]) {
      const { stdout } = await run(claude, ["plugin", "validate", "--strict", path], options);
      expect(stdout).toContain("Validation passed");
    }
    const key = "11111111-2222-4333-8444-555555555555";
    const source = ["--marketplace", marketplace, "--config", `exa_api_key=${key}`];
    await run(claude, ["plugin", "install", "websets-events-mcp", ...source], options);
    const { stdout } = await run(claude, ["mcp", "list"], options);
    expect(stdout).toMatch(/^plugin:websets-events-mcp:websets-events: .* Connected$/m);
  });
});
