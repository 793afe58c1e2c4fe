import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { once, setMaxListeners } from "node:events";
import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { linkAbort, orAbort, startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, WebsetsError } from "../shared/errors.ts";
import { headersOf, MAX_RESPONSE_BYTES, readAnswer } from "./body.ts";
import type { HttpAnswer, HttpRequest } from "./http.ts";
import type { HttpProxy } from "./proxy.ts";
import {
  explainSocketError,
  isClosed,
  SocketError,
  type Timeouts,
  TlsError,
  timeUp,
  tlsError,
} from "./socket-errors.ts";

/** Longer than the slowest poll waits, so that polls share a connection. */
const KEEP_ALIVE_MS = 20_000;
/** Of an answer that is not read this much is let pass, so that its sender can end it. */
const MOST_UNREAD_BYTES = 64 * 2 ** 10;

/** A proxy may fail this many times in a row before it is left alone for a while. */
const FREE_FAILURES = 3;
/** For how long, in milliseconds: doubled with each further failure, up to the second. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 8_000;

/** One request, and the proxy on its way if there is one. */
export interface Errand extends HttpRequest {
  proxy: HttpProxy | undefined;
}

/** What is told to another program, which answers with a status and nothing that is read. */
export interface HttpPost extends Omit<HttpRequest, "method"> {
  body: string;
}

/** A body to post, and the same. */
export type PostErrand = HttpPost & Pick<Errand, "proxy">;

export interface ConnectionsOptions {
  timeouts: Timeouts;
  clock: Clock;
  /** The longest body accepted, in bytes; without it 32 MiB. */
  maxResponseBytes?: number | undefined;
}

/**
 * A pool of connections, straight or through a proxy's tunnel. Each is opened once, for one request: what goes wrong on the way
 * fails that request, and its abort ends the way. What is the proxy's fault is told in words that blame the proxy.
 */
export class Connections extends Agent {
  readonly #options: ConnectionsOptions;
  /** Proxies that failed in a row, by their URLs: how often, the last error, and until when that stands for further attempts, in `clock.now()`. */
  readonly #failing = new Map<string, { failures: number; error: unknown; until: number }>();

  constructor(options: ConnectionsOptions) {
    super({ keepAlive: true, timeout: KEEP_ALIVE_MS });
    this.#options = options;
  }

  /** Sends a request and reads its answer. Rejects with what the sockets report. */
  async send(errand: Errand): Promise<HttpAnswer> {
    return readAnswer(await this.#begin(errand), this.#options.maxResponseBytes ?? MAX_RESPONSE_BYTES);
  }

  /**
   * Posts a body and resolves as soon as the answer's head is there; what follows is not read. Each has a connection of its own: on a
   * kept one nobody knows whether a body that was not answered has arrived.
   */
  async post({ body, headers, ...errand }: PostErrand): Promise<Omit<HttpAnswer, "body">> {
    const ofBody = { "content-length": String(Buffer.byteLength(body)), connection: "close" };
    const answer = await this.#begin({ ...errand, method: "POST", headers: { ...headers, ...ofBody } }, body);
    // Whoever is still writing when the other side has gone would take it for a failure; but not for long.
    let left = MOST_UNREAD_BYTES;
    answer
      .on("error", () => {})
      .on("data", ({ length }: Buffer) => {
        left -= length;
        if (left < 0) answer.destroy();
      });
    return { status: answer.statusCode ?? 0, headers: headersOf(answer) };
  }

  async #begin(errand: Sent, body?: string): Promise<IncomingMessage> {
    const { method, url, signal } = errand;
    const { timeouts } = this.#options;
    const headers = { ...errand.headers, host: url.host, "accept-encoding": "gzip" };
    const path = url.pathname + url.search;
    const sending: Sending = { agent: this, method, path, headers, timeout: timeouts.headers, signal, errand };
    // The promises below tell of the first error; another one must not end the process.
    const sent = request(sending).on("error", () => {});
    let answer: IncomingMessage | undefined;
    sent.on("timeout", () => {
      const phase = answer === undefined ? "headers" : "body";
      (answer ?? sent).destroy(timeUp(phase, timeouts));
    });
    sent.end(body);
    // A switch to another protocol ends without an error.
    const closed = once(sent, "close").then(() =>
      Promise.reject(new SocketError("the connection was closed unanswered")),
    );
    try {
      [answer] = (await Promise.race([once(sent, "response"), closed])) as [IncomingMessage];
      sent.setTimeout(timeouts.body);
      return answer;
    } catch (error) {
      // A kept connection that the other side closes in this very moment is no failure of the request (RFC 9112, section 9.3.1).
      if (sent.reusedSocket && isClosed(error) && !signal.aborted) return this.#begin(errand, body);
      throw error;
    }
  }

