/**
 * What can go wrong, as one value. It is classified once, where it happens, and phrased per reader: one sentence for the
 * agent (`sentenceForAgent`), one line for the operator (`lineForOperator`).
 */

export type ErrorKind =
  | "missing_key"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "invalid_request"
  | "rate_limited"
  | "unavailable"
  | "unexpected_response";

export interface ErrorFacts {
  /** What happened, in words that may be shown to anybody: never an upstream body, never the key. */
  what: string;
  /** What to do about it; without it the kind's own advice is given. */
  advice?: string;
  /** How long to wait before asking again, in milliseconds. */
  retryAfterMs?: number;
  /** The upstream's `X-Request-Id`, for support. */
  requestId?: string;
  /** The upstream's HTTP status, where there was one. */
  status?: number;
  cause?: unknown;
}

/** The only error our own code throws on purpose. */
export class WebsetsError extends Error {
  readonly kind: ErrorKind;
  readonly advice: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly status: number | undefined;

  constructor(kind: ErrorKind, facts: ErrorFacts) {
    super(facts.what, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "WebsetsError";
    this.kind = kind;
    this.advice = facts.advice;
    this.retryAfterMs = facts.retryAfterMs;
    this.requestId = facts.requestId;
    this.status = facts.status;
  }
}

const ADVICE: Record<ErrorKind, string> = {
  missing_key:
    'Set EXA_API_KEY in the environment of this MCP server (in Claude Desktop: the server\'s "env" in claude_desktop_config.json) and restart it. Keys: https://dashboard.exa.ai/api-keys. To try it without a key, start the server with --sandbox.',
  unauthorized:
    "Check EXA_API_KEY in this MCP server's environment and restart the server; retrying with the same key will not help.",
  forbidden: "The key is valid but its plan or team does not allow this; use another key or ask the team's owner.",
  not_found: "Check the id.",
  invalid_request: "Correct the parameters and call again.",
  rate_limited: "Wait, then call again; nothing is lost.",
  unavailable: "Call again in a moment; nothing is lost.",
  unexpected_response:
    "Call again in a moment; if it stays, check that EXA_BASE_URL points at the Exa API and that no proxy answers in its place.",
};

/** What happened and what to do, for the agent that called a tool. */
export function sentenceForAgent(error: WebsetsError): string {
  const after =
    error.retryAfterMs === undefined ? "" : ` The API asks to wait ${Math.ceil(error.retryAfterMs / 1000)} s.`;
  return `${error.kind}: ${finished(error.message)}${after} ${error.advice ?? ADVICE[error.kind]}`;
}

/** One line for stderr, with what support needs. */
export function lineForOperator(error: WebsetsError): string {
  const facts = [
    error.status === undefined ? undefined : `HTTP ${error.status}`,
    error.requestId === undefined ? undefined : `request ${error.requestId}`,
    error.retryAfterMs === undefined ? undefined : `retry after ${error.retryAfterMs} ms`,
  ].filter((fact) => fact !== undefined);
  return `${error.kind}: ${error.message}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
}

/** True for trouble that passes by itself, so that a wait may outlast it. */
export function isPassing(error: unknown): error is WebsetsError {
  return (
    error instanceof WebsetsError &&
    (error.kind === "rate_limited" || error.kind === "unavailable" || error.kind === "unexpected_response")
  );
}

/** True for the rejection of an aborted call, which is never reported to anybody. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

export function abortError(): Error {
  return new DOMException("The call was aborted", "AbortError");
}

function finished(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
