import { type IncomingMessage, request } from "node:http";
import { Connections, type ConnectionsOptions, type Errand } from "./connections.ts";
import type { HttpRequest } from "./http.ts";
import { isClosed, SocketError } from "./socket-errors.ts";

/** Carries requests over a pool of connections. */
export interface Exchange {
  /** Resolves when the headers of the answer are there; its body has to be read. Rejects with what the sockets report. */
  send(asked: HttpRequest): Promise<IncomingMessage>;
  /** Closes all connections. */
  close(): void;
}

export function createExchange(options: ConnectionsOptions): Exchange {
  const connections = new Connections(options);
  const { timeouts } = options;

  function send(asked: HttpRequest): Promise<IncomingMessage> {
    const { method, url, signal } = asked;
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | undefined;
      const errand: Errand = {
        agent: connections,
        method,
        path: url.pathname + url.search,
        headers: { ...asked.headers, host: url.host, "accept-encoding": "gzip" },
        timeout: timeouts.headers,
        signal,
        url,
        until: signal,
      };
      const sent = request(errand);
      sent.on("timeout", () => {
        if (answer === undefined) sent.destroy(new SocketError("TIMEOUT_headers"));
        else answer.destroy(new SocketError("TIMEOUT_body"));
      });
      sent.on("response", (begun) => {
        answer = begun;
        sent.setTimeout(timeouts.body);
        resolve(begun);
      });
      sent.on("error", (error) => {
        // A kept connection that the other side closes in this very moment is no failure of the request (RFC 9112, section 9.3.1).
        const isStale = sent.reusedSocket && answer === undefined && isClosed(error) && !signal.aborted;
        if (isStale) resolve(send(asked));
        else reject(error);
      });
      // A switch to another protocol ends without an error.
      sent.on("close", () => reject(new SocketError("ECONNRESET")));
      sent.end();
    });
  }

  return { send, close: () => connections.destroy() };
}
