import { WebsetsError } from "../shared/errors.ts";

/** One request, as a value: what carries it (sockets, or a sandbox called directly) is the transport's business. */
export interface HttpRequest {
  method: "GET";
  url: URL;
  headers: Record<string, string>;
  /** Aborts the request, down to the socket. */
  signal: AbortSignal;
}

/** One answer, whole. */
export interface HttpAnswer {
  status: number;
  /** Names in lower case; a header sent twice is joined with ", ". */
  headers: Record<string, string>;
  /** Decompressed and decoded as UTF-8. */
  body: string;
}

/**
 * Carries one request and resolves to its answer, whatever the status. Rejects with a `WebsetsError`, with an AbortError
 * when `request.signal` aborts, or with an error that has one of Node's `code`s, which the client puts into words.
 * It follows no redirects: the key must not reach another host.
 */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** The answer was more than we are willing to hold. Asking for less (a smaller `limit`) can help; asking again cannot. */
export class ResponseTooLargeError extends WebsetsError {
  readonly limit: number;
  readonly unit: "bytes" | "parts";

  /** @param unit what the limit counts: bytes, or the keys and values that they hold. */
  constructor(limit: number, unit: "bytes" | "parts" = "bytes") {
    const most = unit === "bytes" ? describeBytes(limit) : `${limit.toLocaleString("en")} keys and values`;
    super("unexpected_response", {
      what: `the API's answer is larger than ${most}`,
      advice: "Where a limit can be given, a smaller one asks for less at once.",
    });
    this.limit = limit;
    this.unit = unit;
  }
}

function describeBytes(bytes: number): string {
  return bytes >= 2 ** 20 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${bytes} bytes`;
}
