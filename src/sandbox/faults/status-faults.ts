import { AccessError, ApiError, errorBody, WRONG_KEY } from "../api-error.ts";
import type { SandboxAnswer } from "../message.ts";
import type { Fault, Scene } from "./fault.ts";

const RETRY_AFTER_S = 2;

const TOO_MANY = new ApiError(429, "Too many requests");
/** In the words of people who met it. */
const NO_PLAN = new AccessError(401, "Your team (Sandbox) does not have access to the API, upgrade to a Pro plan");
const OUT_OF_CREDITS = new AccessError(402, "You have no more credits left", "NO_MORE_CREDITS");
const OVERLOADED = new AccessError(503, "The service is overloaded, try again later", "SERVICE_OVERLOADED");

const SORRY_HTML = `<!DOCTYPE html>
<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>gateway</center></body>
</html>
`;

/** Answers that come in place of the API's own, which never gets to see the request. */
export const statusFaults = {
  "rate-limited": {
    kind: "instead",
    description: `429 with Retry-After: ${RETRY_AFTER_S}`,
    answer: (scene) => refusal(scene, TOO_MANY, { "retry-after": String(RETRY_AFTER_S) }),
  },
  "rate-limited-date": {
    kind: "instead",
    description: `429 with Retry-After as a date, ${RETRY_AFTER_S} seconds ahead`,
    answer: (scene) => {
      // Dates have whole seconds: rounded up, so that it never asks for less.
      const until = Math.ceil(scene.world.wallTime() / 1000 + RETRY_AFTER_S) * 1000;
      return refusal(scene, TOO_MANY, { "retry-after": new Date(until).toUTCString() });
    },
  },
  "rate-limited-bare": {
    kind: "instead",
    description: "429 without Retry-After",
    answer: (scene) => refusal(scene, TOO_MANY),
  },
  unauthorized: {
    kind: "instead",
    description: "401, as if the key had been revoked",
    answer: (scene) => refusal(scene, new ApiError(401, "Invalid or missing API key")),
  },
  "wrong-key-400": {
    kind: "instead",
    description: "400, as the API was seen to refuse a key",
    answer: (scene) => refusal(scene, WRONG_KEY),
  },
  "no-plan": {
    kind: "instead",
    description: "401, for the plan of the key's team has no access to the API",
    answer: (scene) => refusal(scene, NO_PLAN),
  },
  "out-of-credits": {
    kind: "instead",
    description: "402 with the tag NO_MORE_CREDITS",
    answer: (scene) => refusal(scene, OUT_OF_CREDITS),
  },
  "error-500": {
    kind: "instead",
    description: "500 in the API's own shape",
    answer: (scene) => refusal(scene, new ApiError(500, "Something went wrong on our side")),
  },
  "html-502": {
    kind: "instead",
    description: "502 with a gateway's HTML page",
    answer: (scene) => ({
      status: 502,
      headers: { ...usualHeaders(scene), "content-type": "text/html; charset=utf-8" },
      body: SORRY_HTML,
    }),
  },
  "error-503": {
    kind: "instead",
    description: "503 with the tag SERVICE_OVERLOADED",
    answer: (scene) => refusal(scene, OVERLOADED),
  },
  "error-504": {
    kind: "instead",
    description: "504, the gateway gave up waiting",
    answer: (scene) => refusal(scene, new ApiError(504, "The upstream did not answer in time")),
  },
} as const satisfies Record<string, Fault>;

/** An error in the API's own shape. */
export function refusal(scene: Scene, error: ApiError, headers = {}): SandboxAnswer {
  const { world, request } = scene;
  const body = errorBody(error, {
    timestamp: world.timestamp(),
    path: request.path,
    requestId: world.newId("request"),
  });
  return {
    status: error.status,
    headers: { ...usualHeaders(scene), "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

function usualHeaders({ world }: Scene): Record<string, string> {
  return { date: new Date(world.wallTime()).toUTCString() };
}
