import { WebsetsError } from "../shared/errors.ts";

/** Errors that Node has no code for, or ones that say too little; the message goes after the host's name. */
export class SocketError extends Error {
  override readonly name = "SocketError";
}

/** A handshake that failed, for another reason than a certificate. */
export class TlsError extends SocketError {}

/** How long each phase may take, in milliseconds. */
export interface Timeouts {
  connect: number;
  headers: number;
  /** Between two pieces of a body. */
  body: number;
  /** From the call to the last byte of the answer, so that one that trickles ends too. */
  total: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 5_000, headers: 15_000, body: 30_000, total: 60_000 };

/** The error of a phase that took too long. */
export function timeUp(phase: keyof Timeouts, timeouts: Timeouts): SocketError {
  const time = `${timeouts[phase] / 1000} s`;
  const words = {
    connect: `no connection within ${time}`,
    headers: `connected, but no answer began within ${time}`,
    body: `the answer stalled for ${time}`,
    total: `the answer was not complete after ${time}`,
  };
  return new SocketError(words[phase]);
}

const CLOSED = "the connection was closed before the answer was complete";
const UNRESOLVED = "the host's name could not be resolved";
const NO_ROUTE = "there is no route to the host";

/** What Node's error codes mean, in words that go after the host's name. */
const MEANINGS: Readonly<Record<string, string>> = {
  ETIMEDOUT: "the other side stopped responding",
  ECONNRESET: CLOSED,
  ECONNABORTED: CLOSED,
  EPIPE: CLOSED,
  ECONNREFUSED: "the connection was refused",
  ENOTFOUND: UNRESOLVED,
  EAI_AGAIN: UNRESOLVED,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ENETDOWN: NO_ROUTE,
  EADDRNOTAVAIL: NO_ROUTE,
  EHOSTDOWN: NO_ROUTE,
};

/** True for a connection that the other side has closed. */
export function isClosed(error: unknown): boolean {
  return MEANINGS[codeOf(error) ?? ""] === CLOSED;
}

/** Codes of answers that are no HTTP, or not what their headers say. */
const NOT_HTTP = /^(HPE_|Z_|ERR__ERROR_|ERR_BROTLI_)/;
/** Codes of certificates that cannot be trusted: OpenSSL's names, and Node's own. */
const CERTIFICATE = /^(?!ERR_SSL_).*(CERT|SIGNATURE)/;

/** What a TLS handshake reported: everything that is not about a certificate is told as a handshake that failed. */
export function tlsError(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined || CERTIFICATE.test(code)) return error;
  return new TlsError(`no secure connection could be agreed on (${code})`, { cause: error });
}

/**
 * Puts what a socket reported into words: a `WebsetsError` for anything that has a code, and the very
 * same error for anything else, which then is a mistake of ours and must not pass for weather.
 */
export function explainSocketError(error: unknown, host: string): unknown {
  if (error instanceof WebsetsError) return error;
  const unavailable = (what: string, advice?: string) =>
    new WebsetsError("unavailable", { what: `${host}: ${what}`, advice, cause: error });
  if (error instanceof SocketError) return unavailable(error.message);
  const code = codeOf(error);
  if (code === undefined) return error;
  // Without the cause: Node keeps what it could not parse in it.
  if (NOT_HTTP.test(code)) {
    return new WebsetsError("unexpected_response", { what: `${host}: the answer is not readable HTTP` });
  }
  if (CERTIFICATE.test(code)) {
    return unavailable(`no secure connection, its certificate could not be verified (${code})`, adviceOn(code));
  }
  return unavailable(MEANINGS[code] ?? `the request failed (${code})`);
}

/** What to do about a certificate, by what is wrong with it. */
function adviceOn(code: string): string {
  switch (code) {
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "Set this machine's clock if it is wrong. If it is right, whoever answers there has a certificate that is not valid now, and has to renew it.";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "Something else answers under this name, such as a page to log in to the network or a proxy: look at the network this server runs in, and at EXA_BASE_URL if you set it.";
    default:
      return "If a proxy inspects traffic, let Node trust its certificate with NODE_EXTRA_CA_CERTS in this MCP server's environment, and restart the server.";
  }
}

/**
 * The code of an error. Where several addresses were tried, all their errors are in one: the first that says more than that a
 * family of addresses leads nowhere is told.
 */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(codeOf);
    return codes.find((code) => code !== "ENETUNREACH" && code !== "EADDRNOTAVAIL") ?? codes[0];
  }
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
