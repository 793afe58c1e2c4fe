/*
 * The command forward as a process that kills itself at a named point: node forward-program.js '{"options": …, "kill": …}'. What it
 * reads from is in EXA_BASE_URL and EXA_API_KEY, as for the program itself.
 */
import * as fs from "node:fs/promises";
import { openContext } from "../../src/cli/command-context.ts";
import { type ForwardParts, forward } from "../../src/cli/commands/forward.ts";
import { endOf } from "../../src/cli/exit-codes.ts";
import { openTerminal } from "../../src/cli/terminal.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { ForwardProgram } from "./forward-runs.ts";

function killer(kill: ForwardProgram["kill"]) {
  let times = 0;
  return (point: string) => {
    if (kill?.point === point && ++times === kill.time) process.kill(process.pid, "SIGKILL");
  };
}

function partsFor(kill: ForwardProgram["kill"]): ForwardParts {
  const pass = killer(kill);
  return {
    files: {
      async open(...args: Parameters<typeof fs.open>) {
        const file = await fs.open(...args);
        const write = file.writeFile.bind(file);
        file.writeFile = async (text) => {
          await write(String(text).slice(0, String(text).length / 2));
          pass("during the write");
          await write(String(text).slice(String(text).length / 2));
        };
        return file;
      },
      async rename(from, to) {
        pass("before the rename");
        await fs.rename(from, to);
        pass("after the rename");
      },
    } as NonNullable<ForwardParts["files"]>,
    around: (target) => ({
      ...target,
      async deliver(delivery, signal) {
        pass("before the send");
        const outcome = await target.deliver(delivery, signal);
        pass("after the answer");
        return outcome;
      },
    }),
  };
}

const { options, kill }: ForwardProgram = JSON.parse(process.argv[2] ?? "");
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());
const [out, err] = [process.stdout, process.stderr].map((stream) =>
  openTerminal(stream, { env: process.env, redact: (text) => text }),
) as [ReturnType<typeof openTerminal>, ReturnType<typeof openTerminal>];
const { context, close } = await openContext(
  { pollInterval: "0.2" },
  { clock: systemClock, signal: ending.signal, out, err, env: process.env },
  { keepsWhole: true },
);
process.exitCode = await forward(options, context, partsFor(kill))
  .catch((error: unknown) => {
    const { code, says } = endOf(error);
    if (says !== undefined) process.stderr.write(`${says}\n`);
    return code;
  })
  .finally(close);
