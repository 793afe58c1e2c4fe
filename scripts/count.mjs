// node scripts/count.mjs <report.json>...: one line that says how the tests went, from vitest's JSON reports.
import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} Report */

let [passed, failed, skipped] = [0, 0, 0];
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    // Tests that did not come to an end have not passed.
    console.log(`there is no ${path}`);
    process.exitCode = 1;
    continue;
  }
  /** @type {Report} */
  const report = JSON.parse(readFileSync(path, "utf8"));
  // A file that could not be loaded has failed without a test that did.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  if (report.numPassedTests === 0) process.exitCode = 1;
  passed += report.numPassedTests;
  failed += report.numFailedTests + brokenFiles;
  skipped += report.numPendingTests + report.numTodoTests;
}
if (failed > 0) process.exitCode = 1;

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
