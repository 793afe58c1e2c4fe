import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "..", "..", "dist", "cli.js");

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The built program as a process of its own: what it is told line by line, and everything it wrote. */
export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<Exit>;
  stdout = "";
  stderr = "";
  /** Called with each whole line of stdout. */
  onLine: (line: string) => void = () => {};
  #taken = 0;

  /** `nodeOptions` are for Node itself. */
  constructor(args: readonly string[], env: Record<string, string>, nodeOptions: readonly string[] = []) {
    // Nothing of our own environment but what finding programs takes: no key, no proxy, no settings.
    const { PATH = "" } = process.env;
    this.child = spawn(process.execPath, [...nodeOptions, PROGRAM, ...args], { env: { PATH, ...env } });
    // A program that has gone cannot be written to; that is for the tests to notice by its exit.
    this.child.stdin.on("error", () => {});
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** The lines of stdout as far as they are whole. */
  get lines(): string[] {
    return this.stdout.split("\n").slice(0, -1);
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Ends it and waits until it has ended; one that does not obey is killed. */
  async end(): Promise<void> {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await this.exited;
    clearTimeout(timer);
  }

  #take(text: string): void {
    this.stdout += text;
    for (let end = this.stdout.indexOf("\n", this.#taken); end !== -1; end = this.stdout.indexOf("\n", this.#taken)) {
      const line = this.stdout.slice(this.#taken, end);
      this.#taken = end + 1;
      this.onLine(line);
    }
  }
}

/** Runs the program to its end, with nothing on stdin. */
export async function runProgram(args: readonly string[], env: Record<string, string> = {}) {
  const program = new Program(args, env);
  program.child.stdin.end();
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}
