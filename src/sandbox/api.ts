import type { Clock } from "../shared/clock.ts";
import type { Log } from "../shared/log.ts";
import { ApiError, errorBody, WRONG_KEY } from "./api-error.ts";
import { type Faults, MOST_BODY_BYTES, type SandboxAnswer, type SandboxRequest } from "./message.ts";
import { type Listing, onlyKnown } from "./page.ts";
import type { RequestLog } from "./request-log.ts";
import { createRouter, type Match } from "./router.ts";
import { CONTROL_PATH, ROUTES } from "./routes.ts";
import type { World } from "./world.ts";

export interface ApiOptions {
  clock: Clock;
  world: World;
  requests: RequestLog;
  listing: Listing;
  log: Log;
  faults: Faults | undefined;
}

const match = createRouter(ROUTES);

/** Answers requests as the API does. It never rejects unless a fault does. */
export function createApi(options: ApiOptions): (request: SandboxRequest) => Promise<SandboxAnswer> {
  const { clock, world, requests, listing, log, faults } = options;

  const answer = (status: number, body: unknown): SandboxAnswer => ({
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      date: new Date(clock.wallTime()).toUTCString(),
    },
    body: JSON.stringify(body),
  });

  const refusal = (request: SandboxRequest, error: ApiError): SandboxAnswer => {
    const { path } = split(request.url);
    const scene = { timestamp: world.timestamp(), path, requestId: world.newId("request") };
    const { headers, ...rest } = answer(error.status, errorBody(error, scene));
    return { ...rest, headers: { ...headers, ...error.headers } };
  };

  const run = (request: SandboxRequest, { ids, outcome }: Match, isControl: boolean): SandboxAnswer => {
    try {
      if (!isControl) demandKey(request);
      demandSmallBody(request);
      if (outcome instanceof ApiError) throw outcome;
      const query = new URLSearchParams(split(request.url).query);
      onlyKnown(query, outcome.query ?? []);
      const result = outcome.run({
        world,
        requests,
        listing,
        ids,
        query,
        body: () => jsonBody(request),
        text: request.body ?? "",
        host: header(request, "host"),
      });
      return answer(outcome.status ?? 200, result);
    } catch (error) {
      if (error instanceof ApiError) return refusal(request, error);
      log.error(`sandbox: ${error instanceof Error ? error.stack : String(error)}`);
      return refusal(request, new ApiError(500, "The sandbox itself failed; its log says how"));
    }
  };

  return async (request) => {
    if (!isLoopback(header(request, "host"))) return refusal(request, FOREIGN_HOST);
    const { path, query } = split(request.url);
    const matched = match(request.method, path);
    if (path.startsWith(CONTROL_PATH)) return run(request, matched, true);
    requests.add({ method: request.method, path, query, route: matched.label, time: clock.wallTime() });
    const next = async () => run(request, matched, false);
    return faults === undefined ? next() : faults.intercept(request, next);
  };
}

function split(url: string): { path: string; query: string } {
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Empty where the request has none of that name. */
function header({ headers = {} }: SandboxRequest, wanted: string): string {
  return (
    Object.entries(headers)
      .find(([name]) => name.toLowerCase() === wanted)?.[1]
      ?.trim() ?? ""
  );
}

const FOREIGN_HOST = new ApiError(
  403,
  "The sandbox answers only under names of this machine's loopback, such as localhost",
);
const LOOPBACK = /^(localhost|\[::1\]|127(\.\d{1,3}){3})(:\d+)?$/i;

/**
 * A page in a browser on this machine may call the sandbox under a name of its own that leads here (DNS rebinding); then
 * the Host header has that name. Empty without a socket.
 */
function isLoopback(host: string): boolean {
  return host === "" || LOOPBACK.test(host);
}

/** The key that is refused as the API refuses one; every other will do. */
const INVALID_KEY = "invalid";

function demandKey(request: SandboxRequest): void {
  const key = header(request, "x-api-key") || /^Bearer (\S+)/i.exec(header(request, "authorization"))?.[1];
  if (key === undefined) throw new ApiError(401, "Invalid or missing API key");
  if (key === INVALID_KEY) throw WRONG_KEY;
}

function demandSmallBody({ body = "" }: SandboxRequest): void {
  if (Buffer.byteLength(body) > MOST_BODY_BYTES) throw new ApiError(413, "The request body is larger than 1 MiB");
}

function jsonBody({ body = "" }: SandboxRequest): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, "The request body is not valid JSON");
  }
}
