import { parseArgs } from "node:util";
import type { ConfigFlags } from "../config.ts";

/** What the command line asks for. */
export type Command =
  | { kind: "help"; of: "server" | "sandbox" }
  | { kind: "version" }
  | { kind: "serve"; sandbox: boolean; flags: ConfigFlags }
  | { kind: "sandbox"; flags: SandboxFlags }
  | { kind: "demo"; speed: string };

/** The sandbox's own flags as texts. */
export interface SandboxFlags {
  port: string;
  speed: string;
  seed: string;
  scenario: string;
  listOrder: string;
  faults: string | undefined;
}

/** A command line that cannot be understood; the message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const ALWAYS = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } } as const;
const SERVE = {
  sandbox: { type: "boolean" },
  "poll-interval": { type: "string" },
  "max-wait": { type: "string" },
  "no-tasks": { type: "boolean" },
  "max-task-wait": { type: "string" },
  "log-level": { type: "string" },
} as const;
const SANDBOX = {
  port: { type: "string", default: "4010" },
  speed: { type: "string", default: "10" },
  seed: { type: "string", default: "1" },
  scenario: { type: "string", default: "demo" },
  "list-order": { type: "string", default: "newest-first" },
  faults: { type: "string" },
} as const;

const DEMO = { speed: { type: "string", default: "5" } } as const;

/** Names of commands and scenarios are shorter, Exa's keys longer. */
const LONGEST_QUOTED = 30;

/** Reads the arguments after the program's name; throws `UsageError`. */
export function readCommandLine(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === "help") return { kind: "help", of: rest[0] === "sandbox" ? "sandbox" : "server" };
  if (first === "sandbox") return sandboxCommand(rest);
  if (first === "demo") return demoCommand(rest);
  if (first !== undefined && !first.startsWith("-")) {
    throw new UsageError(`There is no command ${quoted(first)}. Commands: demo, sandbox; none serves MCP on stdio.`);
  }
  const { values } = understand(() => parseArgs({ args: [...args], options: { ...ALWAYS, ...SERVE } }));
  if (values.help) return { kind: "help", of: "server" };
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

function sandboxCommand(args: string[]): Command {
  const { values } = understand(() => parseArgs({ args, options: { ...ALWAYS, ...SANDBOX } }));
  if (values.help) return { kind: "help", of: "sandbox" };
  if (values.version) return { kind: "version" };
  const { port, speed, seed, scenario, faults } = values;
  return { kind: "sandbox", flags: { port, speed, seed, scenario, listOrder: values["list-order"], faults } };
}

function demoCommand(args: string[]): Command {
  const { values } = understand(() => parseArgs({ args, options: { ...ALWAYS, ...DEMO } }));
  if (values.help) return { kind: "help", of: "server" };
  if (values.version) return { kind: "version" };
  return { kind: "demo", speed: values.speed };
}

function understand<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // Node's own sentences name the argument; what follows the first one are hints about "--" that help nobody here.
    const [sentence] = (error as Error).message.split(". ");
    const words = sentence?.replace(/'(.*)'/s, (given, text: string) =>
      text.length > LONGEST_QUOTED ? quoted(text) : given,
    );
    throw new UsageError(words ?? "The command line cannot be understood");
  }
}

/** Long words are no slips of the keyboard, but may be a key in the wrong place: they are not repeated. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTED ? `of ${text.length} characters` : JSON.stringify(text);
}

/** A number a flag must hold; throws `UsageError`. */
export function numberFlag(name: string, text: string, { least, most, whole }: NumberBounds): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${name} must be a ${whole ? "whole " : ""}number from ${least} to ${most}, not ${quoted(text)}`,
  );
}

interface NumberBounds {
  least: number;
  most: number;
  whole?: boolean;
}
