import { setTimeout as sleep } from "node:timers/promises";

/** Shorter than the time a test has, so that a failure says what did not happen; on a busy machine all takes its time. */
const GIVE_UP_MS = 60_000;

/** The first value that is not undefined, null or false. For what comes from other processes. */
export async function eventually<T>(
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  { what = "what the test waits for" } = {},
): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > giveUpAt) throw new Error(`${what} did not happen`);
    await sleep(5);
  }
}
