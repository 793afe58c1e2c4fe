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
  /** Whether what is under way has a status that nobody knows, but for searches. */
  newWords: boolean;
}

const GONE = new ApiError(404, "Webset not found");
const STATE = /^\/websets\/v0\/websets\/([^/?]+)(?:\/searches\/([^/?]+))?$/;

const WITH_NEW_WORDS: ReadonlySet<unknown> = new Set([
  "webset",
  "enrichment",
  "webset_enrichment",
  "import",
  "monitor",
]);
const UNDER_WAY: ReadonlySet<unknown> = new Set(["pending", "processing", "running", "enabled"]);

function inNewWords(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("object" in value) || !("status" in value)) return value;
  return WITH_NEW_WORDS.has(value.object) && UNDER_WAY.has(value.status) ? { ...value, status: "reworking" } : value;
}

/** An API that answers for a Webset with what was true a while ago, although its events are there; the rest is up to `others`. */
export function lagging(others: Faults, lag: Lag): Faults {
  const { history, now, lagMs, tellsUpdates, newWords } = lag;
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
        const told = late(request, await next());
        const answer = tellsUpdates ? told : silent(told);
        return newWords ? { ...answer, body: JSON.stringify(JSON.parse(answer.body, inNewWords)) } : answer;
      }),
  };
}
