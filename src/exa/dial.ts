import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { linkAbort, orAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";

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
export async function opened(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Socket> {
  // It stays: the next stage of the way begins a moment later.
  socket.on("error", () => {});
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
