import { keyIn } from "../config.ts";
import { systemClock } from "../shared/clock.ts";
import { createRedact } from "../shared/redact.ts";
import { runCommand } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";

/** Runs a command for people in this process, which ends with the command's exit code. */
export async function runForPeople(args: readonly string[]): Promise<void> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // Whoever presses Ctrl+C twice does not want to wait for what is still to be closed.
      if (interruption.signal.aborted && name === "SIGINT") process.exit(EXIT.interrupted);
      interruption.abort(name);
    });
  }
  const { stdout, stderr, env, argv } = process;
  // A reader of the help or the log may go: what they no longer read is lost, and no more.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  process.exitCode = await runCommand(args, {
    program: argv[1] ?? "",
    stdout,
    stderr,
    env,
    redact: createRedact(keyIn(env)),
    clock: systemClock,
    interruption: interruption.signal,
  });
}
