import { parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import type { ConfigFlags } from "../config.ts";
import { UsageError, withoutSecrets } from "./flags.ts";

/** What a command line without a command asks for: what a host starts. */
export type Command = { kind: "help" } | { kind: "version" } | { kind: "serve"; sandbox: boolean; flags: ConfigFlags };

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
  sandbox: { type: "boolean" },
  "poll-interval": { type: "string" },
  "max-wait": { type: "string" },
  "no-tasks": { type: "boolean" },
  "max-task-wait": { type: "string" },
  "log-level": { type: "string" },
} as const;

/** Further apart, a flag is another one. */
const MOST_SLIPS = 3;

/** Reads the arguments after the program's name where none of them is a command; throws `UsageError`. */
export function readCommandLine(args: readonly string[]): Command {
  const { values } = understand(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  return {
    kind: "serve",
    sandbox: values.sandbox ?? false,
    flags: {
      pollInterval: values["poll-interval"],
      maxWait: values["max-wait"],
      noTasks: values["no-tasks"] ? "1" : undefined,
      maxTaskWait: values["max-task-wait"],
      logLevel: values["log-level"],
    },
  };
}

function understand(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    // Node's own sentences name the argument; what follows the first one are hints about "--" that help nobody here.
    const [sentence = "The command line cannot be understood"] = (error as Error).message.split(". ");
    throw new UsageError(`${withoutSecrets(sentence)}${hint(error as NodeJS.ErrnoException, args)}`);
  }
}

function hint({ code }: NodeJS.ErrnoException, args: readonly string[]): string {
  if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") return "; a command comes first, before its flags";
  if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") return "";
  const names = Object.keys(OPTIONS);
  const given = args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]).find((name) => name && !names.includes(name));
  if (given === undefined) return "";
  const near = closest(given, names);
  return distance(given, near) > Math.min(MOST_SLIPS, near.length / 2) ? "" : `. Did you mean --${near}?`;
}
