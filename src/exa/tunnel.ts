import { request } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebsetsError } from "../shared/errors.ts";
import type { HttpProxy } from "./proxy.ts";

/**
 * Makes a connection to a proxy one to `authority` (host and port) by CONNECT (RFC 9110, section 9.3.6). Asks once. Rejects with
 * `unavailable` where the proxy refuses, and with the socket's or the parser's own error where it does not answer in HTTP.
 */
export function openTunnel(socket: Socket, proxy: HttpProxy, authority: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asking = request({
      method: "CONNECT",
      path: authority,
      headers: {
        host: authority,
        connection: "keep-alive",
        ...(proxy.authorization !== undefined && { "proxy-authorization": proxy.authorization }),
      },
      createConnection: () => socket,
      signal,
    });
    asking.once("connect", ({ statusCode = 0 }, _same: Duplex, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(refusal(proxy, authority, statusCode));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asking.once("error", (error) => {
      socket.destroy();
      reject(error);
    });
    asking.end();
  });
}

function refusal(proxy: HttpProxy, authority: string, status: number): WebsetsError {
  if (status === 407) {
    const what =
      proxy.authorization === undefined
        ? `${proxy.name} asks for a user and a password (407)`
        : `${proxy.name} does not accept the user and password in its URL (407)`;
    const advice = `Put those it accepts into ${proxy.variable} (http://user:password@${proxy.url.host}) in this MCP server's environment, and restart the server.`;
    return new WebsetsError("unavailable", { what, advice });
  }
  return new WebsetsError("unavailable", {
    what: `${proxy.name} did not open a tunnel to ${authority} (${status})`,
    advice: `Call again in a moment; if it stays, let the proxy allow ${authority}, or add the host to NO_PROXY in this MCP server's environment and restart the server.`,
  });
}
