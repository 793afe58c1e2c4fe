export interface Bounds<K, V> {
  /** At most this many entries. */
  entries: number;
  /** At most this much of what `sizeOf` counts, in its unit. */
  size?: number;
  sizeOf?: (value: V, key: K) => number;
}

/** A map that forgets what was set longest ago when it holds too much; what was set last it always holds. */
export class BoundedMap<K, V> {
  readonly #bounds: Bounds<K, V>;
  readonly #entries = new Map<K, { value: V; size: number }>();
  #size = 0;

  constructor(bounds: Bounds<K, V>) {
    this.#bounds = bounds;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Sets a value and makes it the newest, also where it was known. */
  set(key: K, value: V): void {
    const { entries, size = Number.POSITIVE_INFINITY, sizeOf = () => 0 } = this.#bounds;
    this.delete(key);
    const entry = { value, size: sizeOf(value, key) };
    this.#entries.set(key, entry);
    this.#size += entry.size;
    for (const oldest of this.#entries.keys()) {
      if ((this.#entries.size <= entries && this.#size <= size) || oldest === key) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }

  /** Those set last come first. */
  newestKeys(): K[] {
    return [...this.#entries.keys()].reverse();
  }

  /** Those set last come first. */
  newestValues(): V[] {
    return [...this.#entries.values()].map(({ value }) => value).reverse();
  }
}
