import { randomUUID } from "node:crypto";
import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Config, VERSION } from "../config.ts";
import type { Transport } from "../exa/http.ts";
import { INVALID_REQUEST, readMessages } from "../messages/read-message.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { State } from "../state/state.ts";
import { TOOLS } from "../tools/index.ts";
import { answerJson, answerText, refuse } from "./answer.ts";
import { answerPost, beyond, messagesIn, type Told, toldOf, tooFast, tooMany } from "./exchange.ts";
import type { Guard } from "./guard.ts";
import type { Identify } from "./keys.ts";
import { TENANT_LIMITS, type TenantLimits } from "./limits.ts";
import { asksApi } from "./methods.ts";
import { Metrics } from "./metrics.ts";
import { Senders, senderOf } from "./senders.ts";
import { SESSION_HEADER, type TenantService } from "./tenant-service.ts";
import { Tenants } from "./tenants.ts";

/** The longest argument is a cursor of some thousand characters. */
const MOST_BODY_BYTES = 2 ** 20;
const MOST_HEADER_BYTES = 16 * 2 ** 10;
/**
 * A request's headers have this long to arrive, and the whole of it that long, in milliseconds. A thousand that begin at once on a busy
 * machine are read only after some seconds, and no fault of theirs.
 */
const HEADERS_MS = 20_000;
const REQUEST_MS = 40_000;
/** A connection on which nothing moves for this long while something should is cut, in milliseconds. */
const STALLED_MS = 30_000;
/** A kept connection lasts longer than balancers keep theirs (60 s): whoever closes first loses no request. */
const KEPT_MS = 75_000;
/** After this many requests a connection is closed, as nginx does: none of them may send more than that ahead. */
const MOST_ON_A_CONNECTION = 1_000;
/** What is under way when the process is told to end has this long, in milliseconds. */
const GRACE_MS = 10_000;
/** A process that ends is replaced about so soon, in seconds. */
const REPLACED_SECONDS = 2;

/** What stands for a status where the client had gone before there was one, as in the logs of nginx. */
const GONE = 499;

const MCP_PATH = "/mcp";
const TOOL_NAMES: ReadonlySet<string> = new Set(TOOLS.map(({ name }) => name));

const CORS = {
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, x-api-key, x-exa-api-key",
  "access-control-max-age": "86400",
};

export interface HttpServerOptions {
  config: Pick<Config, "baseUrl" | "pollInterval" | "maxWait" | "noTasks" | "maxTaskWait">;
  guard: Guard;
  identify: Identify;
  /** Carries the requests to the API. */
  transport: Transport;
  clock: Clock;
  log: Log;
  /** Gets what was asked and answered: never a key, a cursor, a query, or anything else that a caller wrote. */
  onAnswered?: ((entry: AccessEntry) => void) | undefined;
  /** What it shares with other instances; without it each is on its own. */
  state?: State | undefined;
  limits?: Partial<TenantLimits>;
}

/** A line of the access log. */
export interface AccessEntry extends Told {
  /** ISO 8601. */
  time: string;
  http: string;
  path: string;
  status: number;
  /** From the request's headers to the end of the response, in milliseconds. */
  ms: number;
  /** Which key, under a name that tells nothing of it. */
  tenant?: string;
  /** The response was closed before it was over. */
  cut?: true;
}

