import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../config.ts";
import { onAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import { createLog } from "../shared/log.ts";
import type { Redact } from "../shared/redact.ts";
import type { TenantOptions } from "../tenant.ts";
import type { CommandContext, CommandHost, CommonFlags } from "./command-context.ts";
import type { DoctorFlags } from "./commands/doctor.ts";
import type { ForwardOptions } from "./commands/forward.ts";
import type { HttpFlags } from "./commands/http.ts";
import type { ItemsFlags } from "./commands/items.ts";
import type { TailFlags } from "./commands/tail.ts";
import type { WaitFlags } from "./commands/wait.ts";
import type { WebsetsFlags } from "./commands/websets.ts";
import { EXIT, EXIT_CODES, endOf } from "./exit-codes.ts";
import { numberFlag, quoted, UsageError, withoutSecrets } from "./flags.ts";
import { overview, sandboxLists } from "./help.ts";
import type { SandboxFlags } from "./sandbox.ts";
import { saveMemory } from "./save-memory.ts";
import { endReason, LiveLines, openTerminal, READER_GONE } from "./terminal.ts";

/** The process, for commands that people start. */
export interface Shell {
  /** The path of this program. */
  program: string;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: NodeJS.ProcessEnv;
  redact: Redact;
  clock: Clock;
  /** Aborts with the name of the process's signal as its reason. */
  interruption: AbortSignal;
}

/** Wider lines are hard to read. */
const WIDEST_HELP = 100;
const OF_EVERY_COMMAND = "Options of every command:";

/** Runs a command and returns its exit code; what ended it is said on stderr, as `endOf` in exit-codes.ts words it. */
export async function runCommand(args: readonly string[], shell: Shell): Promise<number> {
  const ending = new AbortController();
  const end = (why: string) => ending.abort(new DOMException(why, "AbortError"));
  const off = onAbort(shell.interruption, () => end(String(shell.interruption.reason)));
  const { env, redact, clock } = shell;
  let lost: NodeJS.ErrnoException | undefined;
  const onGone = (error: NodeJS.ErrnoException) => {
    lost = error;
    end(READER_GONE);
  };
  const live = new LiveLines();
  const out = openTerminal(shell.stdout, { env, redact, live, onGone });
  const err = openTerminal(shell.stderr, { env, redact, live });
  const host = { out, err, env, clock, signal: ending.signal };

  const { program, code } = describeCommands(host, shell);
  try {
    await program.parseAsync(withScenario(args), { from: "user" });
    return code();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.asked;
    const isGone = isAbort(error) && endReason(ending.signal) === READER_GONE;
    // Whoever reads the first lines only, as `head` does, has got what was asked for.
    if (isGone && lost?.code === "EPIPE") return EXIT.asked;
    const known = error instanceof CommanderError ? explained(error, args, program) : error;
    const { code, says } = endOf(isGone ? lost : known);
    if (says !== undefined) await err.line(`websets-events-mcp: ${says}`);
    if (known instanceof UsageError) await err.line("Try --help.");
    return code;
  } finally {
    off();
  }
}

/** `readsLong`: it may read for days, and over a backlog of any length. */
type Needs = Pick<TenantOptions, "keepsWhole"> & { readsLong?: boolean };
type Act<Flags> = (flags: Flags, context: CommandContext, args: string[]) => Promise<number>;

/** All commands as commander knows them. What a command needs is loaded when it runs. */
function describeCommands(host: CommandHost, shell: Shell): { program: Command; code(): number } {
  let code: number = EXIT.asked;
  const { out, err } = host;
  const program = new Command("websets-events-mcp")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void out.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => (out.isTTY ? Math.min(out.columns, WIDEST_HELP) : WIDEST_HELP),
      getOutHasColors: () => false,
    })
    .configureHelp({ optionTerm })
    .version(VERSION, "-v, --version", "show the version")
    .helpOption("-h, --help", "show this")
    .helpCommand("help [command]", "show the help of a command");

  function command(usage: string, summary: string, examples: readonly string[]): Command {
    const described = program.command(usage).description(summary).version(VERSION, "-v, --version");
    // It is no option of one command alone.
    for (const option of described.options) option.hideHelp();
    return described.addHelpText(
      "after",
      `\nExamples:\n${examples.map((one) => `  websets-events-mcp ${one}`).join("\n")}`,
    );
  }

  /** A command that asks the API, or the sandbox in its place. */
  function asking(usage: string, summary: string, examples: readonly string[]): Command {
    const common = [
      new Option("--sandbox [scenario]", "ask a sandbox of its own in place of the API, without a key (default demo)"),
      new Option("--poll-interval <seconds>", "between polls while something happens (default 1)"),
      new Option("--log-level <level>", "on stderr: silent, error, warn, info or debug (default warn)"),
    ];
    const described = command(usage, summary, examples);
    for (const option of common) described.addOption(option.helpGroup(OF_EVERY_COMMAND));
    return described;
  }

  function run<Flags extends CommonFlags>(act: Act<Flags>, needs?: Needs) {
    return async (...given: unknown[]) => {
      if (needs?.readsLong) saveMemory();
      const command = given.at(-1) as Command;
      const flags = command.opts<Flags>();
      refuseEmpty(command);
      const { openContext } = await import("./command-context.ts");
      const { context, close } = await openContext(flags, host, needs);
      try {
        code = await act(flags, context, command.args);
      } finally {
        await close();
      }
    };
  }

  asking("websets", "list the account's Websets, newest first, with how far each is", [
    "websets --status running",
    "websets --all --json | jq -r .websetId",
  ])
    .option("--status <status>", "only those that are idle, pending, running or paused")
    .option("--limit <number>", "at most this many (default 25)")
    .option("--all", "all there are")
    .option("--json", "one JSON object a line, as also where stdout is no terminal")
    .action(
      run<WebsetsFlags & CommonFlags>(async (flags, context) =>
        (await import("./commands/websets.ts")).websets(flags, context),
      ),
    );

  asking("items <webset>", "list what a Webset has found, with its enrichments; WEBSET is an id or your externalId", [
    "items webset_01m8eg3m01vh7dx70dxt3c38et",
    'items suppliers --all --json | jq -r "[.name, .url] | @csv"',
  ])
    .option("--limit <number>", "at most this many (default 25)")
    .option("--all", "all there are")
    .option("--full", "with the whole item as data, in JSON")
    .option("--json", "one JSON object a line, as also where stdout is no terminal")
    .action(
      run<ItemsFlags & CommonFlags>(async (flags, context, [websetId = ""]) =>
        (await import("./commands/items.ts")).items({ ...flags, websetId }, context),
      ),
    );

  asking("tail", "show events as they happen, one line each, until Ctrl+C", [
    "tail --webset suppliers --since 2h --until-idle suppliers",
    "tail --types 'webset.item.*' --items-ready --json | jq -r .summary",
  ])
    .allowExcessArguments()
    .option("--types <types>", "only these, with commas between; a star stands for any end: 'monitor.*'")
    .option("--webset <webset>", "only events of this Webset: its id or your externalId")
    .option("--problems", "only what went wrong")
    .option("--items-ready", "each item once it is ready with all its values, in place of events of items")
    .option("--since <when>", "an age (90s, 10m, 2h, 3d), a time, or where an earlier tail ended (default: now)")
    .option("--no-follow", "end with what there is (of the last day, without --since)")
    .option("--until-idle <webset>", "end when this Webset is idle and all that happened by then is told")
    .option("--full", "with the whole resource as data, in JSON")
    .option("--json", "one JSON object a line, as also where stdout is no terminal")
    .addHelpText("after", `\n${EXIT_CODES}`)
    .action(
      run<TailFlags & CommonFlags>(
        async (flags, context, [excess]) => {
          // Other commands have it behind their name.
          if (excess !== undefined) throw new UsageError(`To see one Webset's events: tail --webset ${quoted(excess)}`);
          return (await import("./commands/tail.ts")).tail(flags, context);
        },
        { readsLong: true },
      ),
    );

  asking("wait <webset...>", "wait until a Webset's search is completed, a number of items is found or all is done", [
    "wait suppliers --until idle --timeout 1h && echo done",
    "wait suppliers customers --until items --items 20 --any",
  ])
    .option("--until <what>", "search_completed, items or idle (default search_completed; with --items: items)")
    .option("--items <number>", "how many, for --until items")
    .option("--search <id>", "wait for this search (default: those unfinished now)")
    .option("--timeout <length>", "give up after this long, such as 90s, 10m or 1h30m (default: never)")
    .option("--all", "of several Websets each one (default)")
    .option("--any", "of several Websets the first one")
    .option("--json", "print how each ended as JSON, as also where stdout is no terminal")
    .option("--quiet", "show nothing while waiting, and how it ended only with --json")
    .addHelpText("after", `\n${EXIT_CODES}`)
    .action(
      run<WaitFlags & CommonFlags>(async (flags, context, websets) =>
        (await import("./commands/wait.ts")).wait({ ...flags, websets }, context),
      ),
    );

  asking("forward [command...]", "hand each event to a URL or a command of yours, with nothing lost over restarts", [
    "forward --to http://localhost:3000/exa-webhook --secret-env WEBHOOK_SECRET",
    "forward --items-ready --webset suppliers -- ./add-to-sheet.sh",
  ])
    .option("--to <url>", "post each event there, as Exa posts it to a webhook; or name a command behind --")
    .option("--secret-env <name>", "sign with the secret in this variable, as Exa signs its webhooks")
    .option("--types <types>", "only these, with commas between; a star stands for any end: 'monitor.*'", listOf)
    .option("--webset <webset>", "only events of this Webset: its id or your externalId")
    .option("--problems", "only what went wrong")
    .option("--items-ready", "each item once it is ready with all its values, in place of events of items")
    .option("--since <when>", "where the first run begins: a time, an age such as 2h, or a cursor (default now)")
    .option("--parallel <number>", "this many at once, of different Websets (default 1)")
    .option("--attempts <number>", "after this many an event is given up (default 100, about 8 hours)")
    .option("--command-timeout <length>", "after this long a command is killed with its children (default 60s)")
    .option(
      "--state <file>",
      "what was delivered (default one for each account, filter and target in your state folder)",
    )
    .option("--json", "one JSON object for each attempt, as also where stdout is no terminal")
    .action(
      run<Omit<ForwardOptions, "command"> & CommonFlags>(
        async (flags, context, given) =>
          (await import("./commands/forward.ts")).forward({ ...flags, command: given }, context),
        { readsLong: true, keepsWhole: true },
      ),
    );

  asking("http", "serve MCP over HTTP for a team, each with their own key, at /mcp", [
    "http --host 0.0.0.0 --allowed-hosts mcp.example.com --access-log",
    "http --mode token --tokens tokens.json",
  ])
    .option("--host <address>", "to listen at (default 127.0.0.1)")
    .option("--port <port>", "0 takes a free one (default 8787)")
    .option("--allowed-hosts <names>", "that requests may be addressed to besides loopback, with commas between")
    .option("--allowed-origins <origins>", "of pages in browsers that may call besides loopback, with commas between")
    .option("--mode <mode>", "byok: callers send their own Exa key; token: one of your tokens (default byok)")
    .option("--tokens <file>", "for --mode token: JSON from each token's SHA-256 to the variable that holds its key")
    .option(
      "--state <url>",
      "redis://host:port, shared by several processes: polls, tasks, cancels (default WEBSETS_EVENTS_STATE, where a password belongs; else none)",
    )
    .option("--access-log", "a line of JSON for each request on stdout, without keys, cursors and queries")
    .action(
      run<HttpFlags & CommonFlags>(async (flags, context) => (await import("./commands/http.ts")).http(flags, context)),
    );

  asking("doctor", "say what works between this machine and the API, and what to do about what does not", [
    "doctor",
    "doctor --record events.json",
  ])
    .option("--record <file>", "write how the API lists events, every text in it invented; overwrites nothing")
    .option("--json", "one JSON object a check, safe to publish, as also where stdout is no terminal")
    .action(
      run<DoctorFlags & CommonFlags>(async (flags, context) =>
        (await import("./commands/doctor.ts")).doctor(flags, context),
      ),
    );

  command("demo", "see it work without a key: an agent follows a Webset to its end", ["demo", "demo --speed 20"])
    .option("--speed <factor>", "how much faster Websets live than real ones (default 5)")
    .action(async ({ speed = "5" }: { speed?: string }) => {
      const { playDemo } = await import("./demo/demo.ts");
      code = await playDemo({
        program: shell.program,
        speed: numberFlag("--speed", speed, { least: 0.5, most: 100 }),
        out,
        env: shell.env,
        complain: (line) => void err.line(line),
        interruption: shell.interruption,
      });
    });

  command("sandbox", "run the sandbox alone: a local Websets API to test against", [
    "sandbox --scenario busy",
    "sandbox --port 0 --speed 50 --faults rate-limited:0.1,html-502:once",
  ])
    .option("--port <port>", "on 127.0.0.1; 0 takes a free one (default 4010)")
    .option("--speed <factor>", "how much faster Websets live than real ones (default 10)")
    .option("--seed <number>", "the same seed gives the same world (default 1)")
    .option("--scenario <name>", "the world to begin with (default demo)")
    .option("--list-order <order>", "of events and monitors: newest-first or oldest-first (default newest-first)")
    .option("--faults <list>", "what goes wrong, such as rate-limited:0.1,html-502:once")
    .addHelpText("after", () => `\n${sandboxLists()}`)
    .action(async (flags: Partial<SandboxFlags>) => {
      const { startSandbox } = await import("./sandbox.ts");
      const log = createLog("warn", (line) => void err.line(line));
      const { url, key, sandbox } = await startSandbox(flags, log);
      await out.write(`A sandbox of the Websets API is at ${url}\n\n`);
      await out.write(`export EXA_BASE_URL=${url}\nexport EXA_API_KEY=${key}\n\nPress Ctrl+C to stop it.\n`);
      await new Promise<void>((resolve) => void onAbort(shell.interruption, resolve));
      await sandbox.close();
    });

  const rows = program.commands.map((one) => {
    const parameters = one.registeredArguments.map((each) => each.name().toUpperCase() + (each.variadic ? "..." : ""));
    return { usage: [one.name(), ...parameters].join(" "), summary: one.description() };
  });
  program.helpInformation = () => overview(VERSION, rows);
  return { program, code: () => code };
}

