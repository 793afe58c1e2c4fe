import type { ServerResponse } from "node:http";
import { restoreIds } from "../messages/message-id.ts";
import { onOneLine } from "../messages/write-message.ts";

/** While nothing else is to be told, a stream says this often that it is alive, in milliseconds: proxies cut what is silent. */
export const KEEP_ALIVE_MS = 3_000;

const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  // nginx would else collect what a wait says until it is over.
  "x-accel-buffering": "no",
};

/** What is wrong with a request, as JSON-RPC has it. */
export interface Refused {
  status: number;
  code?: number;
  message: string;
  id?: string | number | undefined;
  headers?: Record<string, string>;
}

/** The implementation's own code in JSON-RPC: what is wrong is told by the status and in words. */
const SERVER_ERROR = -32_000;

/** Answers with a status and, for whoever reads JSON-RPC, with an error. */
export function refuse(res: ServerResponse, { status, code = SERVER_ERROR, message, id, headers = {} }: Refused): void {
  answerJson(res, status, { jsonrpc: "2.0", error: { code, message }, id: id ?? null }, headers);
}

/** Answers with JSON, whole, under the client's own ids. */
export function answerJson(res: ServerResponse, status: number, value: unknown, headers = {}): void {
  answerText(res, status, `${restoreIds(JSON.stringify(value))}\n`, { "content-type": "application/json", ...headers });
}

export function answerText(res: ServerResponse, status: number, text: string, headers = {}): void {
  res.writeHead(status, { "cache-control": "no-store", "content-length": Buffer.byteLength(text), ...headers });
  res.end(text);
}

/** One event of a stream. */
export function frameOf(json: string): string {
  return `event: message\ndata: ${onOneLine(json)}\n\n`;
}

/** Opens a stream of events. Its headers go out at once, with a first comment: some proxies wait for a byte of the body. */
export function openStream(res: ServerResponse): void {
  res.writeHead(200, EVENT_STREAM_HEADERS);
  res.write(ALIVE);
}

/** What waits for its reader may have this many bytes; the outcomes of tasks of one tenant have less together. */
const MOST_UNREAD_BYTES = 2 ** 20;

/** Writes what waits for nobody. A reader so far behind is cut: it opens its stream again, and reads how things stand then. */
export function tell(res: ServerResponse, text: string): void {
  if (res.writableLength > MOST_UNREAD_BYTES) res.destroy();
  else if (!res.writableEnded) res.write(text);
}

/** A comment of a stream, which says that it is alive. */
export const ALIVE = ": \n\n";

/** Writes, and resolves when there is room for more or nobody is left to read it. */
export function write(res: ServerResponse, text: string): Promise<void> | undefined {
  return res.destroyed || res.writableEnded || res.write(text) ? undefined : first(res, "drain", "close");
}

/** Ends a response; resolves when its reader has all of it, or has gone. */
export function end(res: ServerResponse): Promise<void> | undefined {
  if (!res.writableEnded) res.end();
  return res.closed ? undefined : first(res, "close");
}

function first(res: ServerResponse, ...events: ("drain" | "close")[]): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      for (const event of events) res.off(event, go);
      resolve();
    };
    for (const event of events) res.on(event, go);
  });
}
