import { type Config, VERSION } from "./config.ts";
import { createExaClient, missingKey } from "./exa/client.ts";
import { loggedTransport, type Transport } from "./exa/http.ts";
import type { KeyWords } from "./exa/refusal.ts";
import { Feed } from "./feed/feed.ts";
import { RecentIds, rememberIds } from "./feed/recent-ids.ts";
import type { OpenShared } from "./feed/shared-polls.ts";
import { WHOLE } from "./shared/bounded-json.ts";
import type { Clock } from "./shared/clock.ts";
import { lineForOperator, type WebsetsError } from "./shared/errors.ts";
import type { Log } from "./shared/log.ts";
import { UpstreamClock } from "./shared/upstream-clock.ts";
import type { ToolDeps } from "./tools/define.ts";
import { ReadyChains } from "./webset/ready-chains.ts";
import { WebsetStates } from "./webset/states.ts";

export interface TenantOptions {
  config: Pick<Config, "apiKey" | "keyPlaceholder" | "baseUrl" | "pollInterval" | "maxWait">;
  /** Carries the requests; whoever made it closes it. */
  transport: Transport;
  clock: Clock;
  log: Log;
  /** What the key is called in errors; without it by the variable that holds it. */
  keyWords?: KeyWords | undefined;
  /** Where other replicas serve the same key: how they share its polls. */
  shared?: OpenShared | undefined;
  /** Whether events are kept as the API sends them, for whoever hands them on; without it long texts are cut. */
  keepsWhole?: boolean | undefined;
}

/** One API key's world: everything that lives as long as the key is used. Nothing of it is shared with another key. */
export interface Tenant {
  tools: ToolDeps;
  /** What completion offers. */
  recent: RecentIds;
  /** What everything that needs a key answers where there is none. */
  missingKey: WebsetsError | undefined;
}

/** Puts together what one key needs. It makes no request, and holds nothing open by itself. */
export function createTenant(options: TenantOptions): Tenant {
  const { config, transport, clock, log, keyWords, shared, keepsWhole } = options;
  const recent = new RecentIds();
  const noKey = config.apiKey === undefined ? missingKey(config.keyPlaceholder) : undefined;
  const upstreamClock = new UpstreamClock(clock);
  const client = createExaClient({
    upstreamClock,
    baseUrl: config.baseUrl,
    apiKey: config.apiKey,
    keyWords,
    missingKey: noKey,
    transport: loggedTransport(transport, { clock, log }),
    clock,
    version: VERSION,
    onRetry: ({ error, attempt, delayMs }) =>
      log.info(`${lineForOperator(error)}; attempt ${attempt} failed, next in ${Math.round(delayMs)} ms`),
  });
  const exa = rememberIds(client, recent);
  const feed = new Feed({
    exa,
    clock,
    upstreamClock,
    intervalMs: config.pollInterval * 1_000,
    shared,
    keeps: keepsWhole ? WHOLE : undefined,
    onMalformed: once((count) =>
      log.warn(`skipped ${count} malformed event(s); further ones are skipped without a word`),
    ),
    onPoll: ({ types, events, fresh, pauseMs }) => {
      const found = events === undefined ? "failed" : `${events} events, ${fresh} new`;
      log.debug(`poll of ${types?.join(" ") ?? "all types"}: ${found}, next in ${Math.round(pauseMs)} ms`);
    },
  });
  const states = new WebsetStates(exa, clock);
  const ready = new ReadyChains({ exa, states, clock, feed });
  return { tools: { exa, feed, states, ready, clock, maxWaitSeconds: config.maxWait }, recent, missingKey: noKey };
}

function once<T>(action: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (!done) action(value);
    done = true;
  };
}
