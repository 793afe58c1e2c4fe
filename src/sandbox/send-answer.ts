import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createGzip } from "node:zlib";
import type { SandboxAnswer } from "./message.ts";

/** On loopback the client has read by then what was sent before; a reset would take it away from it again. */
const READ_MS = 30;
const SPACES = Buffer.alloc(64 * 1024, " ");

/** Sends an answer with what befalls it on its way. `refuse` stops new connections for some milliseconds. */
export async function sendAnswer(
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
