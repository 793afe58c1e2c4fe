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

/** Trouble that Node has no code for, or one that says too little. */
export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly code: `TIMEOUT_${keyof Timeouts}` | "TLS" | "ECONNRESET";

  constructor(code: SocketError["code"], cause?: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

/** What error codes mean, in words that go after the host's name. */
function describe(code: string, timeouts: Timeouts): string | undefined {
  switch (code) {
    case "TIMEOUT_connect":
      return `no connection within ${seconds(timeouts.connect)}`;
    case "TIMEOUT_headers":
      return `connected, but no answer began within ${seconds(timeouts.headers)}`;
    case "TIMEOUT_body":
      return `the answer stalled for ${seconds(timeouts.body)}`;
    case "TIMEOUT_total":
      return `the answer was not complete after ${seconds(timeouts.total)}`;
    case "ETIMEDOUT":
      return "the other side did not react any more";
    case "ECONNRESET":
    case "ECONNABORTED":
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
    default:
      return undefined;
  }
}

/** True for a connection that the other side has closed. */
export function isClosed(error: unknown): boolean {
  return /^(ECONNRESET|ECONNABORTED|EPIPE)$/.test(codeOf(error) ?? "");
}

/** Codes of answers that are no HTTP, or not what their headers say. */
function isNotHttp(code: string): boolean {
  return /^(HPE_|Z_|ERR__ERROR_|ERR_BROTLI_)/.test(code);
}

/** Codes of certificates that cannot be trusted: OpenSSL's names, and Node's own. */
function isCertificate(code: string): boolean {
  return /CERT|SIGNATURE/.test(code) && !/^ERR_SSL_/.test(code);
}

/** What a TLS handshake reported: everything that is not about a certificate is told as a handshake that failed. */
export function tlsError(error: unknown): unknown {
  const code = codeOf(error);
  return code === undefined || isCertificate(code) || error instanceof SocketError
    ? error
    : new SocketError("TLS", error);
}

/**
 * Puts what a socket reported into words: a `WebsetsError` for anything that has a code, and the very
 * same error for anything else, which then is a mistake of ours and must not pass for weather.
 */
export function inWords(error: unknown, host: string, timeouts: Timeouts = DEFAULT_TIMEOUTS): unknown {
  if (error instanceof WebsetsError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const words = describe(code, timeouts);
  if (words !== undefined) return new WebsetsError("unavailable", { what: `${host}: ${words}`, cause: error });
  // Without the cause: Node keeps what it could not parse in it.
  if (isNotHttp(code)) {
    return new WebsetsError("unexpected_response", { what: `${host}: the answer is not readable HTTP` });
  }
  if (error instanceof SocketError) {
    const why = codeOf(error.cause) ?? "no code";
    return new WebsetsError("unavailable", {
      what: `${host}: no secure connection could be agreed on (${why})`,
      cause: error,
    });
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

/**
 * The code of an error. Where several addresses were tried, all their errors are in one: the first that says more than that a
 * family of addresses leads nowhere is told.
 */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) {
    const codes = error.errors.map(codeOf);
    return codes.find((code) => code !== "ENETUNREACH" && code !== "EADDRNOTAVAIL") ?? codes[0];
  }
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
