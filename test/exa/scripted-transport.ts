import type { HttpAnswer, HttpRequest, Transport } from "../../src/exa/http.ts";
import type { Clock } from "../../src/shared/clock.ts";

/** What one request meets: an answer, an error to reject with, or a function for anything else. */
export type Step = Partial<HttpAnswer> | Error | ((request: HttpRequest) => Promise<HttpAnswer>);

export interface ScriptedTransport extends Transport {
  /** The requests made, with the time of each. */
  requests: (HttpRequest & { at: number })[];
}

/** A transport that plays one step per request and repeats the last one. */
export function scriptedTransport(clock: Clock, ...steps: Step[]): ScriptedTransport {
  const requests: ScriptedTransport["requests"] = [];
  const transport: Transport = async (request) => {
    const step = steps[Math.min(requests.length, steps.length - 1)] ?? {};
    requests.push({ ...request, at: clock.now() });
    if (step instanceof Error) throw step;
    if (typeof step === "function") return step(request);
    return { status: 200, headers: {}, body: "", ...step };
  };
  return Object.assign(transport, { requests });
}

/** An answer of JSON. */
export function json(value: unknown, more: Partial<HttpAnswer> = {}): Partial<HttpAnswer> {
  return { body: JSON.stringify(value), ...more };
}

/** An answer that never comes, not even when the request is aborted. */
export function never(): Promise<HttpAnswer> {
  return new Promise(() => {});
}
