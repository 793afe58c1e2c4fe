import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { anotherId, keyOf, restoreIds, type SdkId } from "../messages/message-id.ts";
import { type Refusal, readMessages } from "../messages/read-message.ts";
import { jsonOf, onOneLine } from "../messages/write-message.ts";
import type { Log } from "../shared/log.ts";
import type { Redact } from "../shared/redact.ts";
import { wellFormedJson } from "../shared/text.ts";
import { LineReader, tooLong } from "./line-reader.ts";

export interface Streams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
}

/** While this many bytes wait for a host that does not read, nothing more is read from it. */
export const MOST_UNREAD_BYTES = 2 ** 20;
/** When stdin has ended, what is under way may still be answered for this long, in milliseconds; hosts kill after 2 s. */
const GRACE_MS = 1_500;

/** JSON-RPC's own code for what went wrong on our side. */
const INTERNAL_ERROR = -32603;

interface Envelope {
  id?: SdkId;
  method?: string;
  params?: { requestId?: unknown };
}

/**
 * JSON-RPC on stdin and stdout, a message a line. Unlike the SDK's own it drops nothing: each line with an id is answered under it.
 * Everything that goes out is well-formed Unicode on one line, for whichever characters a host's reader breaks lines at.
 */
export class StdioTransport implements Transport {
  readonly #streams: Streams;
  readonly #log: Log;
  readonly #redact: Redact;
  readonly #lines: LineReader;
  /** The requests that are not answered yet by their ids as the client sees them: several where it used one twice. */
  readonly #pending = new Map<string, Set<SdkId>>();
  #closed = false;
  #grace: NodeJS.Timeout | undefined;
  onclose?: () => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(streams: Streams, log: Log, redact: Redact) {
    this.#streams = streams;
    this.#log = log;
    this.#redact = redact;
    this.#lines = new LineReader({
      onLine: (line) => {
        for (const read of readMessages(line)) {
          if (read.kind === "refused") this.#refuse(read.answer);
          else this.#receive(read.message);
        }
      },
      onTooLong: (rawId) => this.#refuse(tooLong(rawId)),
    });
  }

  async start(): Promise<void> {
    const { stdin, stdout } = this.#streams;
    stdin.on("data", this.#onData);
    stdin.on("end", this.#onEnd);
    for (const broken of ["close", "error"]) stdin.on(broken, this.#onBroken);
    // Listened to for good: an answer may still be on its way to a host that has gone.
    stdout.on("error", () => this.#onBroken());
    stdout.on("drain", () => this.#closed || this.#grace !== undefined || stdin.resume());
    if (stdin.readableEnded || stdin.destroyed) setImmediate(this.#onEnd);
  }

  /** Resolves when the message was handed on, so that whoever waits for it keeps pace with the host. */
  async send(message: JSONRPCMessage): Promise<void> {
    const { id, method } = message as Envelope;
    // To a host that does not even read its answers, progress is no news.
    if (method === "notifications/progress" && this.#isBackedUp) return;
    if (method === undefined && id !== undefined) this.#forget(id);
    let line: string;
    try {
      line = jsonOf(message, this.#redact);
    } catch (error) {
      if (!(error instanceof RangeError) || id === undefined || method !== undefined) throw error;
      line = wellFormedJson({
        jsonrpc: "2.0",
        id,
        error: { code: INTERNAL_ERROR, message: "The answer is nested too deeply to be written as JSON" },
      });
    }
    await this.#write(line);
    if (this.#grace !== undefined && this.#pending.size === 0) await this.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#grace);
    const { stdin } = this.#streams;
    stdin.off("data", this.#onData);
    stdin.pause();
    this.#pending.clear();
    this.onclose?.();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#lines.push(chunk);
    if (this.#isBackedUp) this.#streams.stdin.pause();
  };

  get #isBackedUp(): boolean {
    return this.#streams.stdout.writableLength > MOST_UNREAD_BYTES;
  }

  /** Whoever has said all may still read the answers. */
  readonly #onEnd = (): void => {
    if (this.#closed || this.#grace !== undefined) return;
    this.#lines.end();
    if (this.#pending.size === 0) void this.close();
    else this.#grace = setTimeout(() => void this.close(), GRACE_MS);
  };

  readonly #onBroken = (): void => {
    if (this.#closed) return;
    const { stdout } = this.#streams;
    const isOver = stdout.destroyed || stdout.errored !== null;
    // stdin closes behind its end, too.
    if (this.#grace !== undefined && !isOver) return;
    if (!isOver) this.#lines.end();
    void this.close();
  };

  #receive(message: JSONRPCMessage): void {
    const { id, method, params } = message as Envelope;
    if (method === "notifications/cancelled") {
      for (const requestId of this.#cancelled(params?.requestId)) {
        this.onmessage?.({ ...message, params: { ...params, requestId } } as JSONRPCMessage);
      }
    } else if (id === undefined) this.onmessage?.(message);
    else this.onmessage?.({ ...message, id: this.#begin(id) } as JSONRPCMessage);
  }

  /** The id for a request, another one than those of all that wait: the SDK could cancel only the last of two. */
  #begin(id: SdkId): SdkId {
    const key = keyOf(id);
    const pending = this.#pending.get(key) ?? new Set();
    const own = pending.has(id) ? anotherId(id) : id;
    this.#pending.set(key, pending.add(own));
    return own;
  }

  #forget(id: SdkId): void {
    const key = keyOf(id);
    const pending = this.#pending.get(key);
    if (pending?.delete(id) && pending.size === 0) this.#pending.delete(key);
  }

  /** The requests that a client means by an id. */
  #cancelled(id: unknown): Iterable<unknown> {
    if (typeof id !== "string" && typeof id !== "number") return [];
    const key = keyOf(id);
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    return pending ?? [id];
  }

  #refuse(answer: Refusal): void {
    this.#log.warn(`refused a line on stdin: ${answer.error.message}`);
    this.#write(jsonOf(answer, this.#redact)).catch(() => {});
  }

  #write(json: string): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the connection is closed"));
    const line = onOneLine(restoreIds(json));
    return new Promise((resolve, reject) => {
      this.#streams.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
      if (this.#isBackedUp) this.#streams.stdin.pause();
    });
  }
}
