import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { screenOf } from "./screen.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "dist", "cli.js");
const CTRL_C = "\u0003";

/** Windows has no such thing that a test could use without a native module. */
export const HAS_PTY = process.platform !== "win32";

/** The built program in a terminal of so many columns: what it writes goes to one screen. */
export class TerminalProgram {
  readonly exited: Promise<number | null>;
  output = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #columns: number;

  constructor(args: readonly string[], columns: number, env: Record<string, string> = {}) {
    this.#columns = columns;
    const words = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const command = `stty cols ${columns} rows 50; exec ${words.join(" ")}`;
    const { PATH = "" } = process.env;
    const [script, ...rest] = scriptFor(command);
    this.#child = spawn(script, rest, { env: { PATH, TERM: "xterm-256color", ...env } });
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code) => resolve(code));
    });
  }

  /** What the terminal shows, line by line. */
  get screen(): string[] {
    return screenOf(this.output, this.#columns);
  }

  /** Resolves when the screen shows a text. */
  async shows(text: string): Promise<void> {
    await eventually(() => this.screen.join("\n").includes(text), { what: `${JSON.stringify(text)} on the screen` });
  }

  interrupt(): void {
    this.#child.stdin.write(CTRL_C);
  }

  /** Ends it and waits until it has ended. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }
}

/** `script` gives a command a terminal; its two forms take it in different ways. */
function scriptFor(command: string): [string, ...string[]] {
  if (spawnSync("script", ["--help"]).error !== undefined) {
    throw new Error(
      "Tests in a terminal need `script`: on Debian it is in the package bsdutils, on Fedora in util-linux-script",
    );
  }
  return process.platform === "linux"
    ? ["script", "--quiet", "--return", "--flush", "--command", command, "/dev/null"]
    : ["script", "-q", "/dev/null", "sh", "-c", command];
}
