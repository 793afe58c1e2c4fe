import type { SandboxAnswer, TransportFault } from "../message.ts";
import type { Fault, Scene } from "./fault.ts";

/** Long enough that a client which asks again at once meets it. */
const REFUSED_MS = 1_000;
/** 50 MB as providers count. */
const HUGE_BYTES = 50_000_000;

/** What happens to connections. The API has dealt with the request by then, except where the connection was refused. */
export const connectionFaults = {
  refused: {
    kind: "instead",
    description: `connection refused, over HTTP for ${REFUSED_MS / 1000} s`,
    // Never sent: there is no connection it could go over.
    answer: () => ({ status: 503, headers: {}, body: "", transport: { kind: "refused", ms: REFUSED_MS } }),
  },
  reset: {
    kind: "after",
    description: "connection reset before the headers",
    spoil: meeting({ kind: "reset", after: "nothing" }),
  },
  "reset-after-headers": {
    kind: "after",
    description: "connection reset after the headers and half the body",
    spoil: meeting({ kind: "reset", after: "headers" }),
  },
  "cut-body": {
    kind: "after",
    description: "the body ends after its first half",
    spoil: meeting({ kind: "cut" }),
  },
  "stalled-body": {
    kind: "after",
    description: "the body stops after its first half, and the connection stays open",
    spoil: meeting({ kind: "stalled", after: "headers" }),
  },
  "no-headers": {
    kind: "after",
    description: "no answer at all, and the connection stays open",
    spoil: meeting({ kind: "stalled", after: "nothing" }),
  },
  "huge-answer": {
    kind: "after",
    description: "an answer of 50 MB",
    spoil: meeting({ kind: "padded", bytes: HUGE_BYTES, compressed: false }),
  },
  "huge-answer-gzip": {
    kind: "after",
    description: "an answer of 50 MB that is some 50 KB on its way, for clients that accept gzip",
    spoil: (answer: SandboxAnswer, { request }: Scene) => {
      const compressed = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
      return { ...answer, transport: { kind: "padded", bytes: HUGE_BYTES, compressed } };
    },
  },
} as const satisfies Record<string, Fault>;

function meeting(transport: TransportFault): (answer: SandboxAnswer) => SandboxAnswer {
  return (answer) => ({ ...answer, transport });
}
