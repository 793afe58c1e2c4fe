import { runCommand } from "../../src/cli/commands.ts";
import type { Environment } from "../../src/config.ts";
import { FakeStream } from "./command-world.ts";
import { FakeClock } from "./fake-clock.ts";

/** The names of all commands, as the overview lists them. */
export function commandsIn(overview: string): string[] {
  const [, list = ""] = /^Commands:\n(.*?)\n\n/ms.exec(overview) ?? [];
  return [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name);
}

/** Runs a command in this process, as main.ts does; of the process it gets nothing. */
export async function runInShell(
  args: readonly string[],
  { columns, env = {} }: { columns?: number; env?: Environment } = {},
) {
  const [stdout, stderr] = [new FakeStream(columns), new FakeStream(columns)];
  const shell = {
    program: "/nowhere/cli.js",
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    env,
    redact: (text: string) => text,
    clock: new FakeClock(),
    interruption: new AbortController().signal,
  };
  return { code: await runCommand(args, shell), stdout: stdout.text, says: stderr.text };
}
