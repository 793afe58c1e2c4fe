import { ApiError } from "./api-error.ts";
import type { SearchParameters } from "./bodies.ts";
import type { Recorder } from "./event-log.ts";
import type { Monitor, MonitorRun, RunOutcome, Webset, WebsetSearch } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import { type Place, type Range, SortedList } from "./sorted-list.ts";
import { existing, type WebsetState } from "./websets.ts";

/** What a run does in the Webset of its monitor. */
export interface SearchWork {
  start(webset: WebsetState, monitor: Monitor): WebsetSearch;
  cancel(webset: WebsetState, search: WebsetSearch): void;
}

interface RunState extends Place {
  readonly run: MonitorRun;
}

const START_MS = 500;
/** From the end of its search to the end of a run, so that their events have an order. */
const MOMENT_MS = 25;
/** How long a run that is to fail or to be canceled goes on first. */
const CUT_SHORT_MS = 2_500;

export interface MonitorRunsOptions {
  recorder: Recorder;
  timeline: Timeline;
  work: SearchWork;
  monitor: Monitor;
  webset: WebsetState;
}

/** The runs of one monitor, one at a time: each is a search in the Webset, and ends as that does. */
export class MonitorRuns {
  readonly #options: MonitorRunsOptions;
  readonly #all = new SortedList<RunState>();
  readonly #byId = new Map<string, RunState>();
  #current: MonitorRun | undefined;
  #next: Appointment | undefined;

  constructor(options: MonitorRunsOptions) {
    this.#options = options;
  }

  get underWay(): boolean {
    return this.#current !== undefined;
  }

  get(id: string): MonitorRun {
    return existing(this.#byId.get(id), "Monitor run").run;
  }

  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  list(range: Range): Generator<RunState> {
    return this.#all.walk(range);
  }

  /** `failed`: it fails before its search begins. `canceled`: its search is canceled soon after. */
  start(outcome: RunOutcome = "completed"): MonitorRun {
    const { recorder, timeline, monitor } = this.#options;
    if (this.underWay) throw new ApiError(409, `A run of monitor ${monitor.id} is under way`);
    const now = recorder.timestamp();
    const run: MonitorRun = {
      id: recorder.newId("run"),
      object: "monitor_run",
      status: "created",
      monitorId: monitor.id,
      type: "search",
      completedAt: null,
      failedAt: null,
      failedReason: null,
      canceledAt: null,
      createdAt: now,
      updatedAt: now,
    };
    const state = { time: Date.parse(now), id: run.id, run };
    this.#all.insert(state);
    this.#byId.set(run.id, state);
    this.#current = run;
    monitor.lastRun = run;
    recorder.record("monitor.run.created", run);
    this.#next = timeline.after(START_MS, () => this.#begin(run, outcome));
    return run;
  }

  /** Ends the run under way, if there is one; its search goes on. */
  cancel(): void {
    if (this.#current !== undefined) this.#end(this.#current, "canceled");
  }

  #begin(run: MonitorRun, outcome: RunOutcome): void {
    const { recorder, timeline, work, monitor, webset } = this.#options;
    run.status = "running";
    run.updatedAt = recorder.timestamp();
    if (outcome === "failed") {
      this.#next = timeline.after(CUT_SHORT_MS, () => this.#end(run, "failed"));
      return;
    }
    const search = work.start(webset, monitor);
    webset.searchEnds.set(search, () => {
      const status = search.status === "completed" ? "completed" : "canceled";
      this.#next = timeline.after(MOMENT_MS, () => this.#end(run, status));
    });
    if (outcome === "canceled") this.#next = timeline.after(CUT_SHORT_MS, () => work.cancel(webset, search));
  }

  #end(run: MonitorRun, status: RunOutcome): void {
    const { recorder, timeline } = this.#options;
    if (this.#current !== run) return;
    this.#current = undefined;
    if (this.#next !== undefined) timeline.cancel(this.#next);
    const now = recorder.timestamp();
    run.status = status;
    run.updatedAt = now;
    run[`${status}At`] = now;
    if (status === "failed") run.failedReason = "The search could not be started: the Webset's sources did not answer";
    recorder.record("monitor.run.completed", run);
  }
}

/** The search of a monitor's run: what its configuration leaves out is that of the Webset's last search. */
export function monitorSearch({ behavior: { config } }: Monitor, { searches }: Webset): SearchParameters {
  const last = searches.at(-1);
  const { count, behavior, query = last?.query ?? "", entity = last?.entity ?? undefined } = config;
  // Criteria go with their query: those of another one would not fit.
  const inherited = config.query === undefined ? last?.criteria.map(({ description }) => ({ description })) : undefined;
  const criteria = config.criteria === undefined || config.criteria.length === 0 ? inherited : config.criteria;
  return {
    query,
    count,
    behavior,
    ...(entity === undefined ? {} : { entity }),
    ...(criteria === undefined ? {} : { criteria }),
  };
}
