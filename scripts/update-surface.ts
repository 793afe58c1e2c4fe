// node scripts/run.mjs scripts/update-surface.ts: writes down what the program shows of itself, after it was changed on
// purpose: the snapshots in test/surface and the table of tools in the README. The difference is for the review.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { README, readSurface, SURFACE } from "../test/support/surface.ts";
import { toolsTable, withTable } from "../test/support/tools-table.ts";
import { buildIfNeeded } from "./build.mjs";

await buildIfNeeded();
const { tools, files } = await readSurface();
mkdirSync(SURFACE, { recursive: true });
for (const [name, text] of Object.entries(files)) write(join(SURFACE, name), text);
write(README, withTable(readFileSync(README, "utf8"), toolsTable(tools)));

function write(path: string, text: string): void {
  writeFileSync(path, text);
  console.log(`written: ${path}`);
}
