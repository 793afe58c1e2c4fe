import { ApiError } from "./api-error.ts";
import type { MonitorParameters, MonitorUpdate } from "./bodies.ts";
import { nextRun } from "./cadence.ts";
import type { Recorder } from "./event-log.ts";
import { MonitorRuns, type SearchWork } from "./monitor-runs.ts";
import { type Monitor, type MonitorRun, type RunOutcome, snapshot } from "./resources.ts";
import type { Appointment, Timeline } from "./schedule.ts";
import { type Place, type Range, SortedList } from "./sorted-list.ts";
import { existing, type WebsetRegistry, type WebsetState } from "./websets.ts";

/** After the end of a run that is canceled with its monitor, and before that of the Webset when all go together. */
const MOMENT_MS = 10;

interface MonitorState extends Place {
  readonly resource: Monitor;
  readonly webset: WebsetState;
  readonly runs: MonitorRuns;
  /** The run its cadence asks for next. */
  next: Appointment | undefined;
}

export interface MonitorsOptions {
  recorder: Recorder;
  timeline: Timeline;
  websets: WebsetRegistry;
  work: SearchWork;
}

/** Monitors, each of a Webset: they run at the times of their cadence, and when the sandbox is told to. */
export class Monitors {
  readonly #options: MonitorsOptions;
  readonly #all = new SortedList<MonitorState>();
  readonly #byId = new Map<string, MonitorState>();

  constructor(options: MonitorsOptions) {
    this.#options = options;
  }

  create({ websetId, cadence, behavior, metadata }: MonitorParameters): Monitor {
    const { recorder, websets, timeline, work } = this.#options;
    const webset = websets.findById(websetId);
    if (behavior.config.query === undefined && webset.webset.searches.length === 0) {
      throw new ApiError(400, "behavior.config.query is required: the Webset has no search yet");
    }
    const now = recorder.timestamp();
    const resource: Monitor = {
      id: recorder.newId("monitor"),
      object: "monitor",
      status: "enabled",
      websetId,
      cadence,
      behavior,
      lastRun: null,
      nextRunAt: null,
      metadata: metadata ?? {},
      createdAt: now,
      updatedAt: now,
    };
    const runs = new MonitorRuns({ recorder, timeline, work, monitor: resource, webset });
    const state = { time: Date.parse(now), id: resource.id, resource, webset, runs, next: undefined };
    this.#all.insert(state);
    this.#byId.set(state.id, state);
    webset.webset.monitors.push(resource);
    this.#plan(state, recorder.wallTime());
    recorder.record("monitor.created", resource);
    return snapshot(resource);
  }

  get(id: string): Monitor {
    return snapshot(this.#find(id).resource);
  }

  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  *list(range: Range, websetId?: string) {
    for (const { time, id, resource } of this.#all.walk(range)) {
      if (websetId === undefined || resource.websetId === websetId) yield { time, id, monitor: resource };
    }
  }

  update(id: string, { status, cadence, behavior, metadata }: MonitorUpdate): Monitor {
    const { recorder } = this.#options;
    const state = this.#find(id);
    const { resource } = state;
    if (status !== undefined) resource.status = status;
    if (cadence !== undefined) resource.cadence = cadence;
    if (behavior !== undefined) resource.behavior = behavior;
    if (metadata !== undefined) resource.metadata = { ...metadata };
    resource.updatedAt = recorder.timestamp();
    this.#plan(state, recorder.wallTime());
    recorder.record("monitor.updated", resource);
    return snapshot(resource);
  }

  /** The monitor as it was at last. A run under way is canceled; the search it began goes on. */
  delete(id: string): Monitor {
    const { recorder, timeline } = this.#options;
    const state = this.#find(id);
    const { monitors } = state.webset.webset;
    if (state.next !== undefined) timeline.cancel(state.next);
    state.runs.cancel();
    monitors.splice(monitors.indexOf(state.resource), 1);
    this.#all.remove(state);
    this.#byId.delete(id);
    const last = snapshot(state.resource);
    timeline.after(MOMENT_MS, () => recorder.record("monitor.deleted", last));
    return last;
  }

  /** Starts a run now. `ApiError` 409 while another is under way. The API has no call for this. */
  trigger(id: string, outcome?: RunOutcome): MonitorRun {
    return snapshot(this.#find(id).runs.start(outcome));
  }

  getRun(monitorId: string, runId: string): MonitorRun {
    return snapshot(this.#find(monitorId).runs.get(runId));
  }

  runPlace(monitorId: string, runId: string): Place | undefined {
    return this.#find(monitorId).runs.place(runId);
  }

  listRuns(monitorId: string, range: Range) {
    return this.#find(monitorId).runs.list(range);
  }

  /** Sets `nextRunAt` to the first time of the cadence after `after`, and sees to it that the monitor runs then. */
  #plan(state: MonitorState, after: number): void {
    const { timeline, recorder } = this.#options;
    const { resource, runs } = state;
    if (state.next !== undefined) timeline.cancel(state.next);
    state.next = undefined;
    const time = resource.status === "enabled" ? nextRun(resource.cadence, after) : undefined;
    resource.nextRunAt = time === undefined ? null : new Date(time).toISOString();
    if (time === undefined) return;
    state.next = timeline.afterReal(time - recorder.wallTime(), () => {
      this.#plan(state, time);
      if (!runs.underWay) runs.start();
    });
  }

  #find(id: string): MonitorState {
    return existing(this.#byId.get(id), "Monitor");
  }
}
