import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves as soon as stdout holds the text; rejects when the program ended without it. */
  says(text: string): Promise<void>;
  ended: Promise<Ended>;
}

/** Starts an example as docs/loops.md says, with output that is no terminal. */
export function startExample(name: string, args: string[] = [], env: Record<string, string> = {}): Running {
  const { EXA_API_KEY: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ["scripts/run.mjs", `examples/${name}.ts`, ...args], {
    cwd: root,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const says = async (text: string) => {
    while (!stdout.includes(text)) {
      const over = await Promise.race([once(child.stdout, "data").then(() => false), ended.then(() => true)]);
      if (over && !stdout.includes(text)) throw new Error(`it ended without saying ${text}: ${stdout}${stderr}`);
    }
  };
  return { child, says, ended };
}

export function runExample(name: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
  return startExample(name, args, env).ended;
}
