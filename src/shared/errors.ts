/**
 * What can go wrong, as one value. It is classified once, where it happens, and phrased per reader: one sentence for the
 * agent (`sentenceForAgent`), one line for the operator (`lineForOperator`), and by `cli/exit-codes.ts` for a person in a shell.
 */

/**
 * What a kind of error hangs on: the weather, which passes by itself; the account, so that no request will do better; or the
 * question, so that another one may.
 */
type Cause = "weather" | "account" | "question";

interface Kind {
  cause: Cause;
  /** What to do, where the error itself says nothing better. */
  advice: string;
}

/** All that is known of each kind stands here, so that a new one cannot be forgotten elsewhere. */
const KINDS = {
  missing_key: {
    cause: "account",
    advice:
      'Set EXA_API_KEY in the environment of this MCP server (in Claude Desktop: the server\'s "env" in claude_desktop_config.json) and restart it. Keys: https://dashboard.exa.ai/api-keys. To try it without a key, start the server with --sandbox.',
  },
  unauthorized: {
    cause: "account",
    advice:
      "Check EXA_API_KEY in this MCP server's environment and restart the server; retrying with the same key will not help.",
  },
  no_access: {
    cause: "account",
    advice:
      "The key is valid, so retrying will not help: the plan of its team has to change (https://dashboard.exa.ai), or another team's key be used.",
  },
  out_of_credits: {
    cause: "account",
    advice:
      "Retrying will not help before credits are added or the budget is raised (https://dashboard.exa.ai); searches that were running may have been canceled.",
  },
  forbidden: {
    cause: "question",
    advice: "The key is valid but its plan or team does not allow this; use another key or ask the team's owner.",
  },
  not_found: { cause: "question", advice: "Check the id." },
  invalid_request: { cause: "question", advice: "Correct the parameters and call again." },
  rate_limited: { cause: "weather", advice: "Wait, then call again; nothing is lost." },
  unavailable: { cause: "weather", advice: "Call again in a moment; nothing is lost." },
  unexpected_response: {
    cause: "weather",
    advice:
      "Call again in a moment; if it stays, check that EXA_BASE_URL points at the Exa API and that no proxy answers in its place.",
  },
} satisfies Record<string, Kind>;

export type ErrorKind = keyof typeof KINDS;

export interface ErrorFacts {
  /** What happened, in words that may be shown to anybody: never the key, and of an upstream's body at most a quoted sentence. */
  what: string;
  /** What to do about it; without it the kind's own advice is given. */
  advice?: string | undefined;
  /** The parameters with which the call would be right, as `limit 200`. */
  instead?: string | undefined;
  /** How long to wait before asking again, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The upstream's name for the request, for support. */
  requestId?: string | undefined;
  /** The upstream's HTTP status, where there was one. */
  status?: number | undefined;
  /** The API's own word for what is wrong, such as `FEATURE_DISABLED`. */
  tag?: string | undefined;
  isUnanswered?: boolean | undefined; // That is, its time was over before an answer came: more time may help.
  isAboutList?: boolean | undefined; // That is, about one which every account has: no id is wrong.
  cause?: unknown;
}

/** The only error our own code throws on purpose. */
export class WebsetsError extends Error {
  readonly kind: ErrorKind;
  readonly advice: string | undefined;
  readonly instead: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly status: number | undefined;
  readonly tag: string | undefined;
  readonly isAboutList: boolean;
  readonly isUnanswered: boolean;

  constructor(kind: ErrorKind, facts: ErrorFacts) {
    super(facts.what, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "WebsetsError";
    this.kind = kind;
    this.advice = facts.advice;
    this.instead = facts.instead;
    this.retryAfterMs = facts.retryAfterMs;
    this.requestId = facts.requestId;
    this.status = facts.status;
    this.tag = facts.tag;
    this.isAboutList = facts.isAboutList === true;
    this.isUnanswered = facts.isUnanswered === true;
  }
}

/** What happened and what to do, for the agent that called a tool; with its name, so that the text tells the whole next call. */
export function sentenceForAgent(error: WebsetsError, tool?: string): string {
  const call = tool === undefined ? "Pass" : `Call ${tool} with`;
  const instead = error.instead === undefined ? "" : ` ${call} ${error.instead}.`;
  return `${error.kind}: ${finished(error.message)}${pauseOf(error)}${instead} ${adviceOf(error)}`;
}

/** How long the API asks to wait, as a further sentence; empty where it does not. */
export function pauseOf({ retryAfterMs }: WebsetsError): string {
  return retryAfterMs ? ` The API asks to wait ${Math.ceil(retryAfterMs / 1_000)} s.` : "";
}

/** What to do about an error: its own advice, or else that of its kind; where the API asks for a pause, "in a moment" is too soon. */
export function adviceOf({ kind, advice, retryAfterMs }: WebsetsError): string {
  return advice ?? KINDS[kind === "unavailable" && retryAfterMs ? "rate_limited" : kind].advice;
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

/** True for errors that pass by themselves, so that a wait may outlast them. */
export function isTransient(error: WebsetsError): boolean;
export function isTransient(error: unknown): error is WebsetsError;
export function isTransient(error: unknown): boolean {
  return isCausedBy("weather", error);
}

/** True for errors about what was asked for: the API does not know that, does not take it, or does not show it to this key. */
export function isAboutQuestion(error: unknown): error is WebsetsError {
  return isCausedBy("question", error);
}

/** True where no further request can do better: it is the account's, or the API says by a tag what the key may not do. */
export function isFinal(error: unknown): error is WebsetsError {
  return isCausedBy("account", error) || (error instanceof WebsetsError && error.kind === "forbidden" && !!error.tag);
}

function isCausedBy(cause: Cause, error: unknown): error is WebsetsError {
  return error instanceof WebsetsError && KINDS[error.kind].cause === cause;
}

/** True for the rejection of an aborted call, which is never reported to anybody. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** One for all: the stack of each would cost more than anything else that happens where a thousand waits end. */
const ABORTED = new DOMException("The call was aborted", "AbortError");

export function abortError(): Error {
  return ABORTED;
}

/** A sentence with its full stop. */
export function finished(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** What could be an accident is asked again after this long, in milliseconds. */
export const SECOND_LOOK_MS = 2_000;

/** True for an answer of the API that could be an accident: only a second one, that much later, is believed. */
export function isDoubtful(error: unknown): error is WebsetsError {
  return isAboutQuestion(error) && error.status !== undefined && !isFinal(error);
}
