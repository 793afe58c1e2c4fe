import { type Clock, systemClock } from "../../src/shared/clock.ts";

/** The real time of day, in which all that takes time stands still until it is let go: nothing is over before a test is ready. */
export function heldClock(): Clock & { letGo(): void } {
  let since: number | undefined;
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = () => {
      since ??= systemClock.now();
      resolve();
    };
  });
  return {
    now: () => (since === undefined ? 0 : systemClock.now() - since),
    wallTime: () => systemClock.wallTime(),
    sleep: async (ms, signal) => {
      // A sleep that is given up meanwhile rejects when it is its turn; until then nobody is in a hurry.
      await released;
      await systemClock.sleep(ms, signal);
    },
    letGo: () => letGo(),
  };
}
