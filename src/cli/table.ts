import { cut, padded, type Terminal, widthOf } from "./terminal.ts";

export interface Column<Row> {
  title: string;
  text(row: Row): string;
  /** Not cut below this, in columns; without it never cut. */
  least?: number;
  /** What a terminal has no room for goes by the highest of these; 0 always stays. */
  rank: number;
}

export interface Table<Row> {
  /** The titles; undefined where each row is a block of lines. */
  heading: string | undefined;
  lines(row: Row): string[];
  /** Titles of columns for which there is no room. */
  dropped: string[];
}

const GAP = 2;
const INDENT = "  ";

/**
 * A table as wide as the terminal, its columns as wide as some rows want them; the same layout is good for later rows. Where not even
 * what always stays has room side by side, each row is a block: its first column, and the others below it.
 */
export function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], terminal: Terminal): Table<Row> {
  const room = terminal.columns;
  const titled = new Map(columns.map((column) => [column, widthOf(column.title)]));
  const filled = new Map(columns.map((column) => [column, Math.max(0, ...rows.map(column.text).map(widthOf))]));
  const wanted = (column: Column<Row>) => Math.max(titled.get(column) ?? 0, filled.get(column) ?? 0);
  const least = (column: Column<Row>) => Math.min(wanted(column), column.least ?? Number.POSITIVE_INFINITY);
  const sum = (shown: readonly Column<Row>[], width: (column: Column<Row>) => number) =>
    shown.reduce((total, column) => total + width(column), GAP * (shown.length - 1));

  let shown = [...columns];
  while (sum(shown, least) > room) {
    const last = shown.reduce((worst, column) => (column.rank >= worst.rank ? column : worst));
    if (last.rank === 0) return blocks(columns, terminal);
    shown = shown.filter((column) => column !== last);
  }
  const widths = new Map(shown.map((column) => [column, least(column)]));
  const grow = (goal: (column: Column<Row>) => number) => {
    for (let left = room - sum(shown, (column) => widths.get(column) ?? 0), wanting = shown; left > 0; ) {
      wanting = wanting.filter((column) => (widths.get(column) ?? 0) < goal(column));
      if (wanting.length === 0) break;
      for (const column of wanting.slice(0, left)) {
        widths.set(column, (widths.get(column) ?? 0) + 1);
        left--;
      }
    }
  };
  // What stands in the rows says more than a long title.
  grow((column) => filled.get(column) ?? 0);
  grow(wanted);
  const line = (text: (column: Column<Row>) => string) =>
    shown
      .map((column) => padded(text(column), widths.get(column) ?? 0))
      .join(" ".repeat(GAP))
      .trimEnd();
  return {
    heading: terminal.paint(
      "bold",
      line(({ title }) => title),
    ),
    lines: (row) => [line(({ text }) => text(row))],
    dropped: columns.filter((column) => !shown.includes(column)).map(({ title }) => title),
  };
}

function blocks<Row>(columns: readonly Column<Row>[], terminal: Terminal): Table<Row> {
  return {
    heading: undefined,
    dropped: [],
    lines(row) {
      const [first = "", ...others] = columns.map(({ text }) => text(row)).filter((text) => text !== "");
      return [terminal.paint("bold", first), ...others.map((text) => cut(INDENT + text, terminal.columns))];
    },
  };
}
