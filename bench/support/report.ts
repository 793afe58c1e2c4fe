import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/project.mjs";

export interface Report {
  /** The benchmark's name, which its result file gets. */
  name: string;
  /** What was done, in one line. */
  what: string;
  columns: string[];
  rows: (string | number)[][];
  /** The measurements themselves, for the file. */
  measured: unknown;
}

/** Prints a benchmark's table, with the machine it ran on, and writes `bench/results/<name>.json`. */
export function report({ name, what, columns, rows, measured }: Report): void {
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  console.log(`\n${name}: ${what}`);
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}\n`);

  const table = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("   ")}`);
  }

  const results = join(root, "bench", "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ name, what, machine, measured }, null, 2)}\n`);
}

/** The middle value, or the mean of the middle two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const around = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]].filter((value) => value !== undefined);
  if (around.length === 0) throw new RangeError("the median of no values");
  return around.reduce((sum, value) => sum + value, 0) / around.length;
}
