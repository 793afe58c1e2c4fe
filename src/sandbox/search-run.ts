import type { Recorder } from "./event-log.ts";
import type { Random } from "./random.ts";
import type { SearchProgress, WebsetSearch } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";

/** What has to be looked at before a search can tell how much there is: percent of completion. */
const RECALL_KNOWN_AT = 20;

export interface SearchRunOptions {
  search: WebsetSearch;
  timeline: Timeline;
  random: Random;
  recorder: Recorder;
  recallWanted: boolean;
  /** It is known what is looked for. */
  onUnderstood(): void;
  /** An item has passed. */
  onMatch(): void;
  onCompleted(): void;
}

/** One search while it runs: it plays the steps of its plan, one after another. */
export class SearchRun {
  readonly #options: SearchRunOptions;
  readonly #steps: SearchStep[];
  readonly #startedAt: number;
  #next: Appointment | undefined;

  constructor(options: SearchRunOptions) {
    this.#options = options;
    this.#steps = planSearch(options.search.count, options.random);
    this.#startedAt = options.timeline.time();
    this.#await(0);
  }

  get search(): WebsetSearch {
    return this.#options.search;
  }

  stop(): void {
    if (this.#next !== undefined) this.#options.timeline.cancel(this.#next);
    this.#next = undefined;
  }

  /**
   * Brings `timeLeft` up to this moment. As recorded it is what is left if everything goes on as on average so far,
   * which is wrong by a factor of up to four; and nothing from the last item on, long before the search is completed.
   */
  refreshTimeLeft(): void {
    const { progress } = this.search;
    if (progress.completion === 0) return;
    const seconds = this.#options.timeline.realTimeSince(this.#startedAt) / 1000;
    progress.timeLeft = Math.round((seconds * (100 - progress.completion)) / progress.completion);
  }

  #await(index: number): void {
    const step = this.#steps[index];
    if (step === undefined) return;
    this.#next = this.#options.timeline.at(this.#startedAt + step.time, () => {
      this.#await(index + 1);
      this.#take(step);
    });
  }

  /** As recorded, `updatedAt` does not move with the progress. */
  #take({ what, progress }: SearchStep): void {
    const { search, recorder, onUnderstood, onMatch, onCompleted } = this.#options;
    if (what === "understood") {
      onUnderstood();
      return;
    }
    Object.assign(search.progress, progress);
    this.#assess();
    this.refreshTimeLeft();
    if (what === "match") onMatch();
    if (what === "update") recorder.record("webset.search.updated", search);
    if (what === "complete") {
      search.status = "completed";
      search.updatedAt = recorder.timestamp();
      recorder.record("webset.search.completed", search);
      onCompleted();
    }
  }

  #assess(): void {
    const { search, random, recallWanted } = this.#options;
    const { found, analyzed, completion } = search.progress;
    // Together the criteria let through what was found, so each alone lets through more.
    const rate = (found / analyzed) ** (1 / search.criteria.length);
    search.criteria.forEach((criterion, index) => {
      criterion.successRate = Math.min(100, Math.round(10_000 * rate) / 100 + (found === 0 ? 0 : index % 3));
    });
    if (recallWanted && search.recall === null && completion >= RECALL_KNOWN_AT) {
      const total = Math.round(search.count * random.between(1.5, 8));
      search.recall = {
        expected: {
          total,
          confidence: random.pick(["high", "medium", "low"]),
          bounds: { min: Math.round(total * 0.7), max: Math.round(total * 1.4) },
        },
        reasoning: `Of the first ${analyzed} results, ${found} passed; similar queries level off near ${total}.`,
      };
    }
  }
}

/** One step of a search's life. */
interface SearchStep {
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
function planSearch(count: number, random: Random): SearchStep[] {
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
