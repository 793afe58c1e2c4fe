import { type CommandContext, callerOf } from "../../src/cli/command-context.ts";
import { type OutputStream, openTerminal } from "../../src/cli/terminal.ts";
import { readConfig } from "../../src/config.ts";
import { createSandbox, type SandboxOptions } from "../../src/sandbox/server.ts";
import { silentLog } from "../../src/shared/log.ts";
import { createTenant } from "../../src/tenant.ts";
import { FakeClock } from "./fake-clock.ts";
import { sandboxTransport } from "./sandbox-transport.ts";
import { screenOf } from "./screen.ts";

export interface CommandWorldOptions extends Partial<Omit<SandboxOptions, "clock">> {
  /** How wide the terminals are; without it stdout and stderr are pipes. */
  columns?: number;
  env?: Record<string, string>;
}

/** A stream in the place of one of the process's: what was written to it, and errors for whoever writes to it. */
export class FakeStream implements OutputStream {
  readonly isTTY: boolean;
  text = "";
  onWrite: () => void = () => {};
  /** Whether there is room for more. */
  hasRoom = true;
  readonly #columns: number | undefined;
  readonly #listeners: [string, (error: NodeJS.ErrnoException) => void][] = [];

  constructor(columns?: number) {
    this.#columns = columns;
    this.isTTY = columns !== undefined;
  }

  get columns(): number | undefined {
    return this.#columns;
  }

  get listening(): number {
    return this.#listeners.length;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** What a terminal shows of it. */
  get screen(): string[] {
    return screenOf(this.text, this.#columns ?? Number.POSITIVE_INFINITY);
  }

  write(text: string): boolean {
    this.text += text;
    this.onWrite();
    return this.hasRoom;
  }

  on(event: string, listener: (error: NodeJS.ErrnoException) => void): void {
    this.#listeners.push([event, listener]);
  }

  off(event: string, listener: (error: NodeJS.ErrnoException) => void): void {
    const index = this.#listeners.findIndex(([name, one]) => name === event && one === listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  emit(event: "drain" | "error", code = "EPIPE"): void {
    const error = Object.assign(new Error(`write ${code}`), { code });
    for (const [name, listener] of [...this.#listeners]) if (name === event) listener(error);
  }
}

/** What a command gets, with a sandbox behind it in this process, on a clock that moves when told to. */
export async function openCommandWorld(options: CommandWorldOptions = {}) {
  const { columns, env = {} } = options;
  const clock = new FakeClock();
  const sandbox = createSandbox({ ...options, clock });
  const config = readConfig({}, { EXA_API_KEY: "any", EXA_BASE_URL: "http://127.0.0.1:1" });
  const transport = sandboxTransport(sandbox, clock, () => 0);
  const tenant = createTenant({ config, transport, clock, log: silentLog });
  const ending = new AbortController();
  const [stdout, stderr] = [new FakeStream(columns), new FakeStream(columns)];
  const redact = (text: string) => text;
  const context: CommandContext = {
    call: callerOf(tenant, ending.signal),
    tenant,
    config,
    clock,
    signal: ending.signal,
    out: openTerminal(stdout, { env, redact }),
    err: openTerminal(stderr, { env, redact }),
    env,
  };
  return {
    context,
    clock,
    sandbox,
    world: sandbox.world,
    stdout,
    stderr,
    /** As Ctrl+C does, or what else `reason` names. */
    interrupt: (reason = "SIGINT") => ending.abort(new DOMException(reason, "AbortError")),
    close: () => sandbox.close(),
  };
}