/** A variable that is not set would else mean the whole account, or everything that happens in it. Throws `UsageError`. */
function refuseEmpty(command: Command): void {
  const isEmpty = (value: unknown) => [value].flat().join("").trim() === "" && value !== undefined;
  const named = command.registeredArguments.filter(({ required }) => required).map((one) => one.name().toUpperCase());
  const [flag] = command.options.filter((one) => isEmpty(command.getOptionValue(one.attributeName())));
  const argument = command.args.some(isEmpty) ? named[0] : undefined;
  const empty = flag?.long ?? argument;
  if (empty !== undefined) throw new UsageError(`${empty} is empty: a variable that is not set?`);
}

function listOf(text: string): string[] {
  return text.split(/[,\s]+/).filter((one) => one !== "");
}

function optionTerm({ flags }: Option): string {
  return flags
    .replace(/ <(.+?)>/, (_, name) => ` ${name.toUpperCase()}`)
    .replace(/ \[(.+?)\]/, (_, name) => `[=${name.toUpperCase()}]`);
}

/** `--sandbox` alone means its first scenario: commander would take the word behind it for one. */
function withScenario(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, index) => (arg === "--sandbox" && (end === -1 || index < end) ? "--sandbox=demo" : arg));
}

/** What commander says of a command line that it does not understand, in our form. */
function explained({ code, message }: CommanderError, args: readonly string[], program: Command): UsageError {
  const [sentence = "", ...more] = message.split("\n");
  const near = more.map((line) => ` ${line.replace(/^\((.*)\)$/, "$1")}`).join("");
  // Of the help of a command that there is not, it says no more than that it would have shown all of it.
  const unknown = { "commander.unknownCommand": args[0], "commander.help": args[1] }[code];
  if (unknown === undefined) {
    return new UsageError(`${withoutSecrets(sentence.replace(/^error: /, ""))}${near === "" ? "" : `.${near}`}`);
  }
  const names = program.commands.map((one) => one.name()).join(", ");
  return new UsageError(`There is no command ${quoted(unknown)}.${near} Commands: ${names}; none serves MCP on stdio.`);
}
