import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The most memory a running process has held in RAM so far, in MiB; where the system does not tell, what it holds now. */
export function peakMiB(pid: number): number {
  const inKiB =
    process.platform === "linux"
      ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  const peak = Number(inKiB) / 1_024;
  if (!(peak > 0)) throw new Error(`the memory of process ${pid} is unknown`);
  return peak;
}
