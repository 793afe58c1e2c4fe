import type { Readable } from "node:stream";
import { WebsetsError } from "../shared/errors.ts";
import { ResponseTooLargeError } from "./http.ts";
import { JsonParts } from "./json-parts.ts";

/** How much of a body is accepted. */
export interface BodyLimits {
  /** Compressed or not. */
  bytes: number;
  /** Keys, values and containers of its JSON. */
  parts: number;
}

/** Compressions that Node cannot undo, so that what comes is of no use. Everything else that has no decoder is none at all. */
const UNREADABLE = /^(zstd|compress|x-compress|dcb|dcz|exi|pack200-gzip)$/;
/** Nothing real is compressed more often. */
const MOST_CODINGS = 2;

type Decoder = NodeJS.ReadWriteStream | ((source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>);

/**
 * Reads a body to its end as text, undoing the compressions that its `Content-Encoding` names, while it counts, so that neither a
 * long answer nor a small one that unpacks to a long one is ever held, nor one of so many parts that parsing it would stop
 * everything else for seconds. Gateways write an empty text or a charset there, too: what is no compression changes nothing.
 * Rejects with `ResponseTooLargeError` over a limit, with `unavailable` for compressed data that ends too soon, and with the
 * stream's own error otherwise; the stream is destroyed then.
 */
export async function readText(body: Readable, contentEncoding: string, limits: BodyLimits): Promise<string> {
  const [{ pipeline }, zlib] = await Promise.all([import("node:stream/promises"), import("node:zlib")]);
  const chunks: Buffer[] = [];
  const count = (source: AsyncIterable<Buffer>) => counted(source, limits.bytes);
  const collect = async (source: AsyncIterable<Buffer>) => {
    const parts = new JsonParts();
    for await (const chunk of count(source)) {
      if (parts.add(chunk) > limits.parts) throw new ResponseTooLargeError(limits.parts, "parts");
      chunks.push(chunk);
    }
  };
  // They were applied in the order in which they are named (RFC 9110, section 8.4).
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .reverse();
  const decoders: Decoder[] = codings.flatMap((name): Decoder[] => {
    if (/^(x-)?gzip$|^deflate$/.test(name)) return [count, zlib.createUnzip()];
    return name === "br" ? [count, zlib.createBrotliDecompress()] : [];
  });
  try {
    if (codings.some((name) => UNREADABLE.test(name)) || decoders.length > 2 * MOST_CODINGS)
      await pipeline(body, refuse);
    else await pipeline([body, ...decoders, collect] as unknown as NodeJS.ReadWriteStream[]);
  } catch (error) {
    if (!isTruncation(error)) throw error;
    throw new WebsetsError("unavailable", { what: "the API's answer was cut short", cause: error });
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

async function* counted(source: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw new ResponseTooLargeError(limitBytes);
    yield chunk;
  }
}

async function refuse(): Promise<never> {
  throw new WebsetsError("unexpected_response", { what: "the API's answer is compressed in a way nobody asked for" });
}

/** zlib's "unexpected end of file". */
function isTruncation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR";
}
