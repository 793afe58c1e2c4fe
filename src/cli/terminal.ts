import { styleText } from "node:util";
import stringWidth from "string-width";
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
  /**
   * Draws lines in place of those drawn before, cut to its width; what is written goes above them. Nothing where `canRedraw` is false.
   */
  draw(lines: readonly (readonly Piece[])[]): Promise<void>;
  /** A text in a style where colours are shown; else as it is. */
  paint(style: Style, text: string): string;
}

export type Style = Parameters<typeof styleText>[0];

/** A piece of a line, and how it is painted. */
export type Piece = string | readonly [Style, string];

/** As much of a stream of the process as a terminal needs. */
export interface OutputStream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
  write(text: string): boolean;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
  off(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

export interface TerminalOptions {
  env: Environment;
  redact: Redact;
  /** What is drawn on the terminal to which the stream leads, for several streams that lead to one. */
  live?: LiveLines;
  /** Called once when nobody can be written to any more: with `EPIPE` where the reader has gone. */
  onGone?(error: NodeJS.ErrnoException): void;
}

/** The reason of a command's signal where nobody reads its stdout any more. */
export const READER_GONE = "reader gone";

/** Why a command's signal aborted: the name of the process's signal, or `READER_GONE`; undefined as long as it has not. */
export function endReason({ reason }: AbortSignal): string | undefined {
  return reason instanceof Error ? reason.message : undefined;
}

/** As high as terminals are that do not say how high they are. */
const DEFAULT_ROWS = 24;
/** As wide as terminals are that do not say how wide they are. */
const DEFAULT_COLUMNS = 80;

/** Makes a terminal of a stream. The stream's listener of errors stays: a reader may go at any time. */
export function openTerminal(stream: OutputStream, options: TerminalOptions): Terminal {
  const { env, redact, onGone, live = new LiveLines() } = options;
  const isTTY = stream.isTTY === true;
  const canRedraw = isTTY && env.TERM !== "dumb";
  const colors = showsColors(isTTY, env);
  let isGone = false;
  stream.on("error", (error) => {
    if (!isGone) onGone?.(error);
    isGone = true;
  });

  let room: Promise<void> | undefined;
  async function send(text: string): Promise<void> {
    if (isGone || text === "" || stream.write(redact(text))) return;
    // However many wait for it, the stream is listened to once.
    room ??= new Promise<void>((resolve) => {
      const go = () => {
        stream.off("drain", go);
        stream.off("error", go);
        room = undefined;
        resolve();
      };
      stream.on("drain", go);
      stream.on("error", go);
    });
    await room;
  }

  // Node asks the process's own stream otherwise, and warns on it of variables that contradict each other.
  const paint = (style: Style, text: string) => (colors ? styleText(style, text, { validateStream: false }) : text);
  const write = (text: string) => send(canRedraw ? live.above(text) : text);
  const columns = () => stream.columns || Number(env.COLUMNS) || DEFAULT_COLUMNS;

  return {
    isTTY,
    get columns() {
      return columns();
    },
    canRedraw,
    write,
    line: (text) => write(`${text}\n`),
    async draw(lines) {
      if (!canRedraw) return;
      // The cursor reaches nothing above the first row; and the last column stays free, for some terminals go to the next line with it.
      const most = Math.max(2, (stream.rows || DEFAULT_ROWS) - 1);
      const shown =
        lines.length <= most ? lines : [...lines.slice(0, most - 1), [`and ${lines.length - most + 1} more`]];
      await send(live.replacedBy(shown.map((pieces) => fitted(pieces, columns() - 1, paint))));
    },
    paint,
  };
}

function fitted(pieces: readonly Piece[], width: number, paint: Terminal["paint"]): string {
  let room = width;
  let line = "";
  for (const piece of pieces) {
    const [style, text] = typeof piece === "string" ? [undefined, piece] : piece;
    const shown = cut(text, room);
    line += style === undefined ? shown : paint(style, shown);
    room -= widthOf(shown);
    if (shown !== text || room <= 0) break;
  }
  return line;
}

/** What JSON leaves as it is, and what acts on a terminal or hides in it: the web may have written it. */
const ACTING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value as JSON that a terminal shows as it is, also to a person who reads what was meant for a program. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(ACTING, (character) =>
    Array.from({ length: character.length }, (_, n) => escaped(character.charCodeAt(n))).join(""),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** As no-color.org, force-color.org and Node have it: what forces counts more. */
function showsColors(isTTY: boolean, { NO_COLOR, FORCE_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTTY && !NO_COLOR && TERM !== "dumb";
}

const STYLES = /\u001b\[[\d;]*m/g;

/** Breaks a text between words, with later lines indented by `hang`. Styles take no width, and go on across a break. */
export function wrap(text: string, width: number, hang: number): string {
  const lines: string[] = [];
  let line = "";
  for (const [index, word] of text.split(" ").entries()) {
    const longer = index === 0 ? word : `${line} ${word}`;
    if (longer.replace(STYLES, "").length <= width || line.trim() === "") {
      line = longer;
    } else {
      lines.push(line);
      line = " ".repeat(hang) + word;
    }
  }
  return [...lines, line].join("\n");
}

/** How many columns of a terminal a text takes. */
export const widthOf: (text: string) => number = stringWidth;

const graphemes = new Intl.Segmenter();

/** A text of at most `width` columns on a terminal: what is cut ends in a mark. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let taken = 0;
  for (const { segment } of graphemes.segment(text)) {
    taken += widthOf(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** A text of exactly `width` columns. */
export function padded(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + " ".repeat(Math.max(0, width - widthOf(shown)));
}

const ERASE = "\r\u001b[2K";
const UP_AND_ERASE = `\u001b[1A${ERASE}`;

/**
 * Lines at the end of a terminal that are drawn again in their place, while others are written above them. It belongs to all streams that lead
 * to that terminal, for what one of them writes has to go above what another one drew.
 */
export class LiveLines {
  #lines: readonly string[] = [];

  /** What to write so that these lines stand there and the ones before do not; lines are not wider than the terminal. */
  replacedBy(lines: readonly string[]): string {
    if (lines.join("\n") === this.#lines.join("\n")) return "";
    const text = this.#erased() + drawn(lines);
    this.#lines = lines;
    return text;
  }

  /** What to write so that whole lines stay above. */
  above(text: string): string {
    return this.#erased() + text + drawn(this.#lines);
  }

  #erased(): string {
    // A terminal shows ^C where its cursor stands.
    return this.#lines.length === 0 ? "" : ERASE + UP_AND_ERASE.repeat(this.#lines.length);
  }
}

function drawn(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
