import { Agent, type ClientRequestArgs } from "node:http";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { dial, opened } from "./dial.ts";
import { type HttpProxy, type Proxies, proxyFor } from "./proxy.ts";
import { inWords, SocketError, type Timeouts, tlsError } from "./socket-errors.ts";
import { openTunnel } from "./tunnel.ts";

/** Longer than the slowest poll waits, so that polls share a connection. */
const KEEP_ALIVE_MS = 20_000;

export interface ConnectionsOptions {
  proxies: Proxies;
  timeouts: Timeouts;
  clock: Clock;
}

/** What a request tells the pool: where it goes, and when nobody waits for it any more. */
export interface Errand extends ClientRequestArgs {
  url: URL;
  until: AbortSignal;
}

/**
 * A pool of connections, straight or through a proxy's tunnel. Each is opened once, for one request: what goes wrong on the way
 * fails that request, and its abort ends the way. What is the proxy's fault is told in words that blame the proxy.
 */
export class Connections extends Agent {
  readonly #options: ConnectionsOptions;
  /** By host; they spare a further connection half of the handshake. */
  readonly #tlsSessions = new Map<string, Buffer>();

  constructor(options: ConnectionsOptions) {
    super({ keepAlive: true, timeout: KEEP_ALIVE_MS });
    this.#options = options;
  }

  override getName(errand?: ClientRequestArgs): string {
    return (errand as Errand).url.origin;
  }

  override createConnection(errand: ClientRequestArgs, done: (error: Error | null, socket: Duplex) => void): undefined {
    const { url, until } = errand as Errand;
    // An error comes alone, other than Node's types say.
    this.#open(url, until).then((socket) => done(null, socket), done as (error: unknown) => void);
  }

  async #open(url: URL, until: AbortSignal): Promise<Socket> {
    const proxy = proxyFor(url, this.#options.proxies);
    if (proxy === undefined) return this.#connect(url, until);
    return this.#secured(await this.#tunnel(proxy, url, until), url, until);
  }

  async #connect(url: URL, until: AbortSignal): Promise<Socket> {
    const { clock } = this.#options;
    const socket = await this.#within("connect", until, (signal) =>
      dial(bare(url.hostname), portOf(url), { clock, signal }),
    );
    return this.#secured(socket, url, until);
  }

  async #tunnel(proxy: HttpProxy, url: URL, until: AbortSignal): Promise<Socket> {
    const isSecure = proxy.url.protocol === "https:";
    const socket = await this.#connect(proxy.url, until).catch((error) => {
      throw this.#blame(proxy, error, isTlsFailure(error) ? "plain HTTP" : undefined);
    });
    const authority = `${url.hostname}:${portOf(url)}`;
    return this.#within("headers", until, (signal) => openTunnel(socket, proxy, authority, signal)).catch((error) => {
      throw this.#blame(proxy, error, isSecure || error instanceof WebsetsError ? undefined : "TLS");
    });
  }

  /** @param perhaps what the proxy may speak instead, for the two ways to speak to one are often mixed up. */
  #blame(proxy: HttpProxy, error: unknown, perhaps: "TLS" | "plain HTTP" | undefined): unknown {
    const told = inWords(error, proxy.name, this.#options.timeouts);
    if (perhaps === undefined || !(told instanceof WebsetsError)) return told;
    const scheme = perhaps === "TLS" ? "https" : "http";
    return new WebsetsError("unavailable", {
      what: `${told.message}; perhaps it speaks ${perhaps}`,
      advice: `If it does, let ${proxy.variable} begin with ${scheme}:// in this MCP server's environment, and restart the server.`,
      cause: error,
    });
  }

  #secured(socket: Socket, url: URL, until: AbortSignal): Promise<Socket> | Socket {
    if (url.protocol !== "https:") return socket;
    const host = bare(url.hostname);
    const session = this.#tlsSessions.get(url.host);
    return this.#within("connect", until, (signal) => {
      const secure = connectTls({
        socket,
        host,
        ...(isIP(host) === 0 && { servername: host }),
        ...(session !== undefined && { session }),
        ALPNProtocols: ["http/1.1"],
      });
      secure.on("session", (fresh) => this.#tlsSessions.set(url.host, fresh));
      return opened(secure, "secureConnect", signal);
    }).catch((error) => {
      socket.destroy();
      throw tlsError(error);
    });
  }

  /** Does one stage of the way in the time it has. */
  async #within<T>(stage: "connect" | "headers", until: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
    const limit = startTimeLimit(this.#options.clock, this.#options.timeouts[stage], until);
    try {
      return await work(limit.signal);
    } catch (error) {
      throw limit.expired ? new SocketError(`TIMEOUT_${stage}`) : error;
    } finally {
      limit.end();
    }
  }
}

const isTlsFailure = (error: unknown) => error instanceof SocketError && error.code === "TLS";

/** Without the brackets that an IPv6 address has in a URL. */
const bare = (hostname: string) => hostname.replace(/^\[(.*)\]$/, "$1");

const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80));
