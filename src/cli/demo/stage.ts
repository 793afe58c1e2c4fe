import { styleText } from "node:util";

/** Where a program shows what happens: on a terminal with colours and one line that moves, elsewhere as plain lines. */
export interface Stage {
  /** Lines that stay: the text is wrapped at words, and what goes on the next line is indented by `hang`. */
  line(text?: string, hang?: number): void;
  /** On a terminal, draws the bar below all lines, in place of the one before; elsewhere nothing. */
  bar(share: number, caption: string): void;
  clearBar(): void;
  paint(style: Style, text: string): string;
}

export type Style = "bold" | "dim" | "green" | "cyan" | "red";

const BAR_WIDTH = 24;
/** Longer lines are hard to read, and a page on the web may cut them. */
const WIDEST = 108;
const ERASE_LINE = "\r\u001b[2K";
const STYLES = /\u001b\[[\d;]*m/g;

/** What a stage needs of `process.stdout`. */
export interface StageOutput {
  write(text: string): void;
  isTTY?: boolean;
  columns?: number;
}

export function openStage(output: StageOutput, { NO_COLOR, TERM }: NodeJS.ProcessEnv): Stage {
  const isTerminal = output.isTTY === true && TERM !== "dumb";
  const hasColours = isTerminal && !NO_COLOR;
  // The last column stays free: some terminals go to the next line when it is written.
  const width = () => (isTerminal ? Math.min(WIDEST, (output.columns || 80) - 1) : WIDEST);
  const paint = (style: Style, text: string) => (hasColours ? styleText(style, text, { validateStream: false }) : text);
  let bar = "";
  return {
    paint,
    line(text = "", hang = 0) {
      const lines = `${wrap(text, width(), hang)}\n`;
      output.write(bar === "" ? lines : `${ERASE_LINE}${lines}${bar}`);
    },
    bar(share, caption) {
      if (!isTerminal) return;
      const full = Math.round(BAR_WIDTH * Math.min(1, Math.max(0, share)));
      const blocks = paint("green", "█".repeat(full)) + paint("dim", "░".repeat(BAR_WIDTH - full));
      bar = `  ${blocks}  ${caption.slice(0, Math.max(0, width() - BAR_WIDTH - 4))}`;
      output.write(`${ERASE_LINE}${bar}`);
    },
    clearBar() {
      if (bar !== "") output.write(ERASE_LINE);
      bar = "";
    },
  };
}

/** Breaks a text between words. Escape sequences take no width, and a style goes on across a break. */
function wrap(text: string, width: number, hang: number): string {
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
