import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { MOST_BODY_BYTES, type SandboxAnswer, type SandboxRequest } from "./message.ts";

export interface Listener {
  /** Such as `http://127.0.0.1:4010`, without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/** Longer than clients keep an idle connection, so that none of them writes to one that is just being closed. */
const KEEP_ALIVE_MS = 120_000;
/** Until the next try where somebody else has taken the port while connections were refused. */
const PORT_TAKEN_MS = 50;

/** Serves `handle` on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
export async function listen(
  handle: (request: SandboxRequest) => Promise<SandboxAnswer>,
  port: number,
): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    serve(handle, request, response, (ms) => refusal.begin(ms)).catch(() => response.destroy());
  });
  await open(server, port);
  // A listening TCP server has an address of this kind.
  const { port: taken } = server.address() as AddressInfo;
  const refusal = new Refusal(server, taken);
  return {
    url: `http://127.0.0.1:${taken}`,
    async close() {
      await refusal.end();
      await shut(server);
    },
  };
}

/** A time in which a server refuses connections: nothing listens on its port. */
class Refusal {
  readonly #server: Server;
  readonly #port: number;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  begin(ms: number): void {
    if (this.#ended) return;
    void shut(this.#server);
    this.#reopenAfter(ms);
  }

  /** No more of it: what is being reopened is open by the end, and can be closed. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#opening;
  }

  #reopenAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#opening = open(this.#server, this.#port).catch(() => {
        if (!this.#ended) this.#reopenAfter(PORT_TAKEN_MS);
      });
    }, ms);
  }
}

function open(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // It calls back with an error when nothing listens, which is what is wanted here.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(
  handle: (request: SandboxRequest) => Promise<SandboxAnswer>,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: (ms: number) => void,
): Promise<void> {
  const body = await readBody(request);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
  const answer = await handle({ method: request.method ?? "GET", url: request.url ?? "/", headers, body });
  await sendAnswer(response, answer, refuse);
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

/** On loopback the client has read by then what was sent before; a reset would take it away from it again. */
const READ_MS = 30;
const SPACES = Buffer.alloc(64 * 1024, " ");

/** Sends an answer with what happens to it on its way. `refuse` stops new connections for some milliseconds. */
async function sendAnswer(
  response: ServerResponse,
  { status, headers, body, transport }: SandboxAnswer,
  refuse: (ms: number) => void,
): Promise<void> {
  // The answer brings the date of the sandbox's clock, or none.
  response.sendDate = false;
  const whole = Buffer.from(body);
  const sendHalf = () => {
    response.writeHead(status, { ...headers, "content-length": String(whole.length) }).flushHeaders();
    response.write(whole.subarray(0, Math.floor(whole.length / 2)));
  };
  switch (transport?.kind) {
    case undefined:
      response.writeHead(status, { ...headers, "content-length": String(whole.length) }).end(whole);
      return;
    case "refused":
      response.socket?.resetAndDestroy();
      refuse(transport.ms);
      return;
    case "reset":
      if (transport.after === "headers") {
        sendHalf();
        await delay(READ_MS);
      }
      response.socket?.resetAndDestroy();
      return;
    case "cut":
      sendHalf();
      response.socket?.end();
      return;
    case "stalled":
      if (transport.after === "headers") sendHalf();
      return;
    case "padded": {
      const bytes = Math.max(transport.bytes, whole.length);
      const source = Readable.from(padded(whole, bytes));
      if (transport.compressed) {
        response.writeHead(status, { ...headers, "content-encoding": "gzip" });
        await pipeline(source, createGzip(), response);
      } else {
        response.writeHead(status, { ...headers, "content-length": String(bytes) });
        await pipeline(source, response);
      }
    }
  }
}

/** Piece by piece, and no faster than the client reads: nobody holds all of it. */
function* padded(body: Buffer, bytes: number): Generator<Buffer> {
  yield body;
  for (let left = bytes - body.length; left > 0; left -= SPACES.length) yield SPACES.subarray(0, left);
}
