import type { Happenings } from "./happenings.ts";
import type { Random } from "./random.ts";
import type { WebsetSearch } from "./resources.ts";
import { planSearch, type SearchStep } from "./search-plan.ts";
import type { Appointment, Timeline } from "./timeline.ts";

/** Like a real search, which has to look around before it can tell how long it takes: percent of completion. */
const TIME_LEFT_KNOWN_AT = 4;
const RECALL_KNOWN_AT = 20;
const START_DELAY_MS = { low: 500, high: 1_000 };

export interface SearchRunOptions {
  search: WebsetSearch;
  timeline: Timeline;
  random: Random;
  happenings: Happenings;
  recallWanted: boolean;
  /** The search is about to run. */
  onBegin(): void;
  /** An item has passed. */
  onMatch(): void;
  onCompleted(): void;
}

/** One search while it runs: it plays the steps of its plan, one after another. */
export class SearchRun {
  readonly #options: SearchRunOptions;
  #steps: SearchStep[] = [];
  #startedAt = 0;
  #next: Appointment | undefined;

  constructor(options: SearchRunOptions) {
    this.#options = options;
    const delay = options.random.between(START_DELAY_MS.low, START_DELAY_MS.high);
    this.#next = options.timeline.after(delay, () => this.#begin());
  }

  get search(): WebsetSearch {
    return this.#options.search;
  }

  stop(): void {
    if (this.#next !== undefined) this.#options.timeline.cancel(this.#next);
    this.#next = undefined;
  }

  /** Brings `timeLeft` up to this moment: the true remaining seconds of the clock, at this speed. */
  refreshTimeLeft(): void {
    const { progress } = this.search;
    const last = this.#steps.at(-1);
    if (last === undefined || progress.completion < TIME_LEFT_KNOWN_AT) return;
    progress.timeLeft = Math.round(this.#options.timeline.realTimeUntil(this.#startedAt + last.time) / 1000);
  }

  #begin(): void {
    const { search, random, timeline, happenings, onBegin } = this.#options;
    onBegin();
    this.#steps = planSearch(search.count, random);
    this.#startedAt = timeline.time();
    search.status = "running";
    search.updatedAt = happenings.timestamp();
    happenings.record("webset.search.updated", search);
    this.#await(0);
  }

  #await(index: number): void {
    const step = this.#steps[index];
    if (step === undefined) return;
    this.#next = this.#options.timeline.at(this.#startedAt + step.time, () => {
      this.#await(index + 1);
      this.#take(step);
    });
  }

  #take({ what, progress }: SearchStep): void {
    const { search, happenings, onMatch, onCompleted } = this.#options;
    Object.assign(search.progress, progress);
    search.updatedAt = happenings.timestamp();
    this.#assess();
    this.refreshTimeLeft();
    if (what === "match") onMatch();
    if (what === "update") happenings.record("webset.search.updated", search);
    if (what === "complete") {
      search.status = "completed";
      happenings.record("webset.search.completed", search);
      onCompleted();
    }
  }

  #assess(): void {
    const { search, random, recallWanted } = this.#options;
    const { found, analyzed, completion } = search.progress;
    // Together the criteria let through what was found, so each alone lets through more.
    const rate = (found / analyzed) ** (1 / search.criteria.length);
    search.criteria.forEach((criterion, index) => {
      criterion.successRate = Math.min(100, Math.round(100 * rate) + (found === 0 ? 0 : index % 3));
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
