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
}

/** What stands between the network and the API, and may answer in its place or spoil its answers. */
export interface Faults {
  /** `next` gives the API's own answer. The sandbox's control paths do not come by here. */
  intercept(request: SandboxRequest, next: () => Promise<SandboxAnswer>): Promise<SandboxAnswer>;
}
