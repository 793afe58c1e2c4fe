// node scripts/bench.mjs [name...]: runs the benchmarks of bench/ one after another, or those that are named.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { buildIfNeeded } from "./build.mjs";
import { root } from "./project.mjs";

const all = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"));
const named = process.argv.slice(2).map((name) => basename(name, ".ts"));
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are: ${all.join(", ")}`);
  process.exit(2);
}

await buildIfNeeded();
for (const name of named.length > 0 ? named : all) {
  const { status } = spawnSync(process.execPath, [join(root, "scripts/run.mjs"), join(root, "bench", `${name}.ts`)], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
