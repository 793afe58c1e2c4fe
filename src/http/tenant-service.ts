import { createHash } from "node:crypto";
import { createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import { type Config, VERSION } from "../config.ts";
import type { HttpAnswer, Transport } from "../exa/http.ts";
import type { KeyWords } from "../exa/refusal.ts";
import { sharedPolls } from "../feed/shared-polls.ts";
import { Subscriptions } from "../resources/subscriptions.ts";
import { buildServer } from "../server.ts";
import type { Clock } from "../shared/clock.ts";
import type { Log } from "../shared/log.ts";
import { createRedact, type Redact } from "../shared/redact.ts";
import { type State, tenantName } from "../state/state.ts";
import { SharedTasks } from "../tasks/shared-tasks.ts";
import { Tasks } from "../tasks/tasks.ts";
import { createTenant } from "../tenant.ts";
import { KEEP_ALIVE_MS } from "./answer.ts";
import { RequestRate, type TenantLimits } from "./limits.ts";
import { Sessions } from "./sessions.ts";

/** Outcomes of one tenant's tasks may take this many characters of memory. */
const MOST_KEPT_CHARACTERS = 2 ** 20;

export interface TenantServiceOptions {
  config: Pick<Config, "baseUrl" | "pollInterval" | "maxWait" | "noTasks" | "maxTaskWait">;
  apiKey: string;
  /** What the key is called in errors. */
  keyWords: KeyWords;
  /** What the tenant is called in logs: never the key. */
  name: string;
  /** Carries the requests of all tenants. */
  transport: Transport;
  clock: Clock;
  log: Log;
  limits: TenantLimits;
  /** Aborts when the process is about to end. */
  closing: AbortSignal;
  /** What it shares with other instances. */
  state?: State | undefined;
}

/** One API key's world as it is served over HTTP: the MCP handler, and all that outlives a single request. */
export class TenantService {
  readonly name: string;
  readonly limits: TenantLimits;
  readonly handler: McpHttpHandler;
  readonly tasks: Tasks;
  readonly subscriptions: Subscriptions;
  readonly sessions: Sessions;
  readonly rate: RequestRate;
  /** Of requests under way: when whoever reads the response has room for more. */
  readonly rooms = new WeakMap<Request, () => Promise<void> | undefined>();
  /** Takes the tenant's key out of all that leaves. */
  readonly redact: Redact;
  readonly #clock: Clock;
  /** What the upstream thinks of the key. A key that has worked once is good. */
  keyIs: "unproven" | "refused" | "good" = "unproven";
  /** Requests that hold on to it: of these, calls that are being answered and streams of updates. */
  held = 0;
  calls = 0;
  streams = 0;
  /** Of the streams those of MCP Events, which end with an answer when the process is about to. */
  eventStreams = 0;
  #usedAt: number;

  constructor(options: TenantServiceOptions) {
    const { config, apiKey, name, clock, limits, closing, state } = options;
    this.name = name;
    this.limits = limits;
    this.#clock = clock;
    this.#usedAt = clock.now();
    this.rate = new RequestRate(clock, limits);
    this.redact = createRedact(apiKey);
    const log = logOf(options.log, name, this.redact);
    const shared = state && { state, tenant: tenantName(apiKey, config.baseUrl) };
    const { tools, recent } = createTenant({
      config: { ...config, apiKey, keyPlaceholder: undefined },
      transport: this.#observed(options.transport),
      clock,
      log,
      keyWords: options.keyWords,
      shared: shared && sharedPolls(shared, clock),
    });
    const { states, feed } = tools;
    const watching = { states, feed, clock, log };
    this.tasks = new Tasks({
      clock,
      shared: shared && new SharedTasks(shared, clock),
      mostLive: limits.tasks,
      mostKeptCharacters: MOST_KEPT_CHARACTERS,
    });
    this.subscriptions = new Subscriptions(watching);
    this.subscriptions.notify = (uri) => this.handler.notify.resourceUpdated(uri);
    this.sessions = new Sessions({ deps: watching, nameOf: (text) => hashOf(text, apiKey), pokes: state });
    const background = config.noTasks ? undefined : { tasks: this.tasks, maxWaitSeconds: config.maxTaskWait };
    this.handler = createMcpHandler(
      ({ era, requestInfo }) => {
        const session = this.sessions.find(requestInfo?.headers.get(SESSION_HEADER) ?? "");
        return buildServer({
          tools: { ...tools, closing },
          recent,
          subscriptions: (era === "legacy" ? session?.subscriptions : undefined) ?? this.subscriptions,
          log,
          version: VERSION,
          room: requestInfo && this.rooms.get(requestInfo),
          background: era === "legacy" ? undefined : background,
        });
      },
      {
        responseMode: "sse",
        keepAliveMs: KEEP_ALIVE_MS,
        maxSubscriptions: Number.POSITIVE_INFINITY,
        onerror: (error) => log.info(`protocol: ${error.message}`),
      },
    );
  }

  /** How many Websets are watched for whoever has subscribed. */
  get watched(): number {
    return this.subscriptions.size + this.sessions.watched;
  }

  /** Since when nothing at all hangs on it, by the clock; undefined while something does. */
  get idleSince(): number | undefined {
    return this.isBusy || this.tasks.kept > 0 ? undefined : this.#usedAt;
  }

  /** Whether somebody waits for it, or for what it does in the background. */
  get isBusy(): boolean {
    return this.held > 0 || !this.sessions.isEmpty || this.tasks.live > 0;
  }

  /** Whether only streams hang on it, and its key has never worked: anybody can open those, and under any number of keys. */
  get isDispensable(): boolean {
    return this.keyIs !== "good" && this.calls === 0 && this.held <= this.streams;
  }

  /** When it was used last, by the clock. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** Keeps it from being dropped until the returned function is called. */
  hold(): () => void {
    this.held++;
    this.#usedAt = this.#clock.now();
    return () => {
      this.held--;
      this.#usedAt = this.#clock.now();
    };
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.handler.close();
    this.sessions.close();
    this.subscriptions.close();
    this.tasks.close();
  }

  #observed(inner: Transport): Transport {
    const transport: Transport = async (request) => {
      const answer = await inner(request);
      if (answer.status < 300) this.keyIs = "good";
      else if (this.keyIs !== "good" && refusesKey(answer)) this.keyIs = "refused";
      return answer;
    };
    return Object.assign(transport, { wayTo: inner.wayTo });
  }
}

/** The same on every instance, for this key alone, and of no use to whoever sees it: sessions are random. */
function hashOf(text: string, apiKey: string): string {
  return createHash("sha256").update(`${text} ${apiKey}`).digest("hex");
}

export const SESSION_HEADER = "mcp-session-id";

/** Recorded are both (`exa/refusal.ts` tells them apart): here the worst that a wrong guess does is a pause. */
function refusesKey({ status }: HttpAnswer): boolean {
  return status === 401 || status === 400;
}

function logOf(log: Log, name: string, redact: Redact): Log {
  const at = (level: keyof Log) => (line: string) => log[level](`[${name}] ${redact(line)}`);
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}