  override getName(sending?: ClientRequestArgs): string {
    return (sending as Sending).errand.url.origin;
  }

  override createConnection(
    sending: ClientRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    // An error comes alone, other than Node's types say.
    this.#open((sending as Sending).errand).then((socket) => done(null, socket), done as (error: unknown) => void);
  }

  async #open({ url, proxy, signal: until }: Sent): Promise<Socket> {
    const { clock } = this.#options;
    const connect = async (to: URL, signal: AbortSignal) =>
      secured(await dial(bare(to.hostname), portOf(to), { clock, signal }), to, signal);
    if (proxy === undefined) return this.#within("connect", until, (signal) => connect(url, signal));

    const near = await this.#sparing(proxy, until, async () => {
      const isSecure = proxy.url.protocol === "https:";
      const near = await this.#within("connect", until, (signal) => connect(proxy.url, signal)).catch((error) => {
        throw blame(proxy, error, error instanceof TlsError ? "plain HTTP" : undefined);
      });
      const authority = `${url.hostname}:${portOf(url)}`;
      await this.#within("headers", until, (signal) => openTunnel(near, proxy, authority, signal)).catch((error) => {
        throw blame(proxy, error, isSecure ? undefined : "TLS");
      });
      return near;
    });
    return this.#within("connect", until, (signal) => secured(near, url, signal));
  }

  /** Asks a proxy for something; one that fails again and again is not asked for a while: it may lock an account, and polls go on. */
  async #sparing<T>(proxy: HttpProxy, until: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const name = proxy.url.href;
    const known = this.#failing.get(name);
    if (known !== undefined && clock.now() < known.until) throw known.error;
    try {
      const given = await ask();
      this.#failing.delete(name);
      return given;
    } catch (error) {
      // Attempts side by side that fail for one reason are one failure.
      if (until.aborted || this.#failing.get(name) !== known) throw error;
      const failures = (known?.failures ?? 0) + 1;
      const restMs =
        failures < FREE_FAILURES ? 0 : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - FREE_FAILURES));
      this.#failing.set(name, { failures, error, until: clock.now() + restMs });
      throw error;
    }
  }

  /** Does one phase of the way in the time it has. */
  async #within<T>(phase: "connect" | "headers", until: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
    const { clock, timeouts } = this.#options;
    const limit = startTimeLimit(clock, timeouts[phase], until);
    try {
      return await work(limit.signal);
    } catch (error) {
      throw limit.expired ? timeUp(phase, timeouts) : error;
    } finally {
      limit.end();
    }
  }
}

type Sent = Omit<Errand, "method"> & { method: "GET" | "POST" };
/** What a request tells the pool. */
type Sending = ClientRequestArgs & { errand: Sent };

/** Speaks TLS on a connection where the URL asks for it. Rejects with what the handshake reported. */
export async function secured(socket: Socket, { protocol, hostname }: URL, signal: AbortSignal): Promise<Socket> {
  if (protocol !== "https:") return socket;
  const host = bare(hostname);
  const servername = isIP(host) === 0 ? host : "";
  try {
    return await opened(connectTls({ socket, host, servername, ALPNProtocols: ["http/1.1"] }), "secureConnect", signal);
  } catch (error) {
    socket.destroy();
    throw tlsError(error);
  }
}

/**
 * Makes a connection to a proxy one to `authority` (host and port) by CONNECT (RFC 9110, section 9.3.6). Asks once. Rejects with
 * `unavailable` where the proxy refuses, and with the socket's or the parser's own error where it does not answer in HTTP.
 */
