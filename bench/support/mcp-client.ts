import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { root } from "../../scripts/project.mjs";

export interface Connected {
  client: Client;
  pid: number;
  close(): Promise<void>;
}

/** The built server over stdio, asking the API at `url`, and a client of the 2026-07-28 era connected to it. */
export async function connect(url: string, ...flags: string[]): Promise<Connected> {
  const client = new Client({ name: "bench", version: "0" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, "dist", "cli.js"), ...flags],
    env: { EXA_BASE_URL: url, EXA_API_KEY: "bench" },
  });
  await client.connect(transport);
  return { client, pid: transport.pid as number, close: () => client.close() };
}

/** The structured result of a tool call; throws where the tool reports an error. */
export async function call<T>({ client }: Connected, name: string, args: Record<string, unknown>, timeoutMs = 600_000) {
  const result = await client.callTool({ name, arguments: args }, { timeout: timeoutMs });
  if (result.isError) throw new Error(JSON.stringify(result.content));
  return result.structuredContent as T;
}
