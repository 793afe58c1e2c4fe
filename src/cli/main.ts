import { setFlagsFromString } from "node:v8";
import { ConfigError, keyIn, readConfig, VERSION } from "../config.ts";
import { createLog } from "../shared/log.ts";
import { createRedact } from "../shared/redact.ts";
import { type Command, numberFlag, readCommandLine, UsageError } from "./command-line.ts";

/** What does not end by itself this long after it was told to is ended, in milliseconds. */
const LONGEST_FAREWELL_MS = 900;

type Closing = () => Promise<void>;

let isEnding = false;

// A host may close stderr while it lives, and a reader of the help or the log may go: what they no longer read is lost, and no more.
process.stderr.on("error", () => {});
process.stdout.on("error", () => {});

/** People put the key into arguments and settings where it does not belong, upstreams into answers, and all of them are quoted. */
const redact = createRedact(keyIn(process.env));

try {
  await run(readCommandLine(process.argv.slice(2)));
} catch (error) {
  const known = error instanceof UsageError || error instanceof ConfigError;
  say(known ? error.message : `failed: ${error instanceof Error ? error.stack : String(error)}`);
  if (error instanceof UsageError) process.stderr.write("Try --help.\n");
  process.exitCode = known ? 2 : 1;
}

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case "version":
      process.stdout.write(`${VERSION}\n`);
      return;
    case "help": {
      const { helpText, sandboxHelpText } = await import("./help.ts");
      process.stdout.write((command.of === "sandbox" ? sandboxHelpText : helpText)(VERSION));
      return;
    }
    case "serve":
      return serveStdio(command);
    case "sandbox":
      return serveSandbox(command);
    case "demo":
      return showDemo(command);
  }
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

async function serveSandbox({ flags }: Extract<Command, { kind: "sandbox" }>): Promise<void> {
  const { startSandbox } = await import("./sandbox.ts");
  const log = createLog("warn", writeLine);
  const { url, key, sandbox } = await startSandbox(flags, log);
  endOnSignals(() => sandbox.close());
  process.stdout.write(`A sandbox of the Websets API is at ${url}\n\n`);
  process.stdout.write(`export EXA_BASE_URL=${url}\nexport EXA_API_KEY=${key}\n\nPress Ctrl+C to stop it.\n`);
}

async function showDemo({ speed }: Extract<Command, { kind: "demo" }>): Promise<void> {
  const { playDemo } = await import("./demo/demo.ts");
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => interruption.abort(name));
  process.exitCode = await playDemo({
    program: process.argv[1] ?? "",
    speed: numberFlag("--speed", speed, { least: 0.5, most: 100 }),
    output: process.stdout,
    env: process.env,
    complain: writeLine,
    interruption: interruption.signal,
  });
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
