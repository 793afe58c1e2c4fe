import { setTimeout as sleep } from "node:timers/promises";

/** The first value that is not undefined, null or false; fails after `limitMs`. For what comes from other processes. */
export async function eventually<T>(
  look: () => T | undefined | null | false,
  { what = "what the test waits for", limitMs = 5_000 } = {},
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > giveUpAt) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await sleep(5);
  }
}
