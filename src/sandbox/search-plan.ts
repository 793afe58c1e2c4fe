import type { Random } from "./random.ts";
import type { SearchProgress } from "./resources.ts";

/** One step of a search's life. */
export interface SearchStep {
  /** Milliseconds after the search began to run. */
  time: number;
  what: "match" | "update" | "complete";
  progress: Omit<SearchProgress, "timeLeft">;
}

const FIRST_MATCH_SHARE = 0.06;
const LAST_MATCH_SHARE = 0.95;
const UPDATE_GAP_MS = { low: 2_000, high: 3_000 };
/** Progress is told right after some of the matches, too. */
const MATCH_UPDATE_CHANCE = 0.2;
const MATCH_UPDATE_DELAY_MS = 40;

/**
 * How long a search for `count` items takes at speed 1, in milliseconds: about 11 s for one, 30 s for ten, 86 s for fifty,
 * 14 minutes for a thousand.
 */
export function searchDuration(count: number): number {
  return 8_000 + 3_400 * count ** 0.8;
}

/**
 * Plans a search from its first match to its completion. Because all of it is known beforehand, the time left that the
 * sandbox tells is the true one.
 */
export function planSearch(count: number, random: Random): SearchStep[] {
  const duration = searchDuration(count) * random.between(0.95, 1.05);
  const matches = matchTimes(count, duration, random);
  const updates = [...updateTimes(duration, random), ...updatesAfter(matches, duration, random)];
  const moments = [
    ...matches.map((time) => ({ time, what: "match" as const })),
    ...updates.map((time) => ({ time, what: "update" as const })),
    { time: duration, what: "complete" as const },
  ].sort((left, right) => left.time - right.time);

  const candidates = Math.ceil(count * random.between(2.5, 6)) + random.integer(3, 12);
  let found = 0;
  let analyzed = 0;
  return moments.map(({ time, what }) => {
    if (what === "match") found++;
    const share = time / duration;
    // More was looked at than passed, always: an item that passes has been analyzed, and so has one that did not.
    analyzed = Math.max(analyzed, found + 1, Math.round(candidates * share));
    const completion = what === "complete" ? 100 : Math.min(99, Math.floor(100 * share));
    return { time, what, progress: { found, analyzed, completion } };
  });
}

function matchTimes(count: number, duration: number, random: Random): number[] {
  const first = duration * FIRST_MATCH_SHARE;
  const gap = (duration * (LAST_MATCH_SHARE - FIRST_MATCH_SHARE)) / count;
  return Array.from({ length: count }, (_, index) => first + gap * (index + random.between(0.05, 0.95)));
}

function updateTimes(duration: number, random: Random): number[] {
  const times: number[] = [];
  const gap = () => random.between(UPDATE_GAP_MS.low, UPDATE_GAP_MS.high);
  for (let time = gap(); time < duration; time += gap()) times.push(time);
  return times;
}

function updatesAfter(matches: number[], duration: number, random: Random): number[] {
  return matches
    .filter(() => random.chance(MATCH_UPDATE_CHANCE))
    .map((time) => time + MATCH_UPDATE_DELAY_MS)
    .filter((time) => time < duration);
}
