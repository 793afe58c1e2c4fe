import { createHmac } from "node:crypto";

/**
 * What replicas share. It holds nothing that a replica cannot do without: where it is away, emptied or wrong about who holds a
 * lease, readers catch up by themselves. Whoever puts something in sees to it that it holds no key, no text of items and no query.
 */

/** A log keeps this many entries at most, and none for longer than this after the last one, in milliseconds. */
export const LOG_LENGTH = 8;
export const LOG_LASTS_MS = 60_000;

/** JSON, as others may have written it: whoever reads it checks it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** The right to do something that only one replica should do at a time. It is renewed by itself until it is released. */
export interface Lease {
  readonly name: string;
  /** Another one for each holder: what is written with a lease is refused once somebody else holds it. */
  readonly token: string;
  /** Aborts when the lease may be another's: it could not be renewed in time, or was lost. Not when it is released. */
  readonly lost: AbortSignal;
  /** Gives it back at once. Never rejects. */
  release(): Promise<void>;
}

/** The name of a record: `tenant` and `id` together. */
export interface RecordKey {
  /** A keyed hash: see `tenantName`. */
  readonly tenant: string;
  readonly id: string;
}

export interface KeptRecord {
  record: Json;
  /** For how much longer it is kept, in milliseconds. */
  leftMs: number;
}

export interface PutOptions {
  /** How long the record is kept, in milliseconds. */
  ttlMs: number;
  /** With it the record is put only while this lease is held. */
  lease?: Lease | undefined;
}

/**
 * Leases, short logs, records and pokes for all replicas that share it. All that is asked rejects with `StateAway` while the
 * store cannot be reached, soon enough for whoever waits meanwhile. Names of tenants and of logs are keyed hashes.
 */
export interface State {
  /** Whether the store cannot be reached at present. */
  readonly isAway: boolean;
  /** Whether it can be reached and refused nothing lately of what was asked, for whoever looks after it. */
  readonly answers: boolean;
  /** Whether it was away just now: what it held may be gone, and not be put there again yet. */
  readonly mayHaveForgotten: boolean;
  /** The lease of this name for `ttlMs` milliseconds at a time; undefined while somebody holds it. */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Adds an entry to a log; false where the lease was lost, and then nothing is added. */
  append(log: string, entry: Json, lease: Lease): Promise<boolean>;
  /**
   * The entries of a log in batches: at once those that it still holds, maybe none, then those to come, in their order and each
   * once, until the signal aborts, which ends it. While the store is away nothing comes, and what the log no longer held after
   * that is left out.
   */
  follow(log: string, signal: AbortSignal): AsyncIterable<readonly Json[]>;
  /** Keeps a record; false where the lease was lost, and then nothing is changed. */
  put(key: RecordKey, record: Json, options: PutOptions): Promise<boolean>;
  get(key: RecordKey): Promise<KeptRecord | undefined>;
  delete(key: RecordKey): Promise<void>;
  /** The ids of a tenant's records, in no order. */
  list(tenant: string): Promise<string[]>;
  /** Calls whoever waits for this name, on all replicas, this one included. Nobody learns whether anybody did. */
  poke(name: string): Promise<void>;
  /** Calls back on each poke of this name until the returned function is called. */
  onPoke(name: string, action: () => void): () => void;
  /** Ends everything: leases are given back, followers end. */
  close(): Promise<void>;
}

/** What a tenant is called in what is shared: nobody who reads it can tell the key, or try keys out without each one's own hash. */
export function tenantName(apiKey: string, baseUrl: URL): string {
  return createHmac("sha256", apiKey).update(`websets-events-mcp ${baseUrl.href}`).digest("base64url");
}

/** Where the replicas meet that serve one key. */
export interface SharedTenant {
  state: State;
  /** What `tenantName` calls it. */
  tenant: string;
}

/** The store cannot be reached, or did not answer in time. */
export class StateAway extends Error {
  override readonly name = "StateAway";
}
