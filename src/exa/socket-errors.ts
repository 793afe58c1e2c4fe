import { WebsetsError } from "../shared/errors.ts";

/** How long each stage may take, in milliseconds. */
export interface Timeouts {
  connect: number;
  headers: number;
  /** Between two pieces of a body. */
  body: number;
  /** From the call to the last byte of the answer, so that one that trickles ends too. */
  total: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 5_000, headers: 15_000, body: 30_000, total: 60_000 };

/** What Node's and undici's error codes mean, in words that go after the host's name. */
function describe(code: string, timeouts: Timeouts): string | undefined {
  switch (code) {
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return `no connection within ${seconds(timeouts.connect)}`;
    case "UND_ERR_HEADERS_TIMEOUT":
      return `connected, but no answer began within ${seconds(timeouts.headers)}`;
    case "UND_ERR_BODY_TIMEOUT":
      return `the answer stalled for ${seconds(timeouts.body)}`;
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return "the answer was cut short";
    case "UND_ERR_SOCKET":
    case "ECONNRESET":
    case "EPIPE":
      return "the connection was closed before the answer was complete";
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host's name could not be resolved";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
    case "EHOSTDOWN":
      return "there is no route to the host";
    // undici says "aborted" when a proxy refuses the tunnel; our own aborts never come here.
    case "UND_ERR_ABORTED":
    case "UND_ERR_PRX_TLS":
      return "the proxy did not open a tunnel to the host";
    default:
      return undefined;
  }
}

/** Codes of answers that are no HTTP, or not the HTTP we asked for. */
function isNotHttp(code: string): boolean {
  return code.startsWith("HPE_") || code.startsWith("Z_") || code === "UND_ERR_HEADERS_OVERFLOW";
}

/** Codes of certificates that cannot be trusted: OpenSSL's names, and Node's own. */
function isCertificate(code: string): boolean {
  return /CERT|SIGNATURE|^ERR_TLS_|^ERR_SSL_|^EPROTO$/.test(code);
}

/**
 * Puts what a socket reported into words: a `WebsetsError` for anything that has a code of Node's or undici's, and the very
 * same error for anything else, which then is a mistake of ours and must not pass for weather.
 */
export function inWords(error: unknown, host: string, timeouts: Timeouts = DEFAULT_TIMEOUTS): unknown {
  if (error instanceof WebsetsError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const words = describe(code, timeouts);
  if (words !== undefined) return new WebsetsError("unavailable", { what: `${host}: ${words}`, cause: error });
  // Without the cause: undici keeps what it could not parse in it.
  if (isNotHttp(code)) {
    return new WebsetsError("unexpected_response", { what: `${host}: the answer is not readable HTTP` });
  }
  if (isCertificate(code)) {
    return new WebsetsError("unavailable", {
      what: `${host}: no secure connection, its certificate could not be verified (${code})`,
      advice: "If a proxy inspects traffic, let Node trust its certificate with NODE_EXTRA_CA_CERTS.",
      cause: error,
    });
  }
  return new WebsetsError("unavailable", { what: `${host}: the request failed (${code})`, cause: error });
}

/** The code of an error, or of the first one inside: trying several addresses fails with all their errors in one. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if ("code" in error && typeof error.code === "string") return error.code;
  // undici names the parser's reason only where its parser gives one.
  return error.name === "HTTPParserError" ? "HPE_UNKNOWN" : undefined;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
