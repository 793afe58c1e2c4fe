import type { Dispatcher } from "undici";
import { type Clock, systemClock } from "../shared/clock.ts";
import { abortError, WebsetsError } from "../shared/errors.ts";
import { readText } from "./body.ts";
import type { HttpAnswer, HttpRequest, Transport } from "./http.ts";
import { DEFAULT_TIMEOUTS, inWords, type Timeouts } from "./socket-errors.ts";
import { orAbort, startTimeLimit } from "./time-limit.ts";

/** Proxies as their URLs; an empty text counts as none. */
export interface Proxies {
  httpsProxy?: string;
  httpProxy?: string;
  /** Hosts to reach directly, separated by commas; loopback is among them in any case. */
  noProxy?: string;
}

export interface UndiciTransportOptions {
  proxies?: Proxies;
  timeouts?: Partial<Timeouts>;
  /** The longest body accepted, in bytes; without it 32 MiB. */
  maxResponseBytes?: number;
  clock?: Clock;
}

/** A transport over real sockets. */
export interface UndiciTransport extends Transport {
  /** Loads what the first request needs, which then goes out at once. */
  prepare(): void;
  /** Closes every connection at once; what is in flight, and whatever is asked later, rejects with an AbortError. */
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 32 * 2 ** 20;
/**
 * A page of 200 items with all their enrichments has a few ten thousand. To parse and cut this many takes 0.45 s at worst (objects
 * that share no key); the 10 million that fit into 32 MiB would take half a minute, in which no wait could end.
 */
const MAX_RESPONSE_PARTS = 500_000;
/** Of an answer that is an error only a short message is of use. */
const ERROR_LIMITS = { bytes: 64 * 2 ** 10, parts: Number.POSITIVE_INFINITY };
/** Longer than the slowest poll waits, so that polls share a connection; undici's default of 4 s would not. */
const KEEP_ALIVE_MS = 20_000;

/**
 * Creates a transport that keeps one pool of connections, honours the proxies as undici's `EnvHttpProxyAgent` does, and
 * follows no redirect. undici is loaded by `prepare` or the first request, because a host waits for this process to start.
 */
export function createUndiciTransport(options: UndiciTransportOptions = {}): UndiciTransport {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const limits = { bytes: options.maxResponseBytes ?? MAX_RESPONSE_BYTES, parts: MAX_RESPONSE_PARTS };
  const clock = options.clock ?? systemClock;
  let closed = false;
  let dispatcher: Promise<Dispatcher> | undefined;

  function load(): Promise<Dispatcher> {
    dispatcher ??= createDispatcher(options.proxies ?? {}, timeouts);
    return dispatcher;
  }

  async function send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const pool = await load();
    if (signal.aborted) throw abortError();
    const { origin, pathname, search } = request.url;
    const answer = await pool.request({
      origin,
      path: pathname + search,
      method: request.method,
      headers: { ...request.headers, "accept-encoding": "gzip" },
      signal,
    });
    const headers = joined(answer.headers);
    const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
    const status = answer.statusCode;
    // What an error's status says is worth more than its body: one that cannot be read counts as empty.
    const body =
      status < 300
        ? await readText(answer.body, encoding, limits)
        : await readText(answer.body, encoding, ERROR_LIMITS).catch(() => "");
    return { status, headers, body };
  }

  const transport: Transport = async (request) => {
    if (closed || request.signal.aborted) throw abortError();
    const limit = startTimeLimit(clock, timeouts.total, request.signal);
    try {
      // undici itself notices an abort only once it has a connection.
      return await orAbort(send(request, limit.signal), limit.signal);
    } catch (error) {
      if (closed || request.signal.aborted) throw abortError();
      if (limit.expired) {
        const what = `${request.url.host}: the answer was not complete after ${timeouts.total / 1000} s`;
        throw new WebsetsError("unavailable", { what });
      }
      throw inWords(error, request.url.host, timeouts);
    } finally {
      limit.end();
    }
  };

  return Object.assign(transport, {
    prepare() {
      // What is wrong with it is for the first request to say.
      if (!closed) load().catch(() => {});
    },
    async close() {
      closed = true;
      await (await dispatcher)?.destroy();
    },
  });
}

async function createDispatcher(proxies: Proxies, timeouts: Timeouts): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import("undici");
  const connect = { timeout: timeouts.connect };
  return new EnvHttpProxyAgent({
    // Empty texts, because undici reads the process's environment itself for what is left out.
    httpProxy: proxies.httpProxy ?? "",
    httpsProxy: proxies.httpsProxy ?? "",
    noProxy: withLoopback(proxies.noProxy ?? ""),
    connect,
    proxyTls: connect,
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.body,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
}

/** A proxy on another machine could not reach our loopback, and would see a key that was meant to stay here. */
function withLoopback(noProxy: string): string {
  return noProxy.trim() === "*" ? "*" : `${noProxy},localhost,127.0.0.1,[::1]`;
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return Object.fromEntries(entries);
}
