import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A protocol era: what a host says until it has the tools. Every request is answered before the next is sent. */
export type Era = "2025-11-25" | "2026-07-28";

interface Message {
  id?: number;
  method: string;
  params: Record<string, unknown>;
}

const client = { name: "bench", version: "0.0.0" };

const CONVERSATIONS: Record<Era, Message[]> = {
  "2025-11-25": [
    {
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: client },
    },
    { method: "notifications/initialized", params: {} },
    { id: 2, method: "tools/list", params: {} },
  ],
  "2026-07-28": [
    { id: 1, method: "server/discover", params: envelope() },
    { id: 2, method: "tools/list", params: envelope() },
  ],
};

/** Every request of the 2026-07-28 era says by itself who asks, and in which version. */
function envelope(): Record<string, unknown> {
  return {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": client,
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  };
}

/** Milliseconds from the spawn of a server on stdio to its answer to `tools/list`. The process has ended on return. */
export async function timeToTools(program: string, era: Era): Promise<number> {
  const started = performance.now();
  const server = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "pipe"] });
  const exit = once(server, "exit");
  let complaints = "";
  server.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  server.stdin.on("error", () => {}); // It ended early; the answer that does not come says so.
  const answers = createInterface({ input: server.stdout })[Symbol.asyncIterator]();

  for (const message of CONVERSATIONS[era]) {
    server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    if (message.id === undefined) continue;
    const answer = await answers.next();
    if (answer.done) throw new Error(`${program} ended before it answered ${message.method}: ${complaints}`);
    const { id, result } = JSON.parse(answer.value);
    if (id !== message.id || result === undefined) throw new Error(`${message.method} got ${answer.value}`);
    if (message.method === "tools/list" && result.tools.length === 0) throw new Error(`${program} has no tools`);
  }
  const elapsed = performance.now() - started;

  server.stdin.end();
  const deadline = setTimeout(() => server.kill("SIGKILL"), 5_000);
  await exit;
  clearTimeout(deadline);
  return elapsed;
}
