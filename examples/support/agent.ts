import { Client } from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio";

/** The SDK tries its own class with a process to throw away, whose complaints nobody sees; a subclass it tries in place. */
class ServerProcess extends StdioClientTransport {}

/** The side of an agent that calls tools: a real MCP client with a server of its own, which counts what it costs. */
export class Agent {
  readonly client = new Client(
    { name: "websets-events-mcp-demo", version: "1.0.0" },
    // Without this the client opens with the handshake of 2025, which the server speaks as well.
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  calls = 0;
  /** Of the results' JSON, which is what a model would have read. */
  bytes = 0;
  readonly #transport: ServerProcess;
  #complaints = "";

  constructor(program: string, env: Record<string, string>) {
    this.#transport = new ServerProcess({
      command: process.execPath,
      args: [program],
      env: { ...getDefaultEnvironment(), ...env },
      stderr: "pipe",
    });
    this.#transport.stderr?.on("data", (chunk) => {
      this.#complaints += chunk;
    });
  }

  /** What the server wrote to stderr. */
  get complaints(): string {
    return this.#complaints.trim();
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.client.connect(this.#transport, { signal });
  }

  /** Calls a tool and returns its result. `onProgress` gets the lines that the server sends while it waits. */
  async call<Result>(
    name: string,
    args: Record<string, unknown>,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (message: string) => void },
  ): Promise<Result> {
    this.calls++;
    const { isError, content, structuredContent } = await this.client.callTool(
      { name, arguments: args },
      {
        signal,
        ...(onProgress && { onprogress: ({ message }) => message !== undefined && onProgress(message) }),
      },
    );
    const text = content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
    this.bytes += Buffer.byteLength(text);
    if (isError) throw new Error(`${name} answered with an error: ${text}`);
    return structuredContent as Result;
  }

  /** Ends the connection, and with it the server. */
  close(): Promise<void> {
    return this.client.close();
  }
}
