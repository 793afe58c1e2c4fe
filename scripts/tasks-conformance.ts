// node scripts/run.mjs scripts/tasks-conformance.ts [scenario...]: holds the engine behind our tasks to the scenarios of
// @modelcontextprotocol/conformance. They speak HTTP and call tools of their own, so the engine runs under such tools
// behind the SDK's HTTP handler. The package needs Node 22 and is fetched by npx: it is no dependency of ours.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMcpHandler, type JSONRPCMessage } from "@modelcontextprotocol/server";
import { systemClock } from "../src/shared/clock.ts";
import { Tasks } from "../src/tasks/tasks.ts";
import { TaskWire } from "../src/tasks/wire.ts";
import { fixtureServer } from "./support/conformance-tools.ts";
import { serveHttp } from "./support/serve-http.ts";

const PACKAGE = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
const SCENARIOS = [
  "tasks-lifecycle",
  "tasks-capability-negotiation",
  "tasks-wire-fields",
  "tasks-request-state-removal",
  "tasks-request-headers",
  "tasks-dispatch-and-envelope",
  "tasks-required-task-error",
  "tasks-mrtr-composition",
  "tasks-status-notifications",
  "tasks-mrtr-input",
];
/** Its tasks ask their client for input. Ours never do, so this one cannot pass; it is shown all the same. */
const ASKS_THE_CLIENT = "tasks-mrtr-input";

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

const tasks = new Tasks({ clock: systemClock });
const wire = new TaskWire(tasks, () => {});
const handler = createMcpHandler(() => fixtureServer(tasks));
const server = await serveHttp(async (request) => asOnTheWire(await handler.fetch(request)));
const results = mkdtempSync(join(tmpdir(), "tasks-conformance-"));
const counts: Record<string, number> = {};
try {
  const named = process.argv.slice(2);
  for (const scenario of named.length > 0 ? named : SCENARIOS) {
    console.log(`\n${scenario}`);
    for (const { id, status, errorMessage } of await run(scenario)) {
      counts[status] = (counts[status] ?? 0) + 1;
      if (status === "FAILURE" && scenario !== ASKS_THE_CLIENT) process.exitCode = 1;
      console.log(`  ${status.padEnd(8)} ${id}${errorMessage === undefined ? "" : `\n           ${errorMessage}`}`);
    }
  }
} finally {
  server.close();
  await handler.close();
  tasks.close();
  rmSync(results, { recursive: true });
}
console.log(
  `\n${Object.entries(counts)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ")}`,
);

/** Runs one scenario; resolves to what it checked. */
async function run(scenario: string): Promise<Check[]> {
  const directory = join(results, scenario);
  const args = ["server", "--url", server.url, "--scenario", scenario, "--output-dir", directory];
  const npx = spawn("npx", ["-y", "-p", "node@22", "-p", PACKAGE, "conformance", ...args], { stdio: "ignore" });
  await new Promise((resolve, reject) => npx.once("exit", resolve).once("error", reject));
  const file = readdirSync(directory, { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith("checks.json"),
  );
  if (file === undefined) throw new Error(`${scenario} left no results`);
  return JSON.parse(readFileSync(join(directory, file), "utf8"));
}

/** What our stdio connection does to each message, done to each answer. */
async function asOnTheWire(response: Response): Promise<Response> {
  if (!response.headers.get("content-type")?.startsWith("application/json")) return response;
  const message = wire.toClient((await response.json()) as JSONRPCMessage);
  return Response.json(message, { status: response.status });
}
