import type { ExaClient } from "../exa/client.ts";
import { WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import type { FeedEvent } from "./event.ts";

/** So many monitors, and so many Websets, are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 1_000;

/** What was found, and when it was asked for, in `clock.now()`. */
interface Found<T> {
  value: T;
  sentAt: number;
}

/**
 * Tells whether an event belongs to a Webset. Most events say it themselves; a monitor run names only its monitor, which is
 * looked up once and kept, and an import belongs to a Webset only where that Webset's `imports` lists it. Who asks for the
 * same thing at the same time shares the request.
 */
export class Owners {
  readonly #exa: Pick<ExaClient, "getMonitor" | "getWebset">;
  readonly #websetOfMonitor = new Map<string, string | null>();
  readonly #unknownMonitors = new Map<string, Found<null>>();
  readonly #importsOfWebset = new Map<string, Found<ReadonlySet<string>>>();
  readonly #monitorCalls = new SharedCalls<Found<string | null>>();
  readonly #websetCalls = new SharedCalls<Found<ReadonlySet<string>>>();

  constructor(exa: Pick<ExaClient, "getMonitor" | "getWebset">) {
    this.#exa = exa;
  }

  /** Notes what an event tells by the way, so that it need not be asked. */
  note(event: FeedEvent): void {
    if (event.owner.kind !== "webset" || !event.type.startsWith("monitor.") || !isRecord(event.data)) return;
    if (typeof event.data.id === "string") keepNewest(this.#websetOfMonitor, event.data.id, event.owner.websetId);
  }

  /**
   * Rejects with what the client rejects with; what the API does not know belongs to nobody.
   * @param seenAt when the event was seen, in `clock.now()`: a "no" from before may have changed since.
   */
  async belongs(event: FeedEvent, websetId: string, seenAt: number, signal: AbortSignal): Promise<boolean> {
    const { owner } = event;
    if (owner.kind === "webset") return owner.websetId === websetId;
    if (owner.kind === "monitor") return (await this.#websetOf(owner.monitorId, seenAt, signal)) === websetId;
    if (owner.kind === "import") return this.#lists(websetId, owner.importId, seenAt, signal);
    return false;
  }

  async #websetOf(monitorId: string, seenAt: number, signal: AbortSignal): Promise<string | null> {
    for (;;) {
      const known = this.#websetOfMonitor.get(monitorId);
      if (known !== undefined) return known;
      if ((this.#unknownMonitors.get(monitorId)?.sentAt ?? Number.NEGATIVE_INFINITY) >= seenAt) return null;
      await this.#monitorCalls.join(monitorId, signal, (shared) => this.#askMonitor(monitorId, seenAt, shared));
    }
  }

  async #askMonitor(monitorId: string, seenAt: number, signal: AbortSignal): Promise<Found<string | null>> {
    try {
      const { value, sentAt } = await this.#exa.getMonitor(monitorId, { signal });
      keepNewest(this.#websetOfMonitor, monitorId, value.websetId);
      return { value: value.websetId, sentAt };
    } catch (error) {
      // A deleted monitor can no longer be asked for; but one that has just been created may soon be known.
      if (!isUnknown(error)) throw error;
      const unknown = { value: null, sentAt: seenAt };
      keepNewest(this.#unknownMonitors, monitorId, unknown);
      return unknown;
    }
  }

  async #lists(websetId: string, importId: string, seenAt: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const known = this.#importsOfWebset.get(websetId);
      if (known?.value.has(importId) === true) return true;
      if (known !== undefined && known.sentAt >= seenAt) return false;
      await this.#websetCalls.join(websetId, signal, (shared) => this.#askWebset(websetId, seenAt, shared));
    }
  }

  async #askWebset(websetId: string, seenAt: number, signal: AbortSignal): Promise<Found<ReadonlySet<string>>> {
    const found = { value: this.#importsOfWebset.get(websetId)?.value ?? new Set<string>(), sentAt: seenAt };
    try {
      const answer = await this.#exa.getWebset(websetId, { signal });
      found.value = new Set(answer.value.imports.map((one) => one.id));
      found.sentAt = answer.sentAt;
    } catch (error) {
      // A Webset that is gone lists nothing more; what it listed before stays its own.
      if (!isUnknown(error)) throw error;
    }
    keepNewest(this.#importsOfWebset, websetId, found);
    return found;
  }
}

function keepNewest<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MOST_REMEMBERED) return;
    map.delete(oldest);
  }
}

/** An id the API would not take is one it cannot know. */
function isUnknown(error: unknown): boolean {
  return error instanceof WebsetsError && (error.kind === "not_found" || error.kind === "invalid_request");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
