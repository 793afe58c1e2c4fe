import { onAbort } from "./abort.ts";
import { abortError } from "./errors.ts";

/** Time as the project uses it. Tests bring one that does not wait. */
export interface Clock {
  /** Milliseconds on a monotonic clock; only differences mean something. */
  now(): number;
  /** Milliseconds since 1970 by this machine's clock, which may be wrong by any amount. */
  wallTime(): number;
  /** Resolves after `ms` milliseconds; rejects with an AbortError as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const DAY_MS = 86_400_000;

/** The longest delay `setTimeout` takes before it overflows and fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  // Not of `performance`, for which Node would load a dozen modules of its own while a host waits for the tools.
  now: () => Number(process.hrtime.bigint()) / 1e6,
  wallTime: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          off();
          resolve();
        },
        Math.min(Math.max(0, ms), LONGEST_TIMEOUT_MS),
      );
      const off = onAbort(signal, () => {
        clearTimeout(timer);
        reject(abortError());
      });
    }),
};

/** Times beyond what a date can hold do not occur in the API; they are bounded so that no text of a caller can throw. */
export function isoTime(time: number): string {
  return new Date(Math.max(0, Math.min(time, 253_402_300_799_999))).toISOString();
}
