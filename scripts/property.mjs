// node scripts/property.mjs [runs]: holds the feed and the waits against that many random worlds (100,000 without a number),
// replicas against a fifth and agents against a tenth. The first failure ends it, and says how to see it again.
import { spawnSync } from "node:child_process";
import { root } from "./project.mjs";

const runs = Number(process.argv[2] ?? 100_000);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`not a number of runs: ${process.argv[2]}`);
  process.exit(2);
}
const tests = [
  "test/feed/feed.property.test.ts",
  "test/feed/replicas.property.test.ts",
  "test/feed/position.property.test.ts",
  "test/webset/wait.property.test.ts",
  "test/tools/agent.property.test.ts",
];
const { status } = spawnSync("npx", ["vitest", "run", "--bail=1", ...tests], {
  cwd: root,
  stdio: "inherit",
  env: { PROPERTY_SEED: String(Date.now() | 0), ...process.env, PROPERTY_RUNS: String(runs) },
});
process.exitCode = status ?? 1;
