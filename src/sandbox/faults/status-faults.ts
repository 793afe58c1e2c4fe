import { errorBody } from "../api-error.ts";
import type { SandboxAnswer } from "../message.ts";
import type { Fault, Scene } from "./fault.ts";

const RETRY_AFTER_S = 2;

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
    answer: (scene) => refusal(scene, 429, "Too many requests", { "retry-after": String(RETRY_AFTER_S) }),
  },
  "rate-limited-date": {
    kind: "instead",
    description: `429 with Retry-After as a date, ${RETRY_AFTER_S} seconds ahead`,
    answer: (scene) => {
      // Dates have whole seconds: rounded up, so that it never asks for less.
      const until = Math.ceil(scene.world.wallTime() / 1000 + RETRY_AFTER_S) * 1000;
      return refusal(scene, 429, "Too many requests", { "retry-after": new Date(until).toUTCString() });
    },
  },
  "rate-limited-bare": {
    kind: "instead",
    description: "429 without Retry-After",
    answer: (scene) => refusal(scene, 429, "Too many requests"),
  },
  unauthorized: {
    kind: "instead",
    description: "401, as if the key had been revoked",
    answer: (scene) => refusal(scene, 401, "Invalid or missing API key"),
  },
  "error-500": {
    kind: "instead",
    description: "500 in the API's own shape",
    answer: (scene) => refusal(scene, 500, "Something went wrong on our side"),
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
    description: "503, overloaded",
    answer: (scene) => refusal(scene, 503, "The service is overloaded, try again later"),
  },
  "error-504": {
    kind: "instead",
    description: "504, the gateway gave up waiting",
    answer: (scene) => refusal(scene, 504, "The upstream did not answer in time"),
  },
} as const satisfies Record<string, Fault>;

/** An error in the API's own shape. */
export function refusal(scene: Scene, status: number, message: string, headers = {}): SandboxAnswer {
  return {
    status,
    headers: { ...usualHeaders(scene), "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(errorBody(status, message, scene.world.timestamp(), scene.request.path)),
  };
}

function usualHeaders({ world }: Scene): Record<string, string> {
  return { "x-request-id": world.newId("request"), date: new Date(world.wallTime()).toUTCString() };
}
