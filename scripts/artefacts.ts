// npm run artefacts [folder]: writes what hosts and registries install from, all out of one description, into build/ or a folder:
//
//   server.json                  for the MCP registry
//   websets-events-mcp.mcpb      for Claude Desktop, and for Smithery
//   claude-code/                 a marketplace for Claude Code with one plugin: the server and a skill
//   badges.md                    links that install it in VS Code and Cursor
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { zipSync } from "fflate";
import { marketplaceJson, pluginJson, pluginReadme } from "./artefacts/claude-plugin.ts";
import { describeProgram } from "./artefacts/description.ts";
import { installBadges } from "./artefacts/links.ts";
import { mcpbManifest } from "./artefacts/mcpb.ts";
import { serverJson } from "./artefacts/server-json.ts";
import { buildIfNeeded } from "./build.mjs";
import { root } from "./project.mjs";

/** Names, with slashes, and what they hold. */
type Files = Record<string, Uint8Array>;

/** The same sources give the same bytes. It is the oldest time that a zip knows of. */
const MTIME = new Date(1980, 0, 1);

const target = resolve(process.argv[2] ?? join(root, "build"));
await buildIfNeeded();
const program = await describeProgram();

const server: Files = {
  ...filesBelow("dist"),
  LICENSE: readFileSync(join(root, "LICENSE")),
  "icon.png": readFileSync(join(root, "assets/icon.png")),
  // Without it, Node would not take the program's files for modules.
  "package.json": json({ name: program.name, version: program.version, type: "module", private: true }),
};
const bundle: Files = { "manifest.json": json(mcpbManifest(program)), ...server };
const plugin: Files = {
  ".claude-plugin/plugin.json": json(pluginJson(program)),
  "README.md": Buffer.from(pluginReadme(program)),
  ...filesBelow("skills"),
  ...server,
};
const marketplace: Files = {
  ".claude-plugin/marketplace.json": json(marketplaceJson(program, `./${program.name}`)),
  ...under(program.name, plugin),
};

rmSync(target, { recursive: true, force: true });
write({
  "server.json": json(serverJson(program)),
  [`${program.name}.mcpb`]: zipSync(bundle, { level: 9, mtime: MTIME }),
  ...under("claude-code", marketplace),
  "badges.md": Buffer.from(installBadges(program)),
});

function write(files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(target, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  for (const name of readdirSync(target)) console.log(`written: ${join(relative(process.cwd(), target) || ".", name)}`);
}

function under(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
}

/** All files below a folder of the project, by their names in the project. */
function filesBelow(folder: string): Files {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort();
  const paths = names.map((name) => join(folder, name)).filter((path) => statSync(join(root, path)).isFile());
  return Object.fromEntries(paths.map((path) => [path.replaceAll(sep, "/"), readFileSync(join(root, path))]));
}

function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
