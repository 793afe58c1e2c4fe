import type { ExaClient } from "../exa/client.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";

/** So many monitors are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 1_000;

/**
 * Tells whether an event belongs to a Webset. Most events say it themselves; a monitor run names only its monitor, which is
 * looked up once and kept, and an import belongs to a Webset only where that Webset's `imports` lists it.
 */
export class Owners {
  readonly #exa: Pick<ExaClient, "getMonitor" | "getWebset">;
  readonly #websetOfMonitor = new Map<string, string | null>();
  readonly #websetsOfImport = new Map<string, Set<string>>();

  constructor(exa: Pick<ExaClient, "getMonitor" | "getWebset">) {
    this.#exa = exa;
  }

  /** Notes what an event or an answer told by the way, so that it need not be asked. */
  note(event: FeedEvent): void {
    if (event.owner.kind === "webset" && event.type.startsWith("monitor.") && isRecord(event.data)) {
      if (typeof event.data.id === "string") this.#remember(event.data.id, event.owner.websetId);
    }
  }

  async belongs(event: FeedEvent, websetId: string, signal: AbortSignal): Promise<boolean> {
    const { owner } = event;
    if (owner.kind === "webset") return owner.websetId === websetId;
    if (owner.kind === "monitor") return (await this.#websetOf(owner.monitorId, signal)) === websetId;
    if (owner.kind === "import") return this.#imports(owner.importId, websetId, signal);
    return false;
  }

  async #websetOf(monitorId: string, signal: AbortSignal): Promise<string | null> {
    const known = this.#websetOfMonitor.get(monitorId);
    if (known !== undefined) return known;
    try {
      const { value } = await this.#exa.getMonitor(monitorId, { signal });
      return this.#remember(monitorId, value.websetId);
    } catch (error) {
      // A deleted monitor can no longer be asked for, and an id the API would not take belongs to nobody.
      if (isUnknown(error)) return this.#remember(monitorId, null);
      throw error;
    }
  }

  async #imports(importId: string, websetId: string, signal: AbortSignal): Promise<boolean> {
    if (this.#websetsOfImport.get(importId)?.has(websetId)) return true;
    try {
      const { value } = await this.#exa.getWebset(websetId, { signal });
      const listed = value.imports.some((one) => one.id === importId);
      if (listed) {
        this.#websetsOfImport.set(importId, new Set([...(this.#websetsOfImport.get(importId) ?? []), websetId]));
        forgetOldest(this.#websetsOfImport);
      }
      return listed;
    } catch (error) {
      if (isUnknown(error)) return false;
      throw error;
    }
  }

  #remember(monitorId: string, websetId: string | null): string | null {
    this.#websetOfMonitor.set(monitorId, websetId);
    forgetOldest(this.#websetOfMonitor);
    return websetId;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST_REMEMBERED) return;
    map.delete(oldest);
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof WebsetsError && (error.kind === "not_found" || error.kind === "invalid_request");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
