import { startTimeLimit } from "../shared/abort.ts";
import { type Clock, systemClock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";
import type { Connections, Errand, HttpPost } from "./connections.ts";
import type { HttpAnswer, HttpRequest, Transport } from "./http.ts";
import { type HttpProxy, type Proxies, proxyFor } from "./proxy.ts";
import { DEFAULT_TIMEOUTS, explainSocketError, type Timeouts, timeUp } from "./socket-errors.ts";

export interface SocketTransportOptions {
  proxies?: Proxies;
  timeouts?: Partial<Timeouts>;
  /** The longest body accepted, in bytes; without it 32 MiB. */
  maxResponseBytes?: number;
  clock?: Clock;
}

/** A transport over real sockets. */
export interface SocketTransport extends Transport {
  /** Posts a body, over a connection of its own, and resolves to what the answer's head says. Otherwise as a request. */
  post(request: HttpPost): Promise<Omit<HttpAnswer, "body">>;
  /** Loads what the first request needs, which then goes out at once. */
  prepare(): void;
  /** Closes every connection at once; what is in flight, and whatever is asked later, rejects with an AbortError. */
  close(): Promise<void>;
}

/**
 * Creates a transport that keeps one pool of connections, honours proxies, and follows no redirect. What it needs is loaded by
 * `prepare` or the first request, because a host waits for this process to start.
 */
export function createSocketTransport(options: SocketTransportOptions = {}): SocketTransport {
  const { clock = systemClock, proxies = {}, maxResponseBytes } = options;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const closing = new AbortController();
  let loaded: Promise<Connections> | undefined;

  function load(): Promise<Connections> {
    loaded ??= import("./connections.ts").then(
      ({ Connections }) => new Connections({ timeouts, clock, maxResponseBytes }),
    );
    return loaded;
  }

  async function carry<T>(request: HttpRequest | HttpPost, send: (connections: Connections, way: Way) => Promise<T>) {
    const proxy = proxyFor(request.url, proxies);
    const limit = startTimeLimit(clock, timeouts.total, request.signal, closing.signal);
    try {
      const connections = await load();
      if (limit.signal.aborted) throw abortError();
      return await send(connections, { proxy, signal: limit.signal });
    } catch (error) {
      if (limit.signal.aborted && !limit.expired) throw abortError();
      throw explainSocketError(limit.expired ? timeUp("total", timeouts) : error, nameOf(request.url, proxy));
    } finally {
      limit.end();
    }
  }

  const transport: Transport = (request) =>
    carry(request, (connections, way) => connections.send({ ...request, ...way }));
  return Object.assign(transport, {
    post: (request: HttpPost) => carry(request, (connections, way) => connections.post({ ...request, ...way })),
    wayTo: (url: URL) => nameOf(url, proxyFor(url, proxies)),
    prepare() {
      if (!closing.signal.aborted) load().catch(() => {});
    },
    async close() {
      closing.abort();
      (await loaded)?.destroy();
    },
  });
}

type Way = Pick<Errand, "proxy" | "signal">;

/** A host in errors, with the proxy on the way to it. */
function nameOf({ host }: URL, proxy: HttpProxy | undefined): string {
  return proxy === undefined ? host : `${host} through ${proxy.name}`;
}
