import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { linkAbort } from "../../src/shared/abort.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { Delivery } from "../../src/state/delivery.ts";
import {
  type Json,
  type KeptRecord,
  type Lease,
  LOG_LASTS_MS,
  LOG_LENGTH,
  type PutOptions,
  type RecordKey,
  type State,
} from "../../src/state/state.ts";

/** What is left out after a time of `clock.now()`. */
interface Expiring {
  until: number;
}

/**
 * A state within one process, for tests. Whoever holds a lease here is there to renew it, so that it ends only when it is released.
 * What has expired is dropped when something is added.
 */
export class MemoryState implements State {
  readonly isAway = false;
  readonly answers: boolean = true;
  mayHaveForgotten = false;
  readonly #clock: Clock;
  readonly #leases = new Map<string, { token: string; lost: AbortController }>();
  readonly #logs = new Map<string, Expiring & { entries: { place: number; text: string }[] }>();
  readonly #records = new Map<string, Map<string, Expiring & { text: string }>>();
  readonly #delivery = new Delivery();
  readonly #end = new AbortController();
  #places = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    setMaxListeners(0, this.#end.signal);
  }

  async lease(name: string, _ttlMs: number): Promise<Lease | undefined> {
    if (this.#leases.has(name)) return undefined;
    const token = randomUUID();
    const lost = new AbortController();
    this.#leases.set(name, { token, lost });
    return {
      name,
      token,
      lost: lost.signal,
      release: async () => {
        if (this.#leases.get(name)?.token === token) this.#leases.delete(name);
      },
    };
  }

  /** Lets a lease run out, as that of a holder who has stopped does. */
  expire(name: string): void {
    this.#leases.get(name)?.lost.abort();
    this.#leases.delete(name);
  }

  async append(log: string, entry: Json, lease: Lease): Promise<boolean> {
    if (!this.#holds(lease)) return false;
    dropExpired(this.#logs, this.#clock.now());
    const added = { place: ++this.#places, text: JSON.stringify(entry) };
    const entries = [...(this.#logs.get(log)?.entries ?? []), added].slice(-LOG_LENGTH);
    this.#logs.set(log, { entries, until: this.#clock.now() + LOG_LASTS_MS });
    this.#delivery.entry(log, [added.place, 0], JSON.parse(added.text));
    return true;
  }

  async *follow(log: string, signal: AbortSignal): AsyncGenerator<Json[], void> {
    const linked = linkAbort(signal, this.#end.signal);
    try {
      const batches = this.#delivery.follow(log, linked.signal);
      dropExpired(this.#logs, this.#clock.now());
      for (const { place, text } of this.#logs.get(log)?.entries ?? []) {
        this.#delivery.entry(log, [place, 0], JSON.parse(text));
      }
      this.#delivery.loaded(log);
      yield* batches;
    } finally {
      linked.abort();
    }
  }

  async put({ tenant, id }: RecordKey, record: Json, { ttlMs, lease }: PutOptions): Promise<boolean> {
    if (lease !== undefined && !this.#holds(lease)) return false;
    const records = this.#recordsOf(tenant);
    records.set(id, { text: JSON.stringify(record), until: this.#clock.now() + ttlMs });
    this.#records.set(tenant, records);
    return true;
  }

  async get({ tenant, id }: RecordKey): Promise<KeptRecord | undefined> {
    const record = this.#recordsOf(tenant).get(id);
    return record && { record: JSON.parse(record.text), leftMs: record.until - this.#clock.now() };
  }

  async delete({ tenant, id }: RecordKey): Promise<void> {
    this.#records.get(tenant)?.delete(id);
    this.#recordsOf(tenant);
  }

  async list(tenant: string): Promise<string[]> {
    return [...this.#recordsOf(tenant).keys()];
  }

  async poke(name: string): Promise<void> {
    this.#delivery.poke(name);
  }

  onPoke(name: string, action: () => void): () => void {
    return this.#delivery.onPoke(name, action);
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#leases.clear();
  }

  #holds({ name, token }: Lease): boolean {
    return this.#leases.get(name)?.token === token;
  }

  /** A tenant's records that are there still; where there are none, nothing is kept of it. */
  #recordsOf(tenant: string) {
    const records = this.#records.get(tenant) ?? new Map<string, Expiring & { text: string }>();
    dropExpired(records, this.#clock.now());
    if (records.size === 0) this.#records.delete(tenant);
    return records;
  }
}

function dropExpired(all: Map<string, Expiring>, now: number): void {
  for (const [name, { until }] of all) if (until <= now) all.delete(name);
}
