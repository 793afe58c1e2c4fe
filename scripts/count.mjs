// node scripts/count.mjs <report.json>: one line that says how the tests went, from vitest's JSON report.
import { existsSync, readFileSync } from "node:fs";

const path = process.argv[2] ?? ".test-report.json";
/** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} */
const report = existsSync(path)
  ? JSON.parse(readFileSync(path, "utf8"))
  : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

// A file that could not be loaded has failed without a test that did.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
).length;
const failed = report.numFailedTests + brokenFiles;

console.log(
  `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
);
if (failed > 0 || report.numPassedTests === 0) process.exitCode = 1;
