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

/** Linux tells processor time in hundredths of a second, whatever its kernel counts in. */
const TICKS_A_SECOND = 100;

/** How much processor time a running process has taken so far, in seconds: unlike time itself the same on a busy machine. */
export function cpuSeconds(pid: number): number {
  if (process.platform === "linux") {
    // The program's name stands in brackets and may hold anything; the times are the 12th and 13th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim().split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  }
  const [seconds = Number.NaN, minutes = 0, hours = 0] = execFileSync("ps", ["-o", "time=", "-p", String(pid)], {
    encoding: "utf8",
  })
    .trim()
    .split(":")
    .reverse()
    .map(Number);
  return (hours * 60 + minutes) * 60 + seconds;
}
