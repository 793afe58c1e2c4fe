import { Client as ModernClient } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import type { Program } from "./program.ts";
import { Results, type ToolResult } from "./results.ts";

export interface CallOptions {
  signal?: AbortSignal;
  onprogress?: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
}

export interface ListedTool {
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputSchema: object;
  outputSchema?: object | undefined;
  annotations?: object | undefined;
}

/** One client's connection to one program, the same for both eras. Every result it gets has been checked. */
export interface Session {
  program: Program;
  tools: ListedTool[];
  instructions: string | undefined;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  listResources(): Promise<{ uri: string }[]>;
  readResource(uri: string): Promise<{ uri: string; text?: string; mimeType?: string | undefined }[]>;
}

export interface Era {
  name: string;
  /** Connects a client to a program that has just been started. */
  open(program: Program): Promise<Session>;
}

const IDENTITY = { name: "tests", version: "1.0.0" };
/** Longer than any wait of the tests, so that what is seen is the program's doing. */
const timeout = 60_000;

const modern: Era = {
  name: "2026-07-28",
  async open(program) {
    const client = new ModernClient(IDENTITY, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    await client.connect(new ProgramTransport(program) as unknown as Parameters<typeof client.connect>[0]);
    if (client.getProtocolEra() !== "modern") throw new Error(`the era is ${client.getProtocolEra()}`);
    const { tools } = await client.listTools();
    return session(program, tools, client.getInstructions(), {
      call: (name, args, options) => client.callTool({ name, arguments: args }, { timeout, ...options }),
      listResources: async () => (await client.listResources()).resources,
      readResource: async (uri) => (await client.readResource({ uri })).contents,
    });
  },
};

const legacy: Era = {
  name: "2025-11-25",
  async open(program) {
    const client = new LegacyClient(IDENTITY);
    const transport = new ProgramTransport(program);
    await client.connect(transport as unknown as Parameters<typeof client.connect>[0]);
    if (transport.version !== "2025-11-25") throw new Error(`the version is ${transport.version}`);
    const { tools } = await client.listTools();
    return session(program, tools, client.getInstructions(), {
      call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, { timeout, ...options }),
      listResources: async () => (await client.listResources()).resources,
      readResource: async (uri) => (await client.readResource({ uri })).contents,
    });
  },
};

/** The two ways in which hosts open a connection. */
export const ERAS = [modern, legacy] as const;

type Calls = Pick<Session, "listResources" | "readResource"> & {
  call(name: string, args: Record<string, unknown>, options: CallOptions): Promise<unknown>;
};

function session(program: Program, tools: ListedTool[], instructions: string | undefined, calls: Calls): Session {
  const results = new Results(tools);
  return {
    program,
    tools,
    instructions,
    ...calls,
    call: async (name, args = {}, options = {}) => results.check(name, await calls.call(name, args, options)),
  };
}

/** Carries messages to a program and back, for clients of both SDKs. */
class ProgramTransport {
  onmessage?: (message: unknown) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  version: string | undefined;
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  async start(): Promise<void> {
    this.#program.onLine = (line) => {
      try {
        this.onmessage?.(JSON.parse(line));
      } catch (error) {
        this.onerror?.(error as Error);
      }
    };
    void this.#program.exited.then(() => this.onclose?.());
  }

  async send(message: unknown): Promise<void> {
    this.#program.write(`${JSON.stringify(message)}\n`);
  }

  close(): Promise<void> {
    return this.#program.end();
  }

  setProtocolVersion(version: string): void {
    this.version = version;
  }
}
