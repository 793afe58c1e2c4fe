import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MOST_BODY_BYTES, type SandboxAnswer, type SandboxRequest } from "./message.ts";

export interface Listener {
  /** Such as `http://127.0.0.1:4010`, without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/** Longer than clients keep an idle connection, so that none of them writes to one that is just being closed. */
const KEEP_ALIVE_MS = 120_000;

/** Serves `handle` on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
export async function listen(
  handle: (request: SandboxRequest) => Promise<SandboxAnswer>,
  port: number,
): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    serve(handle, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  // A listening TCP server has an address of this kind.
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  handle: (request: SandboxRequest) => Promise<SandboxAnswer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
  const answer = await handle({ method: request.method ?? "GET", url: request.url ?? "/", headers, body });
  // The answer brings the date of the sandbox's clock, or none.
  response.sendDate = false;
  const length = { "content-length": String(Buffer.byteLength(answer.body)) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(answer.body);
}

/** Keeps no more of a body than it takes to see that it is too large; reads the rest so that the client gets its answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (size <= MOST_BODY_BYTES) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).toString();
}
