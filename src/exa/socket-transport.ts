import type { IncomingHttpHeaders } from "node:http";
import { startTimeLimit } from "../shared/abort.ts";
import { type Clock, systemClock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";
import { readText } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpAnswer, HttpRequest, Transport } from "./http.ts";
import type { Proxies } from "./proxy.ts";
import { DEFAULT_TIMEOUTS, inWords, SocketError, type Timeouts } from "./socket-errors.ts";

export interface SocketTransportOptions {
  proxies?: Proxies;
  timeouts?: Partial<Timeouts>;
  /** The longest body accepted, in bytes; without it 32 MiB. */
  maxResponseBytes?: number;
  clock?: Clock;
}

/** A transport over real sockets. */
export interface SocketTransport extends Transport {
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

/**
 * Creates a transport that keeps one pool of connections, honours proxies, and follows no redirect. What it needs is loaded by
 * `prepare` or the first request, because a host waits for this process to start.
 */
export function createSocketTransport(options: SocketTransportOptions = {}): SocketTransport {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const limits = { bytes: options.maxResponseBytes ?? MAX_RESPONSE_BYTES, parts: MAX_RESPONSE_PARTS };
  const { clock = systemClock, proxies = {} } = options;
  const closing = new AbortController();
  let loaded: Promise<Exchange> | undefined;

  function load(): Promise<Exchange> {
    loaded ??= import("./exchange.ts").then(({ createExchange }) => createExchange({ proxies, timeouts, clock }));
    return loaded;
  }

  async function send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const exchange = await load();
    if (signal.aborted) throw abortError();
    const answer = await exchange.send({ ...request, signal });
    const headers = joined(answer.headers);
    const encoding = headers["content-encoding"] ?? "";
    const status = answer.statusCode ?? 0;
    // What an error's status says is worth more than its body: one that cannot be read counts as empty.
    const body =
      status < 300
        ? await readText(answer, encoding, limits)
        : await readText(answer, encoding, ERROR_LIMITS).catch(() => "");
    return { status, headers, body };
  }

  const transport: Transport = async (request) => {
    const limit = startTimeLimit(clock, timeouts.total, request.signal, closing.signal);
    try {
      return await send(request, limit.signal);
    } catch (error) {
      if (limit.expired) throw inWords(new SocketError("TIMEOUT_total"), request.url.host, timeouts);
      if (limit.signal.aborted) throw abortError();
      throw inWords(error, request.url.host, timeouts);
    } finally {
      limit.end();
    }
  };

  return Object.assign(transport, {
    prepare() {
      if (!closing.signal.aborted) load().catch(() => {});
    },
    async close() {
      closing.abort();
      (await loaded)?.close();
    },
  });
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return Object.fromEntries(entries);
}
