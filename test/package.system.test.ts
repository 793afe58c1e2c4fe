import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programIn } from "../scripts/hosts/packages.ts";
import { listedTools } from "./support/listed-tools.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const shell = process.platform === "win32";

describe("the package", () => {
  let folder: string;
  /** Its name in the folder. */
  let tarball: string;

  beforeAll(async () => {
    // With what people have in their folders' names.
    folder = join(mkdtempSync(join(tmpdir(), "websets-events-mcp-package-")), "a b ü # 100%");
    mkdirSync(folder);
    // What it holds was built before the tests.
    const env = { ...process.env, npm_config_pack_destination: folder };
    await run("npm", ["pack", "--ignore-scripts"], { cwd: root, env, shell });
    [tarball = ""] = readdirSync(folder);
  });
  afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

  /** A folder with nothing but the package, no registry, and nothing kept from before. */
  const stranger = (name: string) => {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    copyFileSync(join(folder, tarball), join(cwd, tarball));
    const npm = { npm_config_registry: "http://127.0.0.1:9", npm_config_cache: join(cwd, "cache") };
    const { PATH = "", SystemRoot = "" } = process.env;
    return { cwd, shell, env: { PATH, HOME: cwd, USERPROFILE: cwd, SystemRoot, ...npm } };
  };

  test("shows the demo with npx, from an empty folder and no registry", async () => {
    const { stdout } = await run("npx", ["--yes", `./${tarball}`, "demo", "--speed", "100"], stranger("demo"));
    expect(stdout).toMatch(/^Done +in [\d.]+ s: 30 items, each of them once, and the Webset is idle\./m);
  });

  test("starts where it is installed, by npm's link and by a link to the folder", async () => {
    const options = stranger("installed");
    await run("npm", ["install", `./${tarball}`], options);
    const linked = join(folder, "linked");
    symlinkSync(options.cwd, linked, "junction");
    const program = (home: string) => join(home, "node_modules/websets-events-mcp/dist/cli.js");
    const servers = [
      ...(shell ? [] : [{ command: programIn(options.cwd, "websets-events-mcp"), args: [] }]),
      { command: process.execPath, args: [program(options.cwd)] },
      { command: process.execPath, args: [program(linked), "--sandbox"] },
    ];
    for (const server of servers) expect(await listedTools(server)).toContain("wait_for_webset");
  });
});

test("the project is built also where its folder is reached by a link", async () => {
  const folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-link-"));
  try {
    symlinkSync(root, join(folder, "project"), "junction");
    const { stderr } = await run(process.execPath, [join(folder, "project/scripts/build.mjs")]);
    expect(stderr).toMatch(/^built dist\//);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
