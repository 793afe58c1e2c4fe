import { readFileSync } from "node:fs";

/** What a process has cost so far; Linux only, like the benchmarks. */
export interface ProcessCost {
  /** User and system time in milliseconds. */
  cpuMs: number;
  /** The most memory it held at once, in MiB. */
  peakMiB: number;
}

/** Clock ticks a second in /proc, which Linux fixes for programs at 100. */
const TICKS = 100;

/** Reads a running process's cost from /proc. */
export function processCost(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS,
    peakMiB: Number(peak ?? 0) / 1_024,
  };
}
