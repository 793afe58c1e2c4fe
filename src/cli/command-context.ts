import { setMaxListeners } from "node:events";
import { type Config, type Environment, readConfig } from "../config.ts";
import { createSocketTransport } from "../exa/socket-transport.ts";
import { linkAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import type { WebsetsError } from "../shared/errors.ts";
import { createLog } from "../shared/log.ts";
import { createTenant, type Tenant, type TenantOptions } from "../tenant.ts";
import { TOOLS } from "../tools/index.ts";
import { checkArguments, runTool } from "../tools/run-tool.ts";
import type { Progress } from "../webset/progress.ts";
import type { Terminal } from "./terminal.ts";

/** Everything a command gets: it touches neither the process nor its streams. */
export interface CommandContext {
  /**
   * Calls a tool's own `run`, with arguments checked as for agents. Without `signal` the command's ends it. A wait may take as long as
   * `timeoutSeconds` says. Throws `WebsetsError`; an AbortError where it was ended.
   */
  call(tool: string, args: Record<string, unknown>, options?: CallOptions): Promise<Record<string, unknown>>;
  /** One API key's world, for what no tool tells. */
  tenant: Tenant;
  config: Config;
  clock: Clock;
  /** Aborts with Ctrl+C, SIGTERM and SIGHUP, and when nobody reads stdout any more; its reason says which. */
  signal: AbortSignal;
  out: Terminal;
  err: Terminal;
  env: Environment;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Gets the line of a wait's progress, whenever it may have changed, and where to go on if the wait for events ends now. */
  report?(message: string, cursor?: () => string | undefined): void;
  /** Gets what that line is made of. */
  showProgress?(progress: Progress): void;
  /** Whether a wait for events ends with the first reading that found some, and gives all of it, whatever its size. */
  takesAll?: boolean;
  /** How long the first reading of such a wait may take, in milliseconds, however short it is. */
  firstReadingMs?: number | undefined;
  /** Gets transient errors while a wait goes on, and undefined when a request succeeds again. */
  onTransientError?(error: WebsetsError | undefined): void;
}

/** Flags that every command has, as their texts. */
export interface CommonFlags {
  /** The scenario that the sandbox begins with, in place of the API. */
  sandbox?: string;
  pollInterval?: string;
  logLevel?: string;
}

/** What the process gives to every command. */
export type CommandHost = Pick<CommandContext, "clock" | "signal" | "out" | "err" | "env">;

export interface OpenContext {
  context: CommandContext;
  /** Closes the connections, and the sandbox. */
  close(): Promise<void>;
}

/** In one call; whoever waits longer calls again. */
const LONGEST_CALL_SECONDS = 86_400;

/**
 * Puts together what a command needs: the configuration of flags and environment, one key's world, and with `--sandbox` a
 * sandbox behind it. Throws `ConfigError` and `UsageError`.
 */
export async function openContext(
  { sandbox, ...flags }: CommonFlags,
  host: CommandHost,
  { keepsWhole }: Pick<TenantOptions, "keepsWhole"> = {},
): Promise<OpenContext> {
  const configured = readConfig(flags, host.env);
  const log = createLog(configured.logLevel, (line) => void host.err.line(line));
  const world = sandbox === undefined ? undefined : await (await import("./sandbox.ts")).startScenario(sandbox, log);
  const config = world === undefined ? configured : { ...configured, apiKey: world.key, baseUrl: new URL(world.url) };
  const transport = createSocketTransport({ proxies: config.proxies });
  const tenant = createTenant({ config, transport, clock: host.clock, log, keepsWhole });
  return {
    context: { ...host, config, tenant, call: callerOf(tenant, host.signal) },
    async close() {
      await transport.close();
      await world?.sandbox.close();
    },
  };
}

/** Calls the tools of a tenant, as `CommandContext` has it. */
export function callerOf({ tools, missingKey }: Tenant, signal: AbortSignal): CommandContext["call"] {
  // Each call that goes on has one.
  setMaxListeners(0, signal);
  return async (name, given, options = {}) => {
    if (missingKey !== undefined) throw missingKey;
    const tool = TOOLS.find((one) => one.name === name);
    if (tool === undefined) throw new Error(`There is no tool ${name}`);
    const args = checkArguments(tool, given);
    const { report = () => {}, showProgress, takesAll, firstReadingMs, onTransientError } = options;
    const link = linkAbort(signal, options.signal);
    try {
      return await runTool(
        tool,
        { args, given },
        {
          ...tools,
          maxWaitSeconds: LONGEST_CALL_SECONDS,
          defaultTimeoutSeconds: LONGEST_CALL_SECONDS,
          signal: link.signal,
          report,
          mayTakeLong() {},
          takesAll,
          firstReadingMs,
          onTransientError,
          ...(showProgress && { showProgress }),
        },
      );
    } finally {
      link.end();
    }
  };
}
