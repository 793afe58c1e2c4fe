// node scripts/check.mjs [--no-tests]: everything that must hold before a change is good, one part after another.
import { spawnSync } from "node:child_process";
import { root } from "./project.mjs";

/** @type {[name: string, command: string][]} */
const PARTS = [
  ["types", "tsc --noEmit"],
  ["format and lint", "biome ci --error-on-warnings ."],
  ["tests", "npm test"],
  ["system tests", "npm run system"],
  ["build", "node scripts/build.mjs"],
  ["package contents", "node scripts/package-contents.mjs"],
];

const withoutTests = process.argv.includes("--no-tests");

for (const [name, command] of PARTS) {
  if (name.endsWith("tests") && withoutTests) continue;
  const started = performance.now();
  // npm puts node_modules/.bin on the path; a shell finds the commands there on every system.
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: root,
    shell: true,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) {
    console.log(`FAILED  ${name} (${seconds} s): ${command}\n${stdout}${stderr}`);
    process.exit(1);
  }
  console.log(`ok      ${name} (${seconds} s)`);
}
