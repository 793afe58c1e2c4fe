import { ApiError } from "./api-error.ts";
import type { Listing } from "./page.ts";
import type { RequestLog } from "./request-log.ts";
import type { World } from "./world.ts";

/** Names that stand for an id in a route's path, as `:webset` does. */
const ID_NAMES = ["webset", "monitor", "id"] as const;
type Ids = Record<(typeof ID_NAMES)[number], string>;

/** What a route has to work with. */
export interface Call {
  world: World;
  requests: RequestLog;
  listing: Listing;
  /** The ids in the path, decoded; empty where the route's path does not name them. */
  ids: Ids;
  query: URLSearchParams;
  /** The request's body as JSON; `ApiError` 400 when it is none. */
  body(): unknown;
  /** The same as it came. */
  text: string;
  /** Where the caller reached the sandbox, such as `127.0.0.1:4010`; empty without a socket. */
  host: string;
}

export interface Route {
  method: string;
  path: string;
  /** The names of its query parameters; none without it. */
  query?: readonly string[];
  /** The status of its success; 200 without it. */
  status?: number;
  run(call: Call): unknown;
}

export interface Match {
  /** Method and path for the request log, with the names of ids in their place. */
  label: string;
  ids: Ids;
  /** What to run, or why there is nothing. */
  outcome: Route | ApiError;
}

/** What finds the route for a method and a path. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  // Once, not for each request: in tests the sandbox is asked hundreds of thousands of times.
  const known = routes.map((route) => ({ route, parts: route.path.split("/").map(toPart) }));
  return (method, path) => {
    const segments = path.split("/");
    const candidates: { route: Route; ids: Ids }[] = [];
    for (const { route, parts } of known) {
      const ids = idsIn(parts, segments);
      if (ids !== undefined) candidates.push({ route, ids });
    }
    const found = candidates.find(({ route }) => route.method === method) ?? candidates[0];
    if (found === undefined) {
      return { label: `${method} (unknown)`, ids: noIds(), outcome: new ApiError(404, `Cannot ${method} ${path}`) };
    }
    const { route, ids } = found;
    const label = `${method} ${route.path}`;
    if (route.method === method) return { label, ids, outcome: route };
    const allow = candidates.map((one) => one.route.method).join(", ");
    return { label, ids, outcome: new ApiError(405, `Cannot ${method} ${path}`, { allow }) };
  };
}

/** Part of a route's path: a word as it stands there, or the name of an id. */
interface Part {
  word: string;
  name: (typeof ID_NAMES)[number] | undefined;
}

function toPart(word: string): Part {
  return { word, name: ID_NAMES.find((one) => word === `:${one}`) };
}

function idsIn(parts: Part[], segments: string[]): Ids | undefined {
  if (parts.length !== segments.length) return undefined;
  if (parts.some(({ word, name }, index) => name === undefined && word !== segments[index])) return undefined;
  const ids = noIds();
  for (const [index, { name }] of parts.entries()) {
    if (name === undefined) continue;
    const id = decoded(segments[index] ?? "");
    if (id === undefined || id === "") return undefined;
    ids[name] = id;
  }
  return ids;
}

function noIds(): Ids {
  return { webset: "", monitor: "", id: "" };
}

/** Nothing for invalid percent-encoding: no resource has such an id. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
