// node scripts/run.mjs scripts/update-surface.ts: writes down what the program shows of itself, after it was changed on
// purpose: the snapshots in test/surface, the README's table of tools and its badges, and the table of what hosts bear in
// docs/hosts.md. The difference is for the review.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { README, readSurface, SURFACE } from "../test/support/surface.ts";
import { toolsTable } from "../test/support/tools-table.ts";
import { describeProgram } from "./artefacts/description.ts";
import { installBadges } from "./artefacts/links.ts";
import { buildIfNeeded } from "./build.mjs";
import { patienceTable } from "./hosts/table.ts";
import { withMarkedText } from "./marked.ts";
import { root } from "./project.mjs";

await buildIfNeeded();
const { tools, files } = await readSurface();
mkdirSync(SURFACE, { recursive: true });
for (const [name, text] of Object.entries(files)) write(join(SURFACE, name), text);
rewrite(README, "tools", toolsTable(tools));
rewrite(README, "badges", installBadges(await describeProgram()).trim());
rewrite(join(root, "docs/hosts.md"), "patience", patienceTable());

function rewrite(page: string, name: string, text: string): void {
  write(page, withMarkedText(readFileSync(page, "utf8"), name, text));
}

function write(path: string, text: string): void {
  writeFileSync(path, text);
  console.log(`written: ${path}`);
}
