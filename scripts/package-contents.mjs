// node scripts/package-contents.mjs: what `npm pack` would publish is what it should be, and says nothing of this machine.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, posix, sep } from "node:path";
import { root } from "./project.mjs";

const EXPECTED = new Set([
  "LICENSE",
  "README.md",
  "package.json",
  "dist/THIRD-PARTY-LICENSES.txt",
  "dist/cli.js",
  "dist/package.json",
]);
const CHUNK = /^dist\/chunks\/[\w-]+\.js$/;

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const [pack] = JSON.parse(
  execFileSync(npm, ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  }),
);
/** @type {string[]} */
const packed = pack.files.map((/** @type {{ path: string }} */ file) => file.path);

/** In bytes. `npx` downloads all of it before anything happens. */
const LARGEST = 600_000;

const problems = [
  ...[...EXPECTED].filter((path) => !packed.includes(path)).map((path) => `${path} is missing`),
  ...packed.filter((path) => !EXPECTED.has(path) && !CHUNK.test(path)).map((path) => `${path} should not be published`),
];

// In dist/, every file is published; a path of this machine in one of them would be, too.
for (const path of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })) {
  const file = posix.join("dist", path.replaceAll(sep, "/"));
  if (statSync(join(root, file)).isDirectory()) continue;
  if (!packed.includes(file)) problems.push(`${file} is left in dist/ and not published`);
  const text = readFileSync(join(root, file), "utf8");
  for (const place of [root, homedir() + sep, `file://${root}`]) {
    if (text.includes(place) || text.includes(JSON.stringify(place).slice(1, -1)))
      problems.push(`${file} contains ${place}`);
  }
}
if (!readFileSync(join(root, "dist/cli.js"), "utf8").startsWith("#!/usr/bin/env node\n"))
  problems.push("dist/cli.js has no shebang");
if (process.platform !== "win32" && (statSync(join(root, "dist/cli.js")).mode & 0o111) === 0)
  problems.push("dist/cli.js cannot be run");

if (pack.size > LARGEST) problems.push(`the package has ${pack.size} bytes packed, more than ${LARGEST}`);

for (const problem of problems) console.error(problem);
console.log(
  `${packed.length} files, ${Math.ceil(pack.size / 1024)} kB packed, ${Math.ceil(pack.unpackedSize / 1024)} kB unpacked`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
