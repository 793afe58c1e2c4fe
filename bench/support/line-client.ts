// A client that only writes lines and notes when lines come back, so that nothing of its own work counts as the server's. It is a
// process of its own. Arguments: URL, count, arguments of the waits as JSON, and options
// for Node, say `--cpu-prof`. Ends with its input.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/project.mjs";

/** Before that everything is about the beginning of so many waits at once, in milliseconds. */
const PINGS_FROM_MS = 8_000;
const PING_EVERY_MS = 250;

const [url = "", count = "1", waitArguments = "{}", ...nodeOptions] = process.argv.slice(2);
const waits = Number(count);
const server = spawn(process.execPath, [...nodeOptions, join(root, "dist", "cli.js")], {
  env: { EXA_BASE_URL: url, EXA_API_KEY: "bench" },
  stdio: ["pipe", "pipe", "inherit"],
});
const lines: { at: number; parts: Buffer[] }[] = [{ at: 0, parts: [] }];
server.stdout.on("data", (chunk: Buffer) => {
  const at = Date.now();
  let rest = chunk;
  for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
    const line = lines.at(-1);
    line?.parts.push(rest.subarray(0, end));
    if (line !== undefined) line.at = at;
    lines.push({ at: 0, parts: [] });
    rest = rest.subarray(end + 1);
  }
  lines.at(-1)?.parts.push(rest);
});
const write = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const clientInfo = { name: "bench", version: "0" };
write({ id: "hello", method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } });
write({ method: "notifications/initialized" });
const params = { name: "wait_for_webset_event", arguments: JSON.parse(waitArguments) };
for (let n = 0; n < waits; n++) write({ id: n, method: "tools/call", params });
process.stdout.write(`${server.pid}\n`);

const pingedAt: number[] = [];
let pinging: NodeJS.Timeout | undefined;
setTimeout(() => {
  pinging = setInterval(() => write({ id: `ping ${pingedAt.push(Date.now()) - 1}`, method: "ping" }), PING_EVERY_MS);
}, PINGS_FROM_MS);

process.stdin.resume();
process.stdin.once("data", () => {
  clearInterval(pinging);
  const answers = lines.slice(0, -1).map(({ at, parts }) => ({ at, ...JSON.parse(Buffer.concat(parts).toString()) }));
  const waited = answers.filter(({ id }) => typeof id === "number").map(({ at, result }) => ({ at, ...result }));
  const pings = answers.filter(({ id }) => String(id).startsWith("ping "));
  const pingsMs = pings.map(({ id, at }) => at - (pingedAt[Number(id.slice(5))] ?? at));
  process.stdout.write(`${JSON.stringify({ waited, pingsMs })}\n`);
});
process.stdin.once("end", () => server.stdin.end());
