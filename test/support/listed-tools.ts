import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

/** How a host's configuration starts a server. */
export interface StdioServer {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** Starts a server as a host would, and returns the names of its tools. */
export async function listedTools({ command, args, env }: StdioServer, cwd?: string): Promise<string[]> {
  const client = new Client({ name: "tests", version: "1.0.0" });
  const settings = { ...process.env, ...env } as Record<string, string>;
  await client.connect(
    new StdioClientTransport({ command, args, env: settings, stderr: "ignore", ...(cwd !== undefined && { cwd }) }),
  );
  try {
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}
