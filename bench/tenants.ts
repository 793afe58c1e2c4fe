// What it takes to hold a wait open for each of N keys in one process over HTTP, and whether each hears of its own events alone.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { root } from "../scripts/project.mjs";
import { systemClock } from "../src/shared/clock.ts";
import { type ProcessCost, processCost } from "./support/process-cost.ts";
import { report } from "./support/report.ts";

const TENANTS = [1, 100, 1_000];
const TYPE = "webset.export.created";
/** So long all wait in quiet before each gets an event, and so long they may take to tell of it, in milliseconds. */
const QUIET_MS = 12_000;

interface Measured extends ProcessCost {
  tenants: number;
  /** Until all of them wait, in milliseconds. */
  beginMs: number;
  requestsPerSecond: number;
  delaysMs: number[];
}

const results: Measured[] = [];
for (const tenants of TENANTS) results.push(await measure(tenants));
report({
  name: "tenants",
  what: `a wait of each of N keys in one process over HTTP, ${QUIET_MS / 1_000} s of quiet, then an event for each`,
  columns: ["tenants", "all wait after", "requests/s", "delay median", "longest", "CPU", "peak RSS"],
  rows: results.map(({ tenants, beginMs, requestsPerSecond, delaysMs, cpuMs, peakMiB }) => [
    tenants,
    `${beginMs} ms`,
    Math.round(requestsPerSecond),
    `${Math.round(sorted(delaysMs)[delaysMs.length >> 1] ?? 0)} ms`,
    `${Math.round(Math.max(...delaysMs))} ms`,
    `${Math.round(cpuMs)} ms`,
    `${Math.round(peakMiB)} MiB`,
  ]),
  measured: results.map(({ delaysMs, ...row }) => ({ ...row, longestMs: Math.max(...delaysMs) })),
});

/** A key of the length that Exa's have. */
function keyOf(tenant: number): string {
  return `6f0a1b2c-0000-4000-8000-${String(tenant).padStart(12, "0")}`;
}

/** What stands in each event of a tenant, and in nobody else's. */
function markOf(key: string): string {
  return `mark-of-${key.slice(-12)}`;
}

async function measure(tenants: number): Promise<Measured> {
  let asked = 0;
  /** When the events come to be; before that there are none. */
  let toldAt: number | undefined;
  const api = createServer((req, res) => {
    asked++;
    const key = String(req.headers["x-api-key"]);
    const event = toldAt === undefined ? [] : [eventOf(key, toldAt)];
    res.writeHead(200, { "content-type": "application/json" });
    res.end(JSON.stringify({ data: event, hasMore: false, nextCursor: null }));
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  const env = {
    PATH: process.env.PATH ?? "",
    EXA_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    WEBSETS_EVENTS_MAX_WAIT: "120",
  };
  const server = spawn(process.execPath, [join(root, "dist", "cli.js"), "http", "--port", "0"], {
    env,
    stdio: ["ignore", "inherit", "pipe"],
  });
  try {
    return await measureAt(server, { tenants, asked: () => asked, tell: (at) => (toldAt = at) });
  } finally {
    server.kill("SIGTERM");
    await once(server, "exit");
    api.closeAllConnections();
    api.close();
  }
}

interface Setup {
  tenants: number;
  asked(): number;
  tell(at: number): void;
}

async function measureAt(server: ChildProcessByStdio<null, null, Readable>, { tenants, asked, tell }: Setup) {
  const pid = server.pid ?? 0;
  const lines = createInterface({ input: server.stderr })[Symbol.asyncIterator]();
  const url = /http:\/\/\S+\/mcp/.exec(String((await lines.next()).value))?.[0] ?? "";
  const agent = new Agent({ keepAlive: false });
  const waits = Array.from({ length: tenants }, (_, tenant) => waitOf(url, keyOf(tenant), agent));
  const begun = Date.now();
  while (!(await (await fetch(new URL("/metrics", url))).text()).includes(`_calls ${tenants}\n`))
    await systemClock.sleep(100);
  const beginMs = Date.now() - begun;
  await systemClock.sleep(QUIET_MS / 3);
  const [before, began] = [asked(), Date.now()];
  await systemClock.sleep((QUIET_MS * 2) / 3);
  const requestsPerSecond = (asked() - before) / ((Date.now() - began) / 1_000);
  const at = Date.now();
  tell(at);
  const returnedAt = await Promise.all(waits);
  return { tenants, beginMs, requestsPerSecond, delaysMs: returnedAt.map((time) => time - at), ...processCost(pid) };
}

function eventOf(key: string, at: number) {
  const createdAt = new Date(at).toISOString();
  const data = { id: `export_${markOf(key)}`, object: "export", status: "pending", websetId: `webset_${markOf(key)}` };
  return { id: `event_${markOf(key)}`, object: "event", type: TYPE, createdAt, data };
}

/** Waits with a key for its event; resolves to when it came. */
async function waitOf(url: string, key: string, agent: Agent): Promise<number> {
  const args = { types: [TYPE], timeoutSeconds: 110 };
  const call = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "wait_for_webset_event", arguments: args },
  };
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "x-exa-api-key": key,
  };
  const sent = request(url, { method: "POST", headers, agent });
  sent.end(JSON.stringify(call));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  const marks = new Set(text.match(/mark-of-\d+/g));
  if (marks.size !== 1 || !marks.has(markOf(key))) {
    throw new Error(`${response.statusCode} for ${markOf(key)}: ${[...marks].join(" ")} ${text.slice(-300)}`);
  }
  return Date.now();
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
