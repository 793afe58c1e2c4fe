import type { ExaClient } from "../exa/client.ts";
import { idOf } from "../exa/schemas.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isAboutQuestion, isDoubtful, SECOND_LOOK_MS, WebsetsError } from "../shared/errors.ts";
import { SharedCalls } from "../shared/shared-calls.ts";
import { type FeedEvent, isRecord } from "./event.ts";

/** At most this many monitors are remembered, and this many Websets with this many parts in all. */
const MOST_REMEMBERED = 1_000;
const MOST_PARTS = 20_000;

export interface OwnerOptions {
  /** When the event was seen, in `clock.now()`: a "no" from before may have changed since. */
  seenAt: number;
  signal: AbortSignal;
  /** The `clock.now()` at which a look-up is over, whatever happens, for whoever tries again; without it the client decides. */
  deadline?: number;
  /** How often a look-up is tried at most; without it the client decides. */
  attempts?: number;
}

/** What was found, and when it was asked for, in `clock.now()`. */
interface Found<T> {
  value: T;
  sentAt: number;
}

/** Answers of the API by what was asked for; whoever asks for the same thing at the same time shares the request. */
class LookUps<T> extends BoundedMap<string, Found<T>> {
  readonly #calls = new SharedCalls<void>();

  /** The answer remembered where it will do, or else a new one. */
  async find(id: string, will: (found: Found<T>) => boolean, signal: AbortSignal, ask: Ask<T>): Promise<T> {
    for (;;) {
      const found = this.get(id);
      if (found !== undefined && will(found)) return found.value;
      await this.#calls.join(id, signal, async (shared) => this.set(id, await ask(shared)));
    }
  }
}

type Ask<T> = (signal: AbortSignal) => Promise<Found<T>>;

/**
 * Tells whether an event belongs to a Webset. Most events say it themselves; a monitor run names only its monitor, which is
 * looked up once and kept. An import belongs to a Webset only where that Webset's `imports` lists it, and so does a monitor that
 * the API does not show by itself, by `monitors`.
 */
export class Owners {
  readonly #exa: Pick<ExaClient, "getMonitor" | "getWebset">;
  readonly #clock: Clock;
  /** What the API did not know, and since when, in `clock.now()`. */
  readonly #unknown = new BoundedMap<string, number>({ entries: MOST_REMEMBERED });
  readonly #websetOfMonitor = new LookUps<string | null>({ entries: MOST_REMEMBERED });
  readonly #partsOfWebset = new LookUps<ReadonlySet<string>>({
    entries: MOST_REMEMBERED,
    size: MOST_PARTS,
    sizeOf: ({ value }) => value.size,
  });

  constructor(exa: Pick<ExaClient, "getMonitor" | "getWebset">, clock: Clock) {
    this.#exa = exa;
    this.#clock = clock;
  }

  /** Notes what an event tells by the way, so that it need not be asked. */
  note({ owner, type, data }: FeedEvent): void {
    if (owner.kind !== "webset" || !type.startsWith("monitor.") || !isRecord(data)) return;
    const id = idOf(data.id);
    if (id !== undefined) this.#websetOfMonitor.set(id, { value: owner.websetId, sentAt: 0 });
  }

  /**
   * Rejects with what the client rejects with; what the API does not know belongs to nobody. That is believed the second time: before
   * that it is `unavailable` to whoever tries again, and asked again for all others.
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

  /** Which Webset an event is about, where it is about one alone; otherwise as `belongs`. */
  async websetOf({ owner }: FeedEvent, options: OwnerOptions): Promise<string | undefined> {
    if (owner.kind === "monitor") return (await this.#websetOf(owner.monitorId, options)) ?? undefined;
    return owner.kind === "webset" ? owner.websetId : undefined;
  }

  /** A deleted monitor can no longer be asked for; but one that has just been created may soon be known. */
  #websetOf(monitorId: string, { seenAt, signal, ...call }: OwnerOptions): Promise<string | null> {
    const will = ({ value, sentAt }: Found<string | null>) => value !== null || sentAt >= seenAt;
    return this.#websetOfMonitor.find(monitorId, will, signal, async (shared) => {
      const ask = () => this.#exa.getMonitor(monitorId, { ...call, signal: shared });
      const answer = await this.#known(monitorId, ask, shared, call.deadline !== undefined);
      return answer === undefined
        ? { value: null, sentAt: seenAt }
        : { value: answer.value.websetId, sentAt: answer.sentAt };
    });
  }

  /** A Webset that is gone lists nothing more; what it listed before stays its own. */
  async #lists(websetId: string, partId: string, { seenAt, signal, ...call }: OwnerOptions): Promise<boolean> {
    const will = ({ value, sentAt }: Found<ReadonlySet<string>>) => value.has(partId) || sentAt >= seenAt;
    const parts = await this.#partsOfWebset.find(websetId, will, signal, async (shared) => {
      const ask = () => this.#exa.getWebset(websetId, { ...call, signal: shared });
      const answer = await this.#known(websetId, ask, shared, call.deadline !== undefined);
      if (answer === undefined) return { value: this.#partsOfWebset.get(websetId)?.value ?? new Set(), sentAt: seenAt };
      const { imports, monitors } = answer.value;
      return { value: new Set([...imports, ...monitors].map(({ id }) => id)), sentAt: answer.sentAt };
    });
    return parts.has(partId);
  }

  /** The answer; undefined where the API does not know what was asked for, or would not take its id. */
  async #known<T>(id: string, ask: () => Promise<T>, signal: AbortSignal, triesAgain: boolean): Promise<T | undefined> {
    for (;;) {
      try {
        const answer = await ask();
        this.#unknown.delete(id);
        return answer;
      } catch (error) {
        if (!isAboutQuestion(error)) throw error;
        const now = this.#clock.now();
        const since = this.#unknown.get(id);
        if (!isDoubtful(error) || (since !== undefined && now - since >= SECOND_LOOK_MS)) return undefined;
        if (since === undefined) this.#unknown.set(id, now);
        if (triesAgain) throw new WebsetsError("unavailable", { what: error.message, cause: error });
        await this.#clock.sleep(SECOND_LOOK_MS, signal);
      }
    }
  }
}
