import { createHmac, randomBytes } from "node:crypto";
import type { KeyWords } from "../exa/refusal.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import { TenantService, type TenantServiceOptions } from "./tenant-service.ts";

/** At most this many tenants are held; an idle one makes room. */
const MOST_TENANTS = 2_000;
/** What nobody has used for this long is dropped, in milliseconds. It is built again with the next call, and knows nothing then. */
const IDLE_MS = 15 * 60_000;
/** The same for keys that have never worked: whoever guesses many must not fill the memory. */
const UNPROVEN_IDLE_MS = 60_000;
const SWEEP_MS = 15_000;

const CALLERS: KeyWords = {
  name: "the Exa API key that this client sends",
  advice: "Check the key in the client's headers for this server; calling again with the same key will not help.",
};
const OPERATORS: KeyWords = {
  name: "the Exa API key that this server has for your token",
  advice: "Only the operator of this server can change it; calling again will not help.",
};

export interface TenantsOptions extends Omit<TenantServiceOptions, "apiKey" | "name" | "keyWords"> {
  mostTenants?: number;
}

/** All tenants of a process, each found by its key alone. */
export class Tenants {
  readonly #options: TenantsOptions;
  readonly #mostTenants: number;
  readonly #clock: Clock;
  /** So that names in logs and memory say nothing about the keys. */
  readonly #secret = randomBytes(32);
  readonly #tenants = new Map<string, TenantService>();
  readonly #stop = new AbortController();

  constructor(options: TenantsOptions) {
    this.#options = options;
    this.#mostTenants = options.mostTenants ?? MOST_TENANTS;
    this.#clock = options.clock;
    void this.#sweepForEver();
  }

  get size(): number {
    return this.#tenants.size;
  }

  [Symbol.iterator](): IterableIterator<TenantService> {
    return this.#tenants.values();
  }

  /**
   * The tenant of a key, built where there is none; undefined where all that may be are in use.
   * @param options.name the operator's own name for the key
   */
  of({ apiKey, name }: { apiKey: string; name?: string | undefined }): TenantService | undefined {
    const hash = createHmac("sha256", this.#secret).update(apiKey).digest("hex");
    const known = this.#tenants.get(hash);
    if (known !== undefined) return known;
    if (this.#tenants.size >= this.#mostTenants && !this.#makeRoom()) return undefined;
    const keyWords = name === undefined ? CALLERS : OPERATORS;
    const tenant = new TenantService({ ...this.#options, apiKey, keyWords, name: name ?? hash.slice(0, 12) });
    // Whoever has a token has proven that, whatever the API thinks of the operator's key.
    if (name !== undefined) tenant.keyIs = "good";
    this.#tenants.set(hash, tenant);
    return tenant;
  }

  /** Drops those that nobody has used for long. */
  sweep(): void {
    const now = this.#clock.now();
    for (const [hash, tenant] of this.#tenants) {
      const { idleSince, keyIs } = tenant;
      const longest = keyIs === "good" ? IDLE_MS : UNPROVEN_IDLE_MS;
      if (idleSince !== undefined && now - idleSince >= longest) this.#drop(hash, tenant);
    }
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#tenants.values()].map((tenant) => tenant.close()));
    this.#tenants.clear();
  }

  /** Drops one that nobody waits for with a key that works: one that never has before others, results that are kept at last. */
  #makeRoom(): boolean {
    const idle = [...this.#tenants].filter(([, { isBusy, isDispensable }]) => !isBusy || isDispensable);
    const worth = ({ idleSince, keyIs }: TenantService) => (keyIs !== "good" ? 0 : idleSince === undefined ? 2 : 1);
    const [first] = idle.sort(([, a], [, b]) => worth(a) - worth(b) || a.usedAt - b.usedAt);
    if (first === undefined) return false;
    this.#drop(...first);
    return true;
  }

  #drop(hash: string, tenant: TenantService): void {
    this.#tenants.delete(hash);
    tenant.close().catch(() => {});
  }

  async #sweepForEver(): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(SWEEP_MS, this.#stop.signal);
        this.sweep();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}
