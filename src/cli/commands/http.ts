import { readFile } from "node:fs/promises";
import { ConfigError } from "../../config.ts";
import { createSocketTransport } from "../../exa/socket-transport.ts";
import { Guard } from "../../http/guard.ts";
import { byOwnKey, byToken, type Identify, readTokens } from "../../http/keys.ts";
import { type AccessEntry, HttpServer } from "../../http/server.ts";
import { onAbort } from "../../shared/abort.ts";
import { createLog } from "../../shared/log.ts";
import { isLoopback } from "../../shared/loopback.ts";
import type { CommandContext } from "../command-context.ts";
import { numberFlag, quoted, UsageError } from "../command-line.ts";
import type { Terminal } from "../terminal.ts";

export interface HttpOptions {
  host: string;
  port: string;
  mode: string;
  tokens?: string | undefined;
  allowedHosts?: string | undefined;
  allowedOrigins?: string | undefined;
  accessLog?: boolean | undefined;
}

/** So many lines of the access log may wait for a reader; more are left out, for requests do not wait for a log. */
const MOST_WAITING = 1_000;

/** Serves MCP over HTTP until it is told to end; resolves to how it ended. */
export async function http(options: HttpOptions, context: CommandContext): Promise<number> {
  const { config, clock, env, signal, out, err } = context;
  const port = numberFlag("--port", options.port, { least: 0, most: 65_535, whole: true });
  const guard = new Guard({
    allowedHosts: listed(options.allowedHosts),
    allowedOrigins: listed(options.allowedOrigins),
  });
  const identify = await identifyBy(options, env);
  const transport = createSocketTransport({ proxies: config.proxies });
  const server = new HttpServer({
    config,
    guard,
    identify,
    transport,
    clock,
    log: createLog(config.logLevel, (line) => void err.line(line)),
    onAnswered: options.accessLog ? accessLog(out) : undefined,
  });
  try {
    const { url } = await listen(server, port, options.host);
    transport.prepare();
    await err.line(`websets-events-mcp: MCP over HTTP is at ${url} (mode ${options.mode}). Ctrl+C stops it.`);
    if (!isLoopback(bracketed(options.host)) && options.allowedHosts === undefined) {
      await err.line(
        "websets-events-mcp: it answers to this machine's own addresses only; names need --allowed-hosts.",
      );
    }
    await new Promise<void>((resolve) => void onAbort(signal, resolve));
  } finally {
    await server.close();
    await transport.close();
  }
  return 0;
}

async function listen(server: HttpServer, port: number, host: string) {
  try {
    return await server.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new UsageError(`Port ${port} is in use; choose another with --port, or 0 for a free one`);
    if (code === "EACCES")
      throw new UsageError(`Port ${port} needs rights that this process has not; choose one above 1023`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new UsageError(`--host ${quoted(host)} is no address of this machine`);
    }
    throw error;
  }
}

async function identifyBy({ mode, tokens }: HttpOptions, env: CommandContext["env"]): Promise<Identify> {
  if (mode === "byok") {
    if (tokens !== undefined) throw new UsageError("--tokens belongs to --mode token");
    return byOwnKey;
  }
  if (mode !== "token") throw new UsageError(`--mode must be byok or token, not ${quoted(mode)}`);
  if (tokens === undefined) throw new UsageError("--mode token needs --tokens FILE");
  const text = await readFile(tokens, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`the file of --tokens cannot be read (${error.code})`);
  });
  return byToken(readTokens(text, env));
}

function accessLog(out: Terminal): (entry: AccessEntry) => void {
  let waiting = 0;
  return (entry) => {
    if (waiting >= MOST_WAITING) return;
    waiting++;
    void out.line(JSON.stringify(entry)).finally(() => {
      waiting--;
    });
  };
}

function listed(flag: string | undefined): string[] {
  return (flag ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
