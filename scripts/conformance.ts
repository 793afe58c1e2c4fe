// npm run conformance: holds `websets-events-mcp http --sandbox` to the official scenarios for servers, in both eras, and fails where a
// check fails for which docs/conformance.md has no reason. The package needs Node 22 and is fetched by npx into a folder of its own: it
// is no dependency of ours.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildIfNeeded } from "./build.mjs";
import { root } from "./project.mjs";

const PACKAGE = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
const REVISIONS = ["2025-11-25", "2026-07-28"];

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

/** The rows of the page's tables that begin with a name in code: a scenario, or a check of one. */
const page = readFileSync(join(root, "docs/conformance.md"), "utf8");
const explained = new Set([...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name = ""]) => name));

await buildIfNeeded();
const folder = mkdtempSync(join(tmpdir(), "websets-events-mcp-conformance-"));
const server = spawn(process.execPath, [join(root, "dist/cli.js"), "http", "--port", "0", "--sandbox"], {
  stdio: ["ignore", "ignore", "pipe"],
});
const front = createServer();
try {
  const lines = createInterface({ input: server.stderr })[Symbol.asyncIterator]();
  const url = await withKey(new URL(/http:\/\/\S+\/mcp/.exec(String((await lines.next()).value))?.[0] ?? ""));
  for (const revision of REVISIONS) show(revision, await run(url, revision));
} finally {
  server.kill("SIGTERM");
  front.closeAllConnections();
  front.close();
  rmSync(folder, { recursive: true });
}

/** The scenarios know of no keys, so something in front of the server adds one; resolves to where that is. */
async function withKey(to: URL): Promise<string> {
  front.on("request", (incoming, outgoing) => {
    const { method, headers } = incoming;
    const passed = request(to, { method, headers: { ...headers, "x-exa-api-key": "conformance" } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return `http://127.0.0.1:${(front.address() as AddressInfo).port}${to.pathname}`;
}

/** Runs all scenarios that a revision has; resolves to what each of them checked. */
async function run(url: string, revision: string): Promise<Map<string, Check[]>> {
  const directory = join(folder, revision);
  const args = ["server", "--url", url, "--suite", "all", "--spec-version", revision, "--output-dir", directory];
  const npx = spawn("npx", ["-y", "-p", "node@22", "-p", PACKAGE, "conformance", ...args], {
    cwd: folder,
    stdio: "ignore",
    shell: process.platform === "win32",
  });
  await once(npx, "exit");
  const results = readdirSync(directory).map((name): [string, Check[]] => [
    name.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, "$1"),
    JSON.parse(readFileSync(join(directory, name, "checks.json"), "utf8")),
  ]);
  if (results.length === 0) throw new Error("the scenarios left no results");
  return new Map(results);
}

function show(revision: string, results: ReadonlyMap<string, readonly Check[]>): void {
  let [passed, known] = [0, 0];
  console.log(`\n${revision}`);
  for (const [scenario, checks] of results) {
    for (const { id, status, errorMessage = "" } of checks) {
      if (status === "SUCCESS") passed++;
      if (status !== "FAILURE") continue;
      if (explained.has(scenario) || explained.has(id)) known++;
      else {
        process.exitCode = 1;
        console.log(`  FAILED  ${scenario}: ${id}\n          ${errorMessage}`);
      }
    }
    const failed = checks.filter(({ status }) => status === "FAILURE").length;
    console.log(`  ${failed === 0 ? "ok      " : explained.has(scenario) ? "no part " : "see docs"} ${scenario}`);
  }
  console.log(`  ${passed} checks passed, ${known} failed for a reason that docs/conformance.md names`);
}
