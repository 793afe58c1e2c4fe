import { styleText } from "node:util";
import type { Environment } from "../config.ts";
import type { Redact } from "../shared/redact.ts";

/** Where a person or a program reads what a command says: its stdout or its stderr. */
export interface Terminal {
  /** Whether a person looks at it; else a file or a program reads it. */
  readonly isTTY: boolean;
  /** How wide it is now, in columns. */
  readonly columns: number;
  /** Whether the cursor may be moved, so that a line can be drawn again in its place. */
  readonly canRedraw: boolean;
  /** Writes a line. Resolves when there is room for the next one; what nobody reads any more is dropped. */
  line(text: string): Promise<void>;
  /** The same for a text as it is. */
  write(text: string): Promise<void>;
  /** A text in a style where colours are shown; else as it is. */
  paint(style: Style, text: string): string;
}

export type Style = Parameters<typeof styleText>[0];

/** As much of a stream of the process as a terminal needs. */
export interface OutputStream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  writableNeedDrain?: boolean;
  write(text: string): boolean;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
  off(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

export interface TerminalOptions {
  env: Environment;
  redact: Redact;
  /** Called once when nobody can be written to any more: with `EPIPE` where the reader has gone. */
  onGone?(error: NodeJS.ErrnoException): void;
}

/** As wide as terminals are that do not say how wide they are. */
const DEFAULT_COLUMNS = 80;

/** Makes a terminal of a stream. The stream's listener of errors stays: a reader may go at any time. */
export function openTerminal(stream: OutputStream, { env, redact, onGone }: TerminalOptions): Terminal {
  const isTTY = stream.isTTY === true;
  const colors = showsColors(isTTY, env);
  let isGone = false;
  stream.on("error", (error) => {
    if (!isGone) onGone?.(error);
    isGone = true;
  });

  async function write(text: string): Promise<void> {
    if (isGone || stream.write(redact(text))) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off("drain", go);
        stream.off("error", go);
        resolve();
      };
      stream.on("drain", go);
      stream.on("error", go);
    });
  }

  return {
    isTTY,
    get columns() {
      return stream.columns || Number(env.COLUMNS) || DEFAULT_COLUMNS;
    },
    canRedraw: isTTY && env.TERM !== "dumb",
    write,
    line: (text) => write(`${text}\n`),
    // Node asks the process's own stream otherwise, and warns on it of variables that contradict each other.
    paint: (style, text) => (colors ? styleText(style, text) : text),
  };
}

/** As no-color.org, force-color.org and Node have it: what forces counts more. */
function showsColors(isTTY: boolean, { NO_COLOR, FORCE_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTTY && !NO_COLOR && TERM !== "dumb";
}