export async function openTunnel(
  socket: Socket,
  proxy: HttpProxy,
  authority: string,
  signal: AbortSignal,
): Promise<void> {
  const { authorization } = proxy;
  const headers = {
    host: authority,
    connection: "keep-alive",
    ...(authorization !== undefined && { "proxy-authorization": authorization }),
  };
  const asking = request({ method: "CONNECT", path: authority, headers, createConnection: () => socket, signal }).end();
  try {
    const [{ statusCode }, , head] = await once(asking, "connect");
    if (statusCode < 200 || statusCode > 299) throw refusedTunnel(proxy, authority, statusCode);
    if (head.length > 0) socket.unshift(head);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function refusedTunnel(proxy: HttpProxy, authority: string, status: number): WebsetsError {
  if (status === 407) {
    const what =
      proxy.authorization === undefined
        ? `${proxy.name} asks for a user and a password (407)`
        : `${proxy.name} does not accept the user and password in its URL (407)`;
    const advice = `Put those it accepts into ${proxy.variable} (http://user:password@host:port) in this MCP server's environment, and restart the server.`;
    return new WebsetsError("unavailable", { what, advice });
  }
  return new WebsetsError("unavailable", {
    what: `${proxy.name} did not open a tunnel to ${authority} (${status})`,
    advice: `Call again in a moment; if it stays, let the proxy allow ${authority}, or add the host to NO_PROXY in this MCP server's environment and restart the server.`,
  });
}

/**
 * An error on the way through a proxy, in words that name the proxy.
 * @param perhaps what the proxy may speak instead, for the two ways to speak to one are often mixed up.
 */
export function blame(proxy: HttpProxy, error: unknown, perhaps: "TLS" | "plain HTTP" | undefined): unknown {
  const told = explainSocketError(error, proxy.name);
  if (perhaps === undefined || error === told || !(told instanceof WebsetsError)) return told;
  return new WebsetsError("unavailable", {
    what: `${told.message}; perhaps it speaks ${perhaps}`,
    advice: `Call again in a moment; if it stays, and the proxy does, let ${proxy.variable} begin with ${perhaps === "TLS" ? "https" : "http"}:// in this MCP server's environment, and restart the server.`,
    cause: error,
  });
}

/** Without the brackets that an IPv6 address has in a URL. */
export const bare = (hostname: string) => hostname.replace(/^\[(.*)\]$/, "$1");

export const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80));

/** How long an address has the way to itself before the next one is tried beside it, in milliseconds (RFC 8305, section 5). */
const HEAD_START_MS = 250;
const KEEP_ALIVE_PROBE_MS = 60_000;

export interface Dialing {
  clock: Clock;
  signal: AbortSignal;
  /** All addresses of a host, in the order to prefer; without it the system's resolver. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
  /** One attempt; without it over a real socket. */
  attempt?: (address: string, port: number, signal: AbortSignal) => Promise<Socket>;
}

/**
 * Opens a TCP connection to the first of a host's addresses that answers. An address that is slow to answer stays in the race:
 * Node's own way, one after another, gives up each after 250 ms, and so never gets through where the way is longer than that.
 * Rejects with an AbortError as soon as `signal` aborts, and with the errors of all addresses in one when none answers.
 */
export async function dial(host: string, port: number, dialing: Dialing): Promise<Socket> {
  const { clock, signal, resolve = lookUp, attempt = connectTo } = dialing;
  const addresses = byTurns(await orAbort(resolve(host), signal));
  const over = linkAbort(signal);
  // Each address has some, and there may be dozens.
  setMaxListeners(0, over.signal);
  const attempts: Promise<Socket>[] = [];
  try {
    for (const { address } of addresses) {
      const newest = attempt(address, port, over.signal);
      attempts.push(newest);
      const headStart = clock.sleep(HEAD_START_MS, over.signal);
      // The newest one's failure ends its head start.
      if (await Promise.race([Promise.any(attempts), newest, headStart]).catch(() => {})) break;
    }
    const winner = await Promise.any(attempts);
    for (const other of attempts) other.then((socket) => socket !== winner && socket.destroy()).catch(() => {});
    return winner;
  } catch (error) {
    throw signal.aborted ? abortError() : error;
  } finally {
    over.abort();
  }
}

const lookUp = (host: string) => lookup(host, { all: true });

/** The resolver's order, but the two families take turns: one of them may lead nowhere. */
function byTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const other = addresses.filter(({ family }) => family !== addresses[0]?.family);
  return first.flatMap((address, at) => [address, ...other.slice(at, at + 1)]).concat(other.slice(first.length));
}

function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS });
  return opened(socket, "connect", signal);
}

/** The socket once its event has come; it is destroyed when that fails, or when the signal aborts before. */
async function opened(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Socket> {
  // It stays: the next phase of the way begins a moment later.
  socket.on("error", () => {});
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
