import type { Recorder } from "./event-log.ts";
import type { Random } from "./random.ts";
import type { WebsetSearch } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import { planSearch, type SearchStep } from "./search-plan.ts";

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
