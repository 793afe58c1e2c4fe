import { setFlagsFromString } from "node:v8";
import { keyIn, readConfig, VERSION } from "../config.ts";
import { systemClock } from "../shared/clock.ts";
import { createLog } from "../shared/log.ts";
import { createRedact } from "../shared/redact.ts";
import { type Command, isForPeople, readCommandLine } from "./command-line.ts";
import { EXIT, endOf } from "./exit-codes.ts";
import { UsageError } from "./flags.ts";

/** What does not end by itself this long after it was told to is ended, in milliseconds. */
const LONGEST_FAREWELL_MS = 900;

type Closing = () => Promise<void>;

let isEnding = false;

// A host may close stderr while it lives, and a reader of the help or the log may go: what they no longer read is lost, and no more.
process.stderr.on("error", () => {});
process.stdout.on("error", () => {});

/** People put the key into arguments and settings where it does not belong, upstreams into answers, and all of them are quoted. */
const redact = createRedact(keyIn(process.env));

const args = process.argv.slice(2);
try {
  if (isForPeople(args)) process.exitCode = await runForPeople(args);
  else await run(readCommandLine(args));
} catch (error) {
  const { code, says } = endOf(error);
  if (says !== undefined) say(says);
  if (error instanceof UsageError) process.stderr.write("Try --help.\n");
  process.exitCode = code;
}

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case "version":
      process.stdout.write(`${VERSION}\n`);
      return;
    case "help":
      process.exitCode = await runForPeople(["help"]);
      return;
    case "serve":
      return serveStdio(command);
  }
}

/** Runs a command. Nothing of the commands is loaded before, for a host waits until its server has started. */
async function runForPeople(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // Who presses Ctrl+C twice does not want to wait for a farewell.
      if (interruption.signal.aborted && name === "SIGINT") process.exit(EXIT.interrupted);
      interruption.abort(name);
    });
  }
  const { runCommand } = await import("./commands.ts");
  const { stdout, stderr, env, argv } = process;
  const shell = { program: argv[1] ?? "", stdout, stderr, env, redact, clock: systemClock };
  return runCommand(args, { ...shell, interruption: interruption.signal });
}

async function serveStdio({ sandbox, flags }: Extract<Command, { kind: "serve" }>): Promise<void> {
  // What V8 keeps for new objects grows with each burst of calls and hardly ever shrinks, and it lets twice as much garbage lie
  // as there is of use. Of 1,000 waits some 70 MiB would stay; a server that mostly sleeps need not save those milliseconds.
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=25");
  const configured = readConfig(flags, process.env);
  const log = createLog(configured.logLevel, writeLine);
  const world = sandbox ? await (await import("./sandbox.ts")).startScenario("demo", log) : undefined;
  const config = world === undefined ? configured : { ...configured, apiKey: world.key, baseUrl: new URL(world.url) };
  const { serve } = await import("./serve.ts");
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
  // Listened to until the very end: hosts send one after another, and a second one must not cut the first one's farewell short.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(close));
}

/** Closes everything and lets the process end by itself, or makes it end where something holds it. */
async function end(close: Closing): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => process.exit(), LONGEST_FAREWELL_MS).unref();
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