/** MCP over Streamable HTTP, in both eras of the protocol, for everybody's own key. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #tenants: Tenants;
  readonly #senders: Senders;
  readonly #metrics = new Metrics();
  /** Aborts when waits are to end. */
  readonly #closing = new AbortController();
  #onQuiet: () => void = () => {};

  constructor(options: HttpServerOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closing.signal);
    const limits = { ...TENANT_LIMITS, ...options.limits };
    this.#tenants = new Tenants({ ...options, limits, closing: this.#closing.signal });
    this.#senders = new Senders(options.clock);
    this.#server = createServer(
      {
        maxHeaderSize: MOST_HEADER_BYTES,
        headersTimeout: HEADERS_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEPT_MS,
        connectionsCheckingInterval: 2_000,
        noDelay: true,
      },
      (req, res) => void this.#handle(req, res),
    );
    this.#server.setTimeout(STALLED_MS);
    this.#server.maxRequestsPerSocket = MOST_ON_A_CONNECTION;
  }

  /** Starts to listen; resolves to the address. Rejects where the port or the address cannot be had. */
  async listen(port: number, host: string): Promise<{ url: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const at = this.#server.address() as AddressInfo;
    const name = at.family === "IPv6" ? `[${at.address}]` : at.address;
    return { url: `http://${name}:${at.port}${MCP_PATH}`, port: at.port };
  }

  /**
   * Ends: new calls are sent away with 503, waits return what they have with their cursor. What is not over after 10 s is cut.
   * @param leastMs for this many milliseconds new calls are answered in any case: a balancer that finds nobody listening tells its
   * clients something worse than 503.
   */
  async close(leastMs = 0): Promise<void> {
    const { clock } = this.#options;
    this.#closing.abort();
    const timer = new AbortController();
    const quiet = new Promise<void>((resolve) => {
      this.#onQuiet = resolve;
      if (this.#calls === 0) resolve();
    });
    for (const { sessions } of this.#tenants) sessions.endStreams();
    const least = this.#server.listening && leastMs > 0 ? clock.sleep(leastMs) : undefined;
    await Promise.race([Promise.all([quiet, least]), clock.sleep(GRACE_MS, timer.signal).catch(() => {})]);
    timer.abort();
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    await this.#tenants.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** How many requests will have an answer; streams of updates have none, and end with the process. */
  get #calls(): number {
    return [...this.#tenants].reduce((sum, { calls, eventStreams }) => sum + calls + eventStreams, 0);
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { clock, log, onAnswered } = this.#options;
    // One at a time on a connection: a response that stands behind another (pipelining) never hears that its client has gone.
    if (res.socket === null) await once(res, "socket");
    const startedAt = clock.now();
    const [path = ""] = (req.url ?? "").replace(/\/(?=\?|$)/, "").split("?");
    const entry: Pick<AccessEntry, "tenant"> & Told = {};
    res.once("close", () => {
      const status = res.headersSent ? res.statusCode : GONE;
      this.#metrics.answered(status);
      onAnswered?.({
        time: new Date(clock.wallTime()).toISOString(),
        http: METHODS.has(req.method ?? "") ? (req.method ?? "") : "other",
        path: PATHS.has(path) ? path : "other",
        status,
        ms: Math.round(clock.now() - startedAt),
        ...entry,
        ...(!res.writableFinished && { cut: true }),
      });
    });
    try {
      await this.#route(path, req, res, entry);
    } catch (error) {
      if (isAbort(error) || res.destroyed || req.errored !== null) return;
      log.error(`a request failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
      if (res.headersSent) res.destroy();
      else
        refuse(res, { status: 500, message: "This server failed in a way nobody foresaw; its log has the details." });
    }
  }

  async #route(path: string, req: IncomingMessage, res: ServerResponse, entry: Entry): Promise<void> {
    const { guard } = this.#options;
    const { origin } = req.headers;
    if (!guard.allowsHost(req.headers.host, req.socket.localAddress)) {
      const message = "This server does not answer to that Host. Its operator can add it with --allowed-hosts.";
      return refuse(res, { status: 403, message });
    }
    if (!guard.allowsOrigin(origin)) {
      const message = "Pages of that Origin may not call this server. Its operator can add it with --allowed-origins.";
      return refuse(res, { status: 403, message });
    }
    if (origin !== undefined) {
      res.setHeader("access-control-allow-origin", origin);
      res.setHeader("access-control-expose-headers", "mcp-session-id, retry-after");
      res.setHeader("vary", "origin");
    }
    if (!PATHS.has(path)) return refuse(res, { status: 404, message: `There is nothing here; MCP is at ${MCP_PATH}.` });
    if (path === MCP_PATH) return this.#mcp(req, res, entry);
    if (req.method !== "GET" && req.method !== "HEAD") return notAllowed(res, "GET, HEAD");
    if (path === "/health") return answerJson(res, 200, { status: "ok", version: VERSION });
    if (path === "/metrics") {
      const page = this.#metrics.page(this.#tenants, this.#options.state);
      return answerText(res, 200, page, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    }
    const isReady = !this.#closing.signal.aborted;
    return answerJson(res, isReady ? 200 : 503, { status: isReady ? "ready" : "closing" });
  }

  async #mcp(req: IncomingMessage, res: ServerResponse, entry: Entry): Promise<void> {
    const { method = "" } = req;
    if (method === "OPTIONS") return void res.writeHead(204, CORS).end();
    if (this.#closing.signal.aborted) return unavailable(res, "This server is about to stop");
    const tenant = await this.#tenantOf(req, res);
    if (tenant === undefined) return;
    entry.tenant = tenant.name;
    const sessionId = req.headers[SESSION_HEADER];
    if (method === "POST") return this.#post(tenant, req, res, entry);
    if (method !== "GET" || typeof sessionId !== "string") return notAllowed(res, "POST");
    if (!(req.headers.accept ?? "").includes("text/event-stream")) {
      return refuse(res, { status: 406, message: "This is a stream of events: accept text/event-stream." });
    }
    const most = tenant.limits.subscriptions;
    const tooMuch = tooFast(tenant) ?? beyond("subscriptions", { now: tenant.streams, more: 1, most });
    if (tooMuch !== undefined) return refuse(res, tooMuch);
    tenant.streams++;
    res.once("close", () => {
      tenant.streams--;
    });
    tenant.sessions.of(sessionId).listen(res);
  }

  async #post(tenant: TenantService, req: IncomingMessage, res: ServerResponse, entry: Entry): Promise<void> {
    const { headers } = req;
    if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
      return refuse(res, { status: 415, message: "Bodies are taken as they are, without a Content-Encoding." });
    }
    if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
      return refuse(res, { status: 415, message: "The Content-Type has to be application/json." });
    }
    const text = await bodyOf(req);
    if (text === undefined) {
      // Whoever hears of it only after the last byte must be able to send it.
      req.resume();
      const message = `The body is longer than ${MOST_BODY_BYTES / 2 ** 20} MiB.`;
      return refuse(res, { status: 413, code: INVALID_REQUEST, message });
    }
    const body = { reads: readMessages(text, "body"), isBatch: /^\uFEFF?\s*\[/.test(text) };
    const told = toldOf(body, TOOL_NAMES);
    Object.assign(entry, told);
    if (told.tool !== undefined) this.#metrics.called(told.tool);
    const address = senderOf(req);
    const tries = messagesIn(body.reads).some(asksApi);
    if (tries && tenant.keyIs !== "good" && (await this.#isHeldUp(res, address, tenant.name))) return;
    try {
      await answerPost(tenant, { body, headers, newSession: randomUUID }, res);
    } finally {
      if (tries && tenant.keyIs === "refused") this.#senders.failed(address, tenant.name);
      if (this.#closing.signal.aborted && this.#calls === 0) this.#onQuiet();
    }
  }

  /** Whose request this is; undefined where it has been answered already. */
  async #tenantOf(req: IncomingMessage, res: ServerResponse): Promise<TenantService | undefined> {
    const caller = this.#options.identify(req.headers);
    const tenant = caller.kind === "known" ? this.#tenants.of(caller) : undefined;
    const release = tenant?.hold();
    if (release !== undefined) res.once("close", release);
    if (caller.kind === "refused") {
      const address = senderOf(req);
      const heldUp = this.#isHeldUp(res, address, caller.name);
      // Also of a client that does not stay for the answer.
      this.#senders.failed(address, caller.name);
      if (await heldUp) return undefined;
    }
    if (caller.kind !== "known") {
      // Without resource_metadata: that would send clients through OAuth, of which there is none here.
      refuse(res, { status: 401, message: caller.why, headers: { "www-authenticate": "Bearer" } });
      return undefined;
    }
    if (tenant === undefined) unavailable(res, "This server holds as many keys as it may");
    return tenant;
  }

  /** Lets a request wait whose key is not known to be good; whether it has been sent away. */
  async #isHeldUp(res: ServerResponse, address: string, key: string): Promise<boolean> {
    const gone = new AbortController();
    const leave = () => gone.abort();
    res.once("close", leave);
    const seconds = await this.#senders.pause(address, key, gone.signal).finally(() => res.off("close", leave));
    if (seconds === undefined) return false;
    refuse(res, tooMany("requests with keys that do not work", seconds));
    return true;
  }
}

type Entry = Pick<AccessEntry, "tenant"> & Told;

const PATHS: ReadonlySet<string> = new Set([MCP_PATH, "/health", "/ready", "/metrics"]);
const METHODS: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"]);

function notAllowed(res: ServerResponse, allow: string): void {
  refuse(res, { status: 405, message: "Method not allowed.", headers: { allow } });
}

function unavailable(res: ServerResponse, what: string): void {
  refuse(res, {
    status: 503,
    message: `unavailable: ${what}. Call again in ${REPLACED_SECONDS} s; nothing is lost.`,
    headers: { "retry-after": String(REPLACED_SECONDS), connection: "close" },
  });
}

/** The body as text; undefined where it is too long. */
async function bodyOf(req: IncomingMessage): Promise<string | undefined> {
  if (Number(req.headers["content-length"]) > MOST_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Whoever sends too much is still told so.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
