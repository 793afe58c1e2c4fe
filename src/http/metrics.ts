import { VERSION } from "../config.ts";
import type { State } from "../state/state.ts";
import type { TenantService } from "./tenant-service.ts";

/** What is counted of the requests, by the statuses of the answers and by the tools that are called. */
export class Metrics {
  readonly #requests = new Map<number, number>();
  readonly #calls = new Map<string, number>();

  answered(status: number): void {
    this.#requests.set(status, (this.#requests.get(status) ?? 0) + 1);
  }

  called(tool: string): void {
    this.#calls.set(tool, (this.#calls.get(tool) ?? 0) + 1);
  }

  /** The page that Prometheus reads. It tells numbers over all tenants and nothing of any one. */
  page(tenants: Iterable<TenantService> & { size: number }, state?: Pick<State, "answers">): string {
    const now = { calls: 0, streams: 0, watched: 0, tasks: 0 };
    for (const { calls, streams, watched, tasks } of tenants) {
      now.calls += calls;
      now.streams += streams;
      now.watched += watched;
      now.tasks += tasks.live;
    }
    const answers = state && metric("state_up", "gauge", "Whether --state answers.", [["", state.answers ? 1 : 0]]);
    const lines = [
      ...metric("info", "gauge", "The version that runs.", [[`{version="${VERSION}"}`, 1]]),
      ...metric("requests_total", "counter", "HTTP requests answered.", labelled("status", this.#requests)),
      ...metric("tool_calls_total", "counter", "Tools called.", labelled("tool", this.#calls)),
      ...metric("calls", "gauge", "Requests being answered, waits above all.", [["", now.calls]]),
      ...metric("streams", "gauge", "Open streams of updates.", [["", now.streams]]),
      ...metric("watched_websets", "gauge", "Websets watched for subscribers.", [["", now.watched]]),
      ...metric("tasks", "gauge", "Waits in the background.", [["", now.tasks]]),
      ...metric("tenants", "gauge", "Keys held in memory.", [["", tenants.size]]),
      ...metric("resident_memory_bytes", "gauge", "Memory of the process.", [["", process.memoryUsage.rss()]]),
      ...(answers ?? []),
    ];
    return `${lines.join("\n")}\n`;
  }
}

type Sample = [labels: string, value: number];

function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string[] {
  const full = `websets_events_mcp_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([labels, value]) => `${full}${labels} ${value}`),
  ];
}

function labelled(name: string, counts: ReadonlyMap<string | number, number>): Sample[] {
  return [...counts].map(([value, count]) => [`{${name}="${value}"}`, count]);
}
