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
   * What befalls the answer on its way. The listener does it to the socket; whoever calls `handle` without one gets the
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
