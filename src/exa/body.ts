import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createUnzip } from "node:zlib";
import { WebsetsError } from "../shared/errors.ts";
import { type HttpAnswer, ResponseTooLargeError } from "./http.ts";

export const MAX_RESPONSE_BYTES = 32 * 2 ** 20;
/**
 * A page of 200 items with all their enrichments has a few ten thousand. To parse and cut this many takes 0.45 s at worst (objects
 * that share no key); the 10 million that fit into 32 MiB would take half a minute, in which no wait could end.
 */
const MAX_RESPONSE_PARTS = 500_000;
/** Of an answer that is an error only a short message is of use. */
const MAX_ERROR_BYTES = 64 * 2 ** 10;

/** Compressions that Node cannot undo, so that what comes is of no use. Everything else that has no decoder is none at all. */
const UNREADABLE = /^(zstd|compress|x-compress|dcb|dcz|exi|pack200-gzip)$/;
/** Nothing real is compressed more often. */
const MOST_CODINGS = 2;

/** Reads an answer to its end, as far as there is use for it. `maxBytes` is the longest body accepted, compressed or not. */
export async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<HttpAnswer> {
  const headers = headersOf(answer);
  const encoding = headers["content-encoding"] ?? "";
  const status = answer.statusCode ?? 0;
  // What an error's status says is worth more than its body: one that cannot be read counts as empty.
  const body =
    status < 300 ? readText(answer, encoding, maxBytes) : readText(answer, encoding, MAX_ERROR_BYTES).catch(() => "");
  return { status, headers, body: await body };
}

/** Names in lower case; a header sent twice is joined with ", ". */
export function headersOf(answer: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answer.headers).map(([name, value = ""]) => [name, [value].flat().join(", ")]),
  );
}

/**
 * Reads a body to its end as text, undoing the compressions that its `Content-Encoding` names, while it counts, so that neither a
 * long answer nor a small one that unpacks to a long one is ever held, nor one of so many parts that parsing it would stop
 * everything else for seconds. Gateways write an empty text or a charset there, too: what is no compression changes nothing.
 * Rejects with `ResponseTooLargeError` over a limit, with `unavailable` for compressed data that ends too soon, and with the
 * stream's own error otherwise; the stream is destroyed then.
 */
async function readText(body: Readable, contentEncoding: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  const parts = new JsonParts();
  async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new ResponseTooLargeError(maxBytes);
      yield chunk;
    }
  }
  async function collect(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of counted(source)) {
      if (parts.add(chunk) > MAX_RESPONSE_PARTS) throw new ResponseTooLargeError(MAX_RESPONSE_PARTS, "parts");
      chunks.push(chunk);
    }
  }
  // They were applied in the order in which they are named (RFC 9110, section 8.4).
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .reverse();
  const decoders = codings.flatMap((name) => {
    if (/^(x-)?gzip$|^deflate$/.test(name)) return createUnzip();
    return name === "br" ? createBrotliDecompress() : [];
  });
  try {
    if (codings.some((name) => UNREADABLE.test(name)) || decoders.length > MOST_CODINGS) await pipeline(body, refuse);
    const steps = [body, ...decoders.flatMap((decoder) => [counted, decoder]), collect];
    await pipeline(steps as unknown as NodeJS.ReadWriteStream[]);
  } catch (error) {
    // zlib's "unexpected end of file".
    if (!(error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR")) throw error;
    throw new WebsetsError("unavailable", { what: "the API's answer was cut short", cause: error });
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

async function refuse(): Promise<never> {
  throw new WebsetsError("unexpected_response", { what: "the API's answer is compressed in a way nobody asked for" });
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;

/**
 * Counts the keys, values and containers of a JSON text while it arrives, by its punctuation outside of strings: what reading
 * it costs depends on these far more than on its length. Text in strings counts as one, however many commas it has.
 */
export class JsonParts {
  #inString = false;
  #escaped = false;
  #count = 0;

  /** Takes the next bytes, cut anywhere, and returns the count so far. */
  add(bytes: Uint8Array): number {
    // Fields would make this loop several times slower, and it sees every byte of every answer.
    let inString = this.#inString;
    let escaped = this.#escaped;
    let count = this.#count;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === COMMA || byte === COLON || byte === OPENING_BRACKET || byte === OPENING_BRACE) count++;
    }
    this.#inString = inString;
    this.#escaped = escaped;
    this.#count = count;
    return count;
  }
}
