import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { onTestFinished } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { Guard } from "../../src/http/guard.ts";
import { byOwnKey } from "../../src/http/keys.ts";
import { type AccessEntry, HttpServer, type HttpServerOptions } from "../../src/http/server.ts";
import { createSandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { createLog } from "../../src/shared/log.ts";
import { TASKS_EXTENSION } from "../../src/tasks/protocol.ts";
import { sandboxTransport } from "../support/sandbox-transport.ts";

export const A_KEY = "6f0a1b2c-aaaa-4000-8000-00000000000a";
export const B_KEY = "0e4d5c6b-bbbb-4000-8000-00000000000b";

export interface HttpWorld {
  server: HttpServer;
  url: string;
  origin: string;
  sandbox: ReturnType<typeof createSandbox>;
  /** What the access log got, and what stderr. */
  entries: AccessEntry[];
  lines: string[];
  /** Posts a message with A's key. */
  post(message: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface HttpWorldOptions extends Partial<Omit<HttpServerOptions, "guard" | "log" | "onAnswered">> {
  allowedHosts?: string[];
  allowedOrigins?: string[];
  sandbox?: Partial<SandboxOptions>;
  clock?: Clock;
  /** Stands between the server and the sandbox. */
  via?: (inner: Transport) => Transport;
}

/** The server over real HTTP, with a sandbox behind it in the same process. */
export async function openHttp(options: HttpWorldOptions = {}): Promise<HttpWorld> {
  const { clock = systemClock, allowedHosts = [], allowedOrigins = [], via = (inner) => inner, ...rest } = options;
  const sandbox = createSandbox({ clock, speed: 50, seed: 7, ...options.sandbox });
  const entries: AccessEntry[] = [];
  const lines: string[] = [];
  const server = new HttpServer({
    config: {
      baseUrl: new URL("http://127.0.0.1:9"),
      pollInterval: 0.2,
      maxWait: undefined,
      noTasks: false,
      maxTaskWait: 3_600,
    },
    identify: byOwnKey,
    transport: via(sandboxTransport(sandbox, clock, () => 0)),
    clock,
    ...rest,
    guard: new Guard({ allowedHosts, allowedOrigins }),
    log: createLog("debug", (line) => lines.push(line)),
    onAnswered: (entry) => entries.push(entry),
  });
  const { url } = await server.listen(0, "127.0.0.1");
  onTestFinished(() => server.close());
  const post = (message: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "x-exa-api-key": A_KEY,
        ...headers,
      },
      body: typeof message === "string" ? message : JSON.stringify(message),
    });
  return { server, url, origin: new URL(url).origin, sandbox, entries, lines, post };
}

/** The messages of a response, whichever form it has. */
// biome-ignore lint/suspicious/noExplicitAny: what is in them is what the tests are about.
export async function messagesOf(response: Response): Promise<any[]> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("application/json")) return [JSON.parse(text)].flat();
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
}

const IDENTITY = { name: "tests", version: "1.0.0" };

/** A client of the era that opens with `initialize`. */
export async function openLegacy(url: string, headers: Record<string, string>) {
  const client = new LegacyClient(IDENTITY);
  const transport = new LegacyHttp(new URL(url), { requestInit: { headers } });
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own types differ where a property may be undefined.
  await client.connect(transport as any);
  onTestFinished(() => client.close());
  return { client, transport };
}

/** A client of 2026-07-28. */
export async function openModern(url: string, headers: Record<string, string>) {
  const client = new ModernClient(IDENTITY, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new ModernHttp(new URL(url), { requestInit: { headers } }));
  if (client.getProtocolEra() !== "modern") throw new Error(`the era is ${client.getProtocolEra()}`);
  onTestFinished(() => client.close());
  return client;
}

/** Sends a request of 2026-07-28 as it stands on the wire, with tasks declared. */
export function sendModern(
  url: string,
  { key, method, params = {}, id = 1 }: { key: string; method: string; params?: object; id?: number | string },
): Promise<Response> {
  const { name, uri, taskId } = params as { name?: string; uri?: string; taskId?: string };
  const named = name ?? uri ?? taskId;
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": { extensions: { [TASKS_EXTENSION]: {} } },
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "x-exa-api-key": key,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(named !== undefined && { "mcp-name": named }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } }),
  });
}

/** The messages of a stream as they come, until it ends or the reader leaves. */
// biome-ignore lint/suspicious/noExplicitAny: what is in them is what the tests are about.
export async function* streamed(response: Response): AsyncGenerator<any> {
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const json = /^data: (.*)$/m.exec(frame)?.[1];
      if (json !== undefined) yield JSON.parse(json);
    }
  }
}

export type Legacy = LegacyClient;

/** Calls a tool with a client of either era: the older one takes a schema in between. */
export function callTool(client: Legacy, args: Parameters<Legacy["callTool"]>[0], options: object) {
  return client instanceof ModernClient
    ? (client as ModernClient).callTool(args, options)
    : client.callTool(args, undefined, options);
}
