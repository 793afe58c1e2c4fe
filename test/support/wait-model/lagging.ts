import { ApiError, errorBody } from "../../../src/sandbox/api-error.ts";
import type { Faults, SandboxAnswer, SandboxRequest } from "../../../src/sandbox/message.ts";
import type { History } from "./history.ts";
import { EXTERNAL_ID } from "./scenario.ts";

export interface Lag {
  /** Asked for when it is known. */
  history: () => History;
  /** `clock.now()`. */
  now: () => number;
  lagMs: number;
  /** Whether `updatedAt` is told, of anything. */
  tellsUpdates: boolean;
}

const GONE = new ApiError(404, "Webset not found");
const STATE = /^\/websets\/v0\/websets\/([^/?]+)(?:\/searches\/([^/?]+))?$/;

/** An API that answers for a Webset with what was true a while ago, although its events are there; the rest is up to `others`. */
export function lagging(others: Faults, lag: Lag): Faults {
  const { history, now, lagMs, tellsUpdates } = lag;
  const late = (request: SandboxRequest, answer: SandboxAnswer): SandboxAnswer => {
    const [, id, searchId] = STATE.exec(request.url) ?? [];
    if (id === undefined || !(id === EXTERNAL_ID || history().knows(id))) return answer;
    const { webset } = history().serve(now() - lagMs);
    const found = webset !== undefined && (id === EXTERNAL_ID || id === webset.id) ? webset : undefined;
    const asked = searchId === undefined ? found : found?.searches.find((search) => search.id === searchId);
    const status = asked === undefined ? 404 : 200;
    return {
      ...answer,
      status,
      body: JSON.stringify(asked ?? errorBody(GONE, { timestamp: "", path: request.url, requestId: "" })),
    };
  };
  const silent = (answer: SandboxAnswer): SandboxAnswer => {
    return { ...answer, body: answer.body.replaceAll(/"updatedAt":"[^"]*"/g, '"updatedAt":null') };
  };
  return {
    attach: (world) => others.attach?.(world),
    ...(others.conditions !== undefined && { conditions: others.conditions }),
    intercept: (request, next) =>
      others.intercept(request, async () => {
        const answer = late(request, await next());
        return tellsUpdates ? answer : silent(answer);
      }),
  };
}
