import { onAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";
import type { ListOrder } from "./sorted-list.ts";
import type { World } from "./world.ts";

/** Larger request bodies are refused with 413. */
export const MOST_BODY_BYTES = 2 ** 20;

/** A request as the sandbox reads it, from a socket or from a test. */
export interface SandboxRequest {
  method: string;
  /** Path and query. */
  url: string;
  /** Names in any case. */
  headers?: Record<string, string | undefined>;
  body?: string | undefined;
}

export interface SandboxAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  /**
   * What happens to the answer on its way. The listener does it to the socket; whoever calls `handle` without one gets the
   * same from `deliver`, and without that the answer as it was before.
   */
  transport?: TransportFault;
}

export type TransportFault =
  /** No connection: this request's is reset, and for `ms` milliseconds no other is accepted. */
  | { kind: "refused"; ms: number }
  /** The connection is reset: before the first header, or after the headers and half the body. */
  | { kind: "reset"; after: "nothing" | "headers" }
  /** The connection ends in order, but with half the body missing. */
  | { kind: "cut" }
  /** Nothing more comes: not even headers, or none of the body's second half. */
  | { kind: "stalled"; after: "nothing" | "headers" }
  /** Spaces follow the body up to this size: still the same JSON. Compressed, they are next to nothing on the way. */
  | { kind: "padded"; bytes: number; compressed: boolean };

/** What stands between the network and the API, and may answer in its place or spoil its answers. */
export interface Faults {
  /** `next` gives the API's own answer. The sandbox's control paths do not come by here. */
  intercept(request: SandboxRequest, next: () => Promise<SandboxAnswer>): Promise<SandboxAnswer>;
  /** Called by the sandbox the faults are given to, before anything happens in it. */
  attach?(world: World): void;
  /** How the world is for as long as they are there; asked for each time it matters. */
  readonly conditions?: Conditions;
}

export interface Conditions {
  /** In place of the sandbox's own order. */
  readonly listOrder: ListOrder | undefined;
  /** How far the sandbox's clock is ahead of the true one, in milliseconds. */
  readonly clockOffset: number;
  /** How many milliseconds after its creation the next event becomes visible, at least. */
  visibilityDelay(): number;
  /** The `createdAt` of an event that happens at `now`, both in milliseconds since 1970. */
  eventTime(now: number): number;
}

/** How a client without sockets receives answers. */
export interface Reception {
  /** Ends what stalls with an AbortError, as it would end a socket. */
  signal?: AbortSignal;
  /** With it, what stalls ends by the two times below; without it, only by `signal`. */
  clock?: Clock;
  /** Milliseconds until an answer that does not begin rejects with TIMEOUT_headers. Default 15,000. */
  headersTimeout?: number;
  /** Milliseconds until a body that does not go on rejects with TIMEOUT_body. Default 30,000. */
  bodyTimeout?: number;
  /** The longest body in bytes; no limit without it. */
  maxBytes?: number;
  /** The error for a longer one, given `maxBytes`; without it an ordinary error with TOO_LARGE. */
  tooLarge?: (maxBytes: number) => Error;
}

/** An answer as it arrived. */
export type DeliveredAnswer = Omit<SandboxAnswer, "transport">;

/**
 * What a client on a socket would get of an answer of `handle`: the answer, or a rejection with the `code` that a
 * transport gives such a failure (ECONNREFUSED, or ECONNRESET, also for a body cut short), or nothing for a time.
 */
export async function deliver(answer: SandboxAnswer, reception: Reception = {}): Promise<DeliveredAnswer> {
  if (reception.signal?.aborted) throw abortError();
  const { transport, ...arrived } = answer;
  if (transport === undefined) return measured(arrived, 0, reception);
  switch (transport.kind) {
    case "refused":
      throw failure("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1");
    case "reset":
      throw failure("ECONNRESET", "read ECONNRESET");
    case "cut":
      throw failure("ECONNRESET", "other side closed");
    case "stalled":
      return waitInVain(transport, reception);
    case "padded":
      return measured(arrived, transport.bytes, reception);
  }
}

function measured(answer: DeliveredAnswer, paddedTo: number, { maxBytes, tooLarge }: Reception): DeliveredAnswer {
  const own = maxBytes === undefined && paddedTo === 0 ? 0 : Buffer.byteLength(answer.body);
  if (maxBytes !== undefined && Math.max(own, paddedTo) > maxBytes) {
    throw tooLarge?.(maxBytes) ?? failure("TOO_LARGE", "Response content exceeded max size");
  }
  return paddedTo > own ? { ...answer, body: answer.body + " ".repeat(paddedTo - own) } : answer;
}

async function waitInVain(
  { after }: TransportFault & { kind: "stalled" },
  { signal, clock, headersTimeout = 15_000, bodyTimeout = 30_000 }: Reception,
): Promise<never> {
  if (clock === undefined) return forever(signal);
  if (after === "nothing") {
    await clock.sleep(headersTimeout, signal);
    throw failure("TIMEOUT_headers", "Headers Timeout Error");
  }
  await clock.sleep(bodyTimeout, signal);
  throw failure("TIMEOUT_body", "Body Timeout Error");
}

function forever(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    onAbort(signal, () => reject(abortError()));
  });
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
