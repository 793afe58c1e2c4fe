import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Client, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/client";

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

  /** `program` is started with the variables of `env` and no others. */
  constructor(program: string, env: Record<string, string>) {
    this.#transport = new ServerProcess(program, env);
  }

  /** What the server wrote to stderr. */
  get complaints(): string {
    return this.#transport.complaints.trim();
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

/** A server that does not end with its stdin is ended after this long, in milliseconds. */
const PATIENCE_MS = 2_000;

/**
 * A server as a child process, one message a line. The SDK's own transport would bring along what finds programs on Windows; ours
 * is always Node.
 */
class ServerProcess implements Transport {
  complaints = "";
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #program: string;
  readonly #env: Record<string, string>;
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #ended: Promise<unknown> | undefined;

  constructor(program: string, env: Record<string, string>) {
    this.#program = program;
    this.#env = env;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.#program], { env: this.#env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    this.#ended = once(child, "close").finally(() => this.onclose?.());
    child.stdin.on("error", (error) => this.onerror?.(error));
    child.stderr.on("data", (chunk) => {
      this.complaints += chunk;
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.onmessage?.(JSON.parse(line)));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#child?.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.#child?.stdin.end();
    const deadline = setTimeout(() => this.#child?.kill("SIGKILL"), PATIENCE_MS);
    await this.#ended;
    clearTimeout(deadline);
  }
}
