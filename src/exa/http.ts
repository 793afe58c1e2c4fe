/** HTTP as values: what carries a request (sockets, or a sandbox called directly) is the transport's business. */
import type { Clock } from "../shared/clock.ts";
import { isAbort, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";

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
export interface Transport {
  (request: HttpRequest): Promise<HttpAnswer>;
  /** What errors call the other end of the way to a URL, with the proxy before it; without it the URL's host. */
  wayTo?(url: URL): string;
}

/**
 * A transport that logs a line for each request at `debug`: method, path, how it ended, milliseconds. Of headers and query it
 * says nothing: the one holds the key, the other cursors.
 */
export function loggedTransport(transport: Transport, { clock, log }: { clock: Clock; log: Log }): Transport {
  const logged: Transport = async (request) => {
    const startedAt = clock.now();
    const say = (end: string) =>
      log.debug(`${request.method} ${request.url.pathname}: ${end}, ${Math.round(clock.now() - startedAt)} ms`);
    try {
      const answer = await transport(request);
      say(String(answer.status));
      return answer;
    } catch (error) {
      say(isAbort(error) ? "aborted" : "no answer");
      throw error;
    }
  };
  return Object.assign(logged, { wayTo: transport.wayTo });
}

/** The answer was more than we are willing to hold. Asking for less (a smaller `limit`) can help; asking again cannot. */
export class ResponseTooLargeError extends WebsetsError {
  readonly limit: number;
  readonly unit: "bytes" | "parts";

  /** @param unit what the limit counts: bytes, or the keys and values that they hold. */
  constructor(limit: number, unit: "bytes" | "parts" = "bytes") {
    const bytes = limit >= 2 ** 20 ? `${Math.round(limit / 2 ** 20)} MiB` : `${limit} bytes`;
    super("unexpected_response", {
      what: `the API's answer is larger than ${unit === "bytes" ? bytes : `${limit.toLocaleString("en")} keys and values`}`,
      advice: "Where a limit can be given, a smaller one asks for less at once.",
    });
    this.limit = limit;
    this.unit = unit;
  }
}

/** The two forms of an HTTP date that name their zone (RFC 9110, 5.6.7); the third, asctime, is left out: it names none. */
const HTTP_DATE = /^[A-Za-z]+, \d{2}[ -][A-Za-z]{3}[ -](?:\d{4}|\d{2}) \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds since 1970 for an HTTP date, or undefined for anything else. `Date.parse` alone would take "wait 5". */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text.trim())) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
