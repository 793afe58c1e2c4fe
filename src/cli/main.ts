import { keyIn, readConfig, VERSION } from "../config.ts";
import { createLog } from "../shared/log.ts";
import { createRedact } from "../shared/redact.ts";
import { type Command, readCommandLine } from "./command-line.ts";
import { endOf } from "./exit-codes.ts";
import { UsageError } from "./flags.ts";
import { saveMemory } from "./save-memory.ts";
import { serve } from "./serve.ts";

/** What does not end by itself this long after it was told to is ended, in milliseconds. */
const GRACE_MS = 900;

/** By then a host has its tools; before that, collecting garbage more often would only make it wait. In milliseconds. */
const SAVE_MEMORY_AFTER_MS = 1_000;

type Closing = () => Promise<void>;

let isEnding = false;

/** People put the key into arguments and settings where it does not belong, upstreams into answers, and all of them are quoted. */
const redact = createRedact(keyIn(process.env));

/** Does what a host asks for with flags alone, which is to serve it unless it asks for the help or the version. Sets the exit code. */
export async function runForHost(args: readonly string[]): Promise<void> {
  // A host may close stderr while it lives, and a reader of the help or the log may go: what they no longer read is lost, and no more.
  process.stderr.on("error", () => {});
  process.stdout.on("error", () => {});
  try {
    await start(args);
  } catch (error) {
    const { code, says } = endOf(error);
    if (says !== undefined) say(says);
    if (error instanceof UsageError) process.stderr.write("Try --help.\n");
    process.exitCode = code;
  }
}

async function start(args: readonly string[]): Promise<void> {
  const command: Command = readCommandLine(args);
  switch (command.kind) {
    case "version":
      process.stdout.write(`${VERSION}\n`);
      return;
    case "help":
      return (await import("./people.ts")).runForPeople(["help"]);
    case "serve":
      return serveStdio(command);
  }
}

async function serveStdio({ sandbox, flags }: Extract<Command, { kind: "serve" }>): Promise<void> {
  setTimeout(saveMemory, SAVE_MEMORY_AFTER_MS).unref();
  const configured = readConfig(flags, process.env);
  const log = createLog(configured.logLevel, writeLine);
  const world = sandbox ? await (await import("./sandbox.ts")).startScenario("demo", log) : undefined;
  const config = world === undefined ? configured : { ...configured, apiKey: world.key, baseUrl: new URL(world.url) };
  const service = serve(config, log, { stdin: process.stdin, stdout: process.stdout }, redact);
  if (world !== undefined) log.info(`the sandbox is at ${world.url}`);
  const close = async () => {
    await service.close();
    await world?.sandbox.close();
  };
  endOnSignals(close);
  if (process.stdin.isTTY) {
    say(
      `version ${VERSION}, an MCP server: a host such as Claude Desktop starts it and speaks JSON on stdin and stdout.`,
    );
    say("Press Ctrl+C to stop it. --help shows the options, and the README how to connect a host.");
  }
  await service.closed;
  await end(close);
}

function endOnSignals(close: Closing): void {
  // Listened to until the very end: hosts send one after another, and a second one must not cut short the end that the first one began.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(close));
}

/** Closes everything and lets the process end by itself, or makes it end where something holds it. */
async function end(close: Closing): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => process.exit(), GRACE_MS).unref();
  // Nothing is left to do then. Ending without it, Node stops listening to signals some time before the process has ended.
  process.once("beforeExit", () => process.exit());
  try {
    await close();
  } finally {
    process.stdin.destroy();
  }
}

function say(line: string): void {
  writeLine(`websets-events-mcp: ${line}`);
}

function writeLine(line: string): void {
  process.stderr.write(`${redact(line)}\n`);
}
