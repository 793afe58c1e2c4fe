import { createFaults, type FaultName, type ScriptedFaults } from "../../../src/sandbox/faults.ts";
import { dice } from "./dice.ts";
import type { Upstream } from "./scenario.ts";

/** The chance that something happens to a request. */
const RATES = { none: 0, seldom: 0.06, often: 0.3 };

/** All that passes by itself. What else there is are conditions of an upstream, or of single resources. */
const NAMES: readonly FaultName[] = [
  "rate-limited",
  "rate-limited-date",
  "rate-limited-bare",
  "error-500",
  "html-502",
  "error-503",
  "error-504",
  "refused",
  "reset",
  "reset-after-headers",
  "cut-body",
  "stalled-body",
  "no-headers",
  "huge-answer",
  "huge-answer-gzip",
  "wrong-shape",
  "malformed-event",
  "duplicate-entry",
  "repeating-cursor",
  "empty-page",
  "short-page",
  "arrivals",
  "unknown-type",
];

/** The trouble of a scenario, until it is cleared. */
export function troubleOf(
  { trouble, seed }: Pick<Upstream, "trouble" | "seed">,
  without: readonly FaultName[] = [],
): ScriptedFaults {
  const names = NAMES.filter((name) => !without.includes(name));
  const rate = RATES[trouble] / names.length;
  return createFaults({ seed, rules: rate === 0 ? [] : names.map((name) => ({ name, rate })) });
}

/** Whether the next answer has a `Date`. */
export function datesOf({ dates, seed }: Pick<Upstream, "dates" | "seed">): () => boolean {
  const roll = dice(seed);
  return () => dates === "always" || (dates === "sometimes" && roll() < 0.5);
}
