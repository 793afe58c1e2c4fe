import type { Random } from "./random.ts";
import type { SearchProgress } from "./resources.ts";

/** One step of a search's life. */
export interface SearchStep {
  /** Milliseconds after the search began. */
  time: number;
  /** `understood`: what is looked for is known, see the criteria. */
  what: "understood" | "match" | "update" | "complete";
  progress: Omit<SearchProgress, "timeLeft">;
}

/** As recorded: the criteria that the API finds by itself are there after 1 to 5 s. */
const UNDERSTOOD_MS = { low: 1_000, high: 5_000 };
/** As recorded: the first sign of progress comes 3 to 9 s after the beginning. */
const FIRST_PROGRESS_MS = { low: 3_000, high: 9_000 };
/** As recorded: all items are there 7 to 13 s before the search is completed. */
const FINISHING_MS = { low: 7_000, high: 13_000 };
/** A search that finds little has its first progress in this share of its time at the latest. */
const LATEST_FIRST_SHARE = 0.8;
const UPDATE_GAP_MS = { low: 2_000, high: 3_000 };
/** Progress is told right after some of the matches, too. */
const MATCH_UPDATE_CHANCE = 0.2;
const MATCH_UPDATE_DELAY_MS = 40;
/** As recorded: this many results looked at count like one found, as long as nothing is. */
const ANALYZED_FOR_ONE = 40;

/**
 * Plans a search from its beginning to its completion. At speed 1 its items are all found after 6 to 12 s where it is
 * one, 30 s where there are thirty, about a minute for fifty and an hour for a thousand.
 */
export function planSearch(count: number, random: Random): SearchStep[] {
  const allFound = 8_000 * random.between(0.7, 1.4) + 255 * count ** 1.38 * random.between(0.95, 1.05);
  const first = random.between(FIRST_PROGRESS_MS.low, Math.min(FIRST_PROGRESS_MS.high, LATEST_FIRST_SHARE * allFound));
  const completed = allFound + random.between(FINISHING_MS.low, FINISHING_MS.high);

  const matches = matchTimes(count, first, allFound, random);
  const updates = [...updateTimes(first, allFound, random), ...updatesAfter(matches, random)];
  const moments = [
    { time: random.between(UNDERSTOOD_MS.low, Math.min(UNDERSTOOD_MS.high, first)), what: "understood" as const },
    ...matches.map((time) => ({ time, what: "match" as const })),
    ...updates.map((time) => ({ time, what: "update" as const })),
    { time: completed, what: "complete" as const },
  ].sort((left, right) => left.time - right.time);

  const candidates = Math.ceil(count * random.between(1, 6));
  let found = 0;
  let analyzed = 0;
  return moments.map(({ time, what }) => {
    if (what === "understood") return { time, what, progress: { found, analyzed, completion: 0 } };
    if (what === "match") found++;
    const share = Math.min(1, time / allFound);
    analyzed = Math.max(analyzed, found, 1, Math.round(candidates * share));
    return { time, what, progress: { found, analyzed, completion: completionOf(found, analyzed, count) } };
  });
}

/** As recorded: 100 as soon as all are found, and before that 2.5 % for each result looked at where one is wanted. */
function completionOf(found: number, analyzed: number, count: number): number {
  if (found >= count) return 100;
  const share = Math.max(found / count, analyzed / (ANALYZED_FOR_ONE * count));
  return Math.min(99, Math.round(1_000 * share) / 10);
}

/** The last of them stands at the end. */
function matchTimes(count: number, first: number, last: number, random: Random): number[] {
  const gap = (last - first) / count;
  return Array.from({ length: count }, (_, index) =>
    index === count - 1 ? last : first + gap * (index + random.between(0.05, 0.95)),
  );
}

function updateTimes(first: number, last: number, random: Random): number[] {
  const times: number[] = [];
  for (let time = first; time < last; time += random.between(UPDATE_GAP_MS.low, UPDATE_GAP_MS.high)) times.push(time);
  return times;
}

/** The last match is told of for certain. */
function updatesAfter(matches: number[], random: Random): number[] {
  return matches
    .filter((_, index) => random.chance(MATCH_UPDATE_CHANCE) || index === matches.length - 1)
    .map((time) => time + MATCH_UPDATE_DELAY_MS);
}
