import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { type ErrorKind, sentenceForAgent, WebsetsError } from "../shared/errors.ts";

/*
 * The words of the Events extension, from SEP-3415 as of October 2026 (modelcontextprotocol/modelcontextprotocol,
 * seps/0000-events-extension.md). The SDK dispatches its methods but has no names or shapes for it yet.
 */

export const EVENTS_EXTENSION = "io.modelcontextprotocol/events";

/** What is wrong with a subscription, where JSON-RPC has no number of its own for it. */
type Fault = "notFound" | "forbidden" | "exhausted";

/**
 * The numbers for it: the draft calls its own provisional, and clients go by those of the design sketch that came before it. Both also
 * have some for webhook subscriptions, which there are none of here.
 */
const NUMBERS = {
  sketch: { notFound: -32011, forbidden: -32012, exhausted: -32013 },
  draft: { notFound: -32023, forbidden: -32024, exhausted: -32025 },
} satisfies Record<string, Record<Fault, number>>;

/** The switch: what clients in the field know. */
const NUMBERED_AS: keyof typeof NUMBERS = "sketch";

const FAULTS: Readonly<Partial<Record<ErrorKind, Fault>>> = {
  missing_key: "forbidden",
  unauthorized: "forbidden",
  no_access: "forbidden",
  forbidden: "forbidden",
  out_of_credits: "exhausted",
  rate_limited: "exhausted",
};

/** An error as JSON-RPC has it, in answers and inside of notifications. */
export interface EventsError {
  code: number;
  message: string;
  data: { kind: string; retryAfterMs?: number };
}

/** What a client is told of an error: a program goes by its number and `data`, a person by its sentence. */
export function eventsError(error: WebsetsError, numbers = NUMBERED_AS): EventsError {
  const { kind, retryAfterMs } = error;
  const fault = FAULTS[kind];
  const isTheirs = kind === "invalid_request" || kind === "not_found";
  const standard = isTheirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return {
    code: fault === undefined ? standard : NUMBERS[numbers][fault],
    message: sentenceForAgent(error),
    data: { kind, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  };
}

/** That no event of this name is offered; `why` is a sentence. */
export function noSuchEvent(why: string, numbers = NUMBERED_AS): ProtocolError {
  return new ProtocolError(NUMBERS[numbers].notFound, `${why} events/list tells which there are.`, { kind: "event" });
}

/** An error of ours as the protocol's; others are left as they are. */
export function protocolError(error: unknown): unknown {
  if (!(error instanceof WebsetsError)) return error;
  const { code, message, data } = eventsError(error);
  return new ProtocolError(code, message, data);
}
