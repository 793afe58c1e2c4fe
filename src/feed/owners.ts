import type { ExaClient } from "../exa/client.ts";
import { idOf } from "../exa/event.ts";
import { isAboutQuestion } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import type { FeedEvent } from "./event.ts";

/** So many monitors, and so many Websets, are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 1_000;

export interface OwnerOptions {
  /** When the event was seen, in `clock.now()`: a "no" from before may have changed since. */
  seenAt: number;
  signal: AbortSignal;
  /** The `clock.now()` at which a look-up is over, whatever happens; without it the client decides. */
  deadline?: number;
  /** How often a look-up is tried at most; without it the client decides. */
  attempts?: number;
}

/** What was found, and when it was asked for, in `clock.now()`. */
interface Found<T> {
  value: T;
  sentAt: number;
}

/**
 * Tells whether an event belongs to a Webset. Most events say it themselves; a monitor run names only its monitor, which is
 * looked up once and kept. An import belongs to a Webset only where that Webset's `imports` lists it, and so does a monitor that
 * the API does not show by itself, by `monitors`. Who asks for the same thing at the same time shares the request.
 */
export class Owners {
  readonly #exa: Pick<ExaClient, "getMonitor" | "getWebset">;
  readonly #websetOfMonitor = new Map<string, string | null>();
  readonly #unknownMonitors = new Map<string, Found<null>>();
  readonly #partsOfWebset = new Map<string, Found<ReadonlySet<string>>>();
  readonly #monitorCalls = new SharedCalls<Found<string | null>>();
  readonly #websetCalls = new SharedCalls<Found<ReadonlySet<string>>>();

  constructor(exa: Pick<ExaClient, "getMonitor" | "getWebset">) {
    this.#exa = exa;
  }

  /** Notes what an event tells by the way, so that it need not be asked. */
  note(event: FeedEvent): void {
    if (event.owner.kind !== "webset" || !event.type.startsWith("monitor.") || !isRecord(event.data)) return;
    const id = idOf(event.data.id);
    if (id !== undefined) keepNewest(this.#websetOfMonitor, id, event.owner.websetId);
  }

  /**
   * Rejects with what the client rejects with; what the API does not know belongs to nobody.
   */
  async belongs(event: FeedEvent, websetId: string, options: OwnerOptions): Promise<boolean> {
    const { owner } = event;
    if (owner.kind === "webset") return owner.websetId === websetId;
    if (owner.kind === "monitor") {
      const known = await this.#websetOf(owner.monitorId, options);
      if (known !== null) return known === websetId;
      return this.#lists(websetId, owner.monitorId, options);
    }
    if (owner.kind === "import") return this.#lists(websetId, owner.importId, options);
    return false;
  }

  async #websetOf(monitorId: string, options: OwnerOptions): Promise<string | null> {
    const { seenAt, signal } = options;
    for (;;) {
      const known = this.#websetOfMonitor.get(monitorId);
      if (known !== undefined) return known;
      if ((this.#unknownMonitors.get(monitorId)?.sentAt ?? Number.NEGATIVE_INFINITY) >= seenAt) return null;
      await this.#monitorCalls.join(monitorId, signal, (shared) =>
        this.#askMonitor(monitorId, { ...options, signal: shared }),
      );
    }
  }

  async #askMonitor(monitorId: string, options: OwnerOptions): Promise<Found<string | null>> {
    const { seenAt, ...call } = options;
    try {
      const { value, sentAt } = await this.#exa.getMonitor(monitorId, call);
      keepNewest(this.#websetOfMonitor, monitorId, value.websetId);
      return { value: value.websetId, sentAt };
    } catch (error) {
      // A deleted monitor can no longer be asked for; but one that has just been created may soon be known. An id the API would
      // not take is one it cannot know.
      if (!isAboutQuestion(error)) throw error;
      const unknown = { value: null, sentAt: seenAt };
      keepNewest(this.#unknownMonitors, monitorId, unknown);
      return unknown;
    }
  }

  async #lists(websetId: string, partId: string, options: OwnerOptions): Promise<boolean> {
    const { seenAt, signal } = options;
    for (;;) {
      const known = this.#partsOfWebset.get(websetId);
      if (known?.value.has(partId) === true) return true;
      if (known !== undefined && known.sentAt >= seenAt) return false;
      await this.#websetCalls.join(websetId, signal, (shared) =>
        this.#askWebset(websetId, { ...options, signal: shared }),
      );
    }
  }

  async #askWebset(websetId: string, options: OwnerOptions): Promise<Found<ReadonlySet<string>>> {
    const { seenAt, ...call } = options;
    const found = { value: this.#partsOfWebset.get(websetId)?.value ?? new Set<string>(), sentAt: seenAt };
    try {
      const answer = await this.#exa.getWebset(websetId, call);
      const { imports, monitors } = answer.value;
      found.value = new Set([...imports, ...monitors].map((one) => one.id));
      found.sentAt = answer.sentAt;
    } catch (error) {
      // A Webset that is gone lists nothing more; what it listed before stays its own.
      if (!isAboutQuestion(error)) throw error;
    }
    keepNewest(this.#partsOfWebset, websetId, found);
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
