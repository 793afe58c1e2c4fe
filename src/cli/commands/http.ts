import { readFile } from "node:fs/promises";
import { ConfigError, type Environment } from "../../config.ts";
import { createSocketTransport } from "../../exa/socket-transport.ts";
import { Guard } from "../../http/guard.ts";
import { byOwnKey, byToken, type Identify, readTokens } from "../../http/keys.ts";
import { type AccessEntry, HttpServer } from "../../http/server.ts";
import { onAbort } from "../../shared/abort.ts";
import type { Clock } from "../../shared/clock.ts";
import { createLog, type Log } from "../../shared/log.ts";
import { isLoopback } from "../../shared/loopback.ts";
import type { State } from "../../state/state.ts";
import type { CommandContext, CommonFlags } from "../command-context.ts";
import { numberFlag, quoted, UsageError, wordFlag } from "../flags.ts";
import { saveMemory } from "../save-memory.ts";
import { endReason, type Terminal } from "../terminal.ts";

/** The command's flags as their texts. */
export interface HttpFlags extends Pick<CommonFlags, "sandbox"> {
  host?: string;
  port?: string;
  mode?: string;
  tokens?: string;
  allowedHosts?: string;
  allowedOrigins?: string;
  accessLog?: boolean;
  state?: string;
}

const MODES = ["byok", "token"] as const;

/** Whoever sends SIGTERM may have a balancer that has to notice, in milliseconds; at Ctrl+C a person waits. */
const LEAST_GRACE_MS = 3_000;

/** This many lines of the access log may wait for a reader; more are left out, for requests do not wait for a log. */
const MOST_WAITING = 1_000;

/** Serves MCP over HTTP until it is told to end; resolves to how it ended. */
export async function http(flags: HttpFlags, context: CommandContext): Promise<number> {
  saveMemory();
  const { config, clock, env, signal, out, err } = context;
  const { host = "127.0.0.1", mode = "byok" } = flags;
  const port = numberFlag("--port", flags.port ?? "8787", { least: 0, most: 65_535, whole: true });
  const guard = new Guard({
    allowedHosts: listed(flags.allowedHosts),
    allowedOrigins: listed(flags.allowedOrigins),
  });
  const isSandbox = flags.sandbox !== undefined;
  const byThem = await identifyBy(wordFlag("--mode", mode, MODES), flags.tokens, env);
  const identify = isSandbox && mode === "byok" ? orWith(config.apiKey, byThem) : byThem;
  const transport = createSocketTransport({ proxies: config.proxies });
  const log = createLog(config.logLevel, (line) => void err.line(line));
  const state = await openState(flags, env, { clock, log });
  const server = new HttpServer({
    config,
    guard,
    identify,
    transport,
    clock,
    log,
    state,
    onAnswered: flags.accessLog ? accessLog(out) : undefined,
  });
  try {
    const { url } = await listen(server, port, host);
    transport.prepare();
    const needsNone = identify === byThem ? "" : ", which needs no key";
    const kind = isSandbox ? `mode ${mode}, for a sandbox${needsNone}` : `mode ${mode}`;
    await err.line(`websets-events-mcp: MCP over HTTP is at ${url} (${kind}). Ctrl+C stops it.`);
    if (!isLoopback(bracketed(host)) && flags.allowedHosts === undefined) {
      await err.line(
        "websets-events-mcp: it answers to this machine's own addresses only; names need --allowed-hosts.",
      );
    }
    await new Promise<void>((resolve) => void onAbort(signal, resolve));
  } finally {
    await server.close(endReason(signal) === "SIGTERM" ? LEAST_GRACE_MS : 0);
    await Promise.all([transport.close(), state?.close()]);
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
      throw new UsageError(`Port ${port} needs rights that this process does not have; choose one above 1023`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new UsageError(`--host ${quoted(host)} is no address of this machine`);
    }
    throw error;
  }
}

/** A URL with a password must not be among the flags: whoever lists the machine's processes reads them. */
const STATE_VARIABLE = "WEBSETS_EVENTS_STATE";

/** A password with a slash that is not written as %2F would end the host's name, and be told as one that is not found. */
const STATE_URL = /^rediss?:\/\/[^/?#]+(?:[/?][^@#]*)?$/;

/** What this process shares with others, if anything; loaded only where it is wanted. */
async function openState(
  flags: HttpFlags,
  env: Environment,
  { clock, log }: { clock: Clock; log: Log },
): Promise<State | undefined> {
  const url = flags.state ?? env[STATE_VARIABLE]?.trim();
  if (!url) return undefined;
  if (!STATE_URL.test(url) || !URL.canParse(url)) {
    const name = flags.state === undefined ? STATE_VARIABLE : "--state";
    throw new UsageError(`${name} cannot be used; accepted is redis://HOST:PORT, or rediss:// for TLS`);
  }
  const { RedisState } = await import("../../state/redis.ts");
  return new RedisState({ url, clock, log });
}

async function identifyBy(
  mode: (typeof MODES)[number],
  tokens: string | undefined,
  env: Environment,
): Promise<Identify> {
  if (mode === "byok") {
    if (tokens !== undefined) throw new UsageError("--tokens belongs to --mode token");
    return byOwnKey;
  }
  if (tokens === undefined) throw new UsageError("--mode token needs --tokens FILE");
  const text = await readFile(tokens, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`the file of --tokens cannot be read (${error.code})`);
  });
  return byToken(readTokens(text, env));
}

/** The key for whoever brings none. */
function orWith(apiKey: string | undefined, identify: Identify): Identify {
  return (headers) => {
    const caller = identify(headers);
    return caller.kind === "missing" && apiKey !== undefined ? { kind: "known", apiKey } : caller;
  };
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
