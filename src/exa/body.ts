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

/**
 * Reads a body to its end as text, decompressing gzip while it counts, so that neither a long answer nor a small one that
 * unpacks to a long one is ever held, nor one of so many parts that parsing it would stop everything else for seconds.
 * Rejects with `ResponseTooLargeError` over a limit, with `unavailable` for compressed data that ends too soon, and with the
 * stream's own error otherwise; the stream is destroyed then.
 */
export async function readText(body: Readable, encoding: string, limits: BodyLimits): Promise<string> {
  const [{ pipeline }, { createGunzip }] = await Promise.all([import("node:stream/promises"), import("node:zlib")]);
  const chunks: Buffer[] = [];
  const count = (source: AsyncIterable<Buffer>) => counted(source, limits.bytes);
  const collect = async (source: AsyncIterable<Buffer>) => {
    const parts = new JsonParts();
    for await (const chunk of count(source)) {
      if (parts.add(chunk) > limits.parts) throw new ResponseTooLargeError(limits.parts, "parts");
      chunks.push(chunk);
    }
  };
  try {
    if (encoding === "identity") await pipeline(body, collect);
    else if (encoding === "gzip") await pipeline(body, count, createGunzip(), collect);
    else await pipeline(body, refuse);
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
