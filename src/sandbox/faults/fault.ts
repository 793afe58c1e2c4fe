import type { SandboxAnswer, SandboxRequest } from "../message.ts";
import type { Page } from "../page.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";

/** A request as faults look at it. */
export interface FaultRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What a fault has to work with. */
export interface Scene {
  readonly request: FaultRequest;
  readonly world: World;
  /** The rule's own, so that other rules do not change what it does. */
  readonly random: Random;
}

interface Described {
  /** One line for `--help`. */
  readonly description: string;
}

interface OnRequests extends Described {
  /** The requests it can do something to; all of them without it. Others are not counted. */
  readonly fits?: (request: FaultRequest) => boolean;
}

/** Something that goes wrong, and when in the life of a request it does. */
export type Fault =
  | (OnRequests & { readonly kind: "instead"; readonly answer: (scene: Scene) => SandboxAnswer })
  /** False where there was nothing to do. */
  | (OnRequests & { readonly kind: "before"; readonly act: (scene: Scene) => boolean })
  /** Undefined where there was nothing to spoil. */
  | (OnRequests & {
      readonly kind: "after";
      readonly spoil: (answer: SandboxAnswer, scene: Scene) => SandboxAnswer | undefined;
    })
  /** Befalls events at their creation instead of requests. */
  | (Described & {
      readonly kind: "event";
      /** How many milliseconds later than it was created the event becomes visible. */
      readonly delay?: (random: Random) => number;
      /** What an event that happens at `now` gets as its `createdAt`, in milliseconds since 1970. */
      readonly createdAt?: (now: number) => number;
    })
  /** The way things are for as long as it is there. */
  | (Described & {
      readonly kind: "condition";
      readonly listOrder?: "oldest-first";
      /** What the sandbox's clock is ahead of the true one, in milliseconds. */
      readonly clockOffset?: number;
    });

export const EVENTS_PATH = "/websets/v0/events";
const LISTS = /^\/websets\/v0\/(events|websets|imports|monitors|websets\/[^/]+\/items|monitors\/[^/]+\/runs)$/;

export function isList({ method, path }: FaultRequest): boolean {
  return method === "GET" && LISTS.test(path);
}

export function isEventList({ method, path }: FaultRequest): boolean {
  return method === "GET" && path === EVENTS_PATH;
}

export function readRequest({ method, url, headers = {} }: SandboxRequest): FaultRequest {
  const mark = url.indexOf("?");
  return {
    method,
    url,
    path: mark === -1 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1)),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** Entries of any list: nothing more is known of them. */
export type Entry = Record<string, unknown>;

/** The page a list answered with; undefined for any other answer. */
export function pageOf({ status, body }: SandboxAnswer): Page<Entry> | undefined {
  if (status !== 200) return undefined;
  try {
    const page: unknown = JSON.parse(body);
    const isPage = typeof page === "object" && page !== null && "data" in page && Array.isArray(page.data);
    return isPage ? (page as Page<Entry>) : undefined;
  } catch {
    // Some other fault has been here already.
    return undefined;
  }
}

export function withPage(answer: SandboxAnswer, page: Page<Entry>): SandboxAnswer {
  return { ...answer, body: JSON.stringify(page) };
}

export function idOf(entry: Entry | undefined): string | undefined {
  return typeof entry?.id === "string" ? entry.id : undefined;
}
