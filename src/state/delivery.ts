import { onAbort, orAbort } from "../shared/abort.ts";
import { type Json, LOG_LENGTH } from "./state.ts";

/** Where an entry stands in its log: entries added later have a greater place. */
export type LogPlace = readonly [number, number];

/** One reader of a log, as far as it has been told. */
class Follower {
  /** Entries up to this one have been handed out. */
  #last: LogPlace = [Number.NEGATIVE_INFINITY, 0];
  #unread: { place: LogPlace; entry: Json }[] = [];
  #isLoaded = false;
  #hasBegun = false;
  #wake: () => void = () => {};

  /** What comes meanwhile is kept until `loaded`: the log may hold older entries, which are told first. */
  reload(): void {
    this.#isLoaded = false;
  }

  loaded(): void {
    this.#isLoaded = true;
    this.#wake();
  }

  tell(place: LogPlace, entry: Json): void {
    if (compare(place, this.#last) <= 0 || this.#unread.some((one) => compare(one.place, place) === 0)) return;
    this.#unread.push({ place, entry });
    this.#unread.sort((a, b) => compare(a.place, b.place));
    // One that is slow is told no more than the log itself would hold.
    if (this.#unread.length > LOG_LENGTH) this.#unread.shift();
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<Json[], void> {
    while (!signal.aborted) {
      if (this.#isLoaded && (!this.#hasBegun || this.#unread.length > 0)) {
        this.#hasBegun = true;
        this.#last = this.#unread.at(-1)?.place ?? this.#last;
        yield this.#unread.splice(0).map(({ entry }) => entry);
        continue;
      }
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      // The end of following is no error.
      await orAbort(woken, signal).catch(() => {});
    }
  }
}

/** Hands entries of logs, and pokes, to those of this process who wait for them. */
export class Delivery {
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #pokes = new Map<string, Set<() => void>>();

  /** The logs that are followed. */
  get logs(): string[] {
    return [...this.#followers.keys()];
  }

  /**
   * Follows a log from here on until the signal aborts; its first batch comes once `loaded` is called.
   * @param onLast is called when it was the last who followed this log.
   */
  follow(log: string, signal: AbortSignal, onLast: () => void = () => {}): AsyncIterable<Json[]> {
    const follower = new Follower();
    const all = this.#followers.get(log) ?? new Set();
    this.#followers.set(log, all.add(follower));
    onAbort(signal, () => {
      all.delete(follower);
      if (all.size > 0 || this.#followers.get(log) !== all) return;
      this.#followers.delete(log);
      onLast();
    });
    return follower.read(signal);
  }

  /** An entry of a log, for all who follow it; whoever was told of it before is not told again. */
  entry(log: string, place: LogPlace, entry: Json): void {
    for (const follower of this.#followers.get(log) ?? []) follower.tell(place, entry);
  }

  /** Entries may have been missed: those that are told now are kept in order until `loaded`. */
  reload(log: string): void {
    for (const follower of this.#followers.get(log) ?? []) follower.reload();
  }

  /** All that the log holds has been told. */
  loaded(log: string): void {
    for (const follower of this.#followers.get(log) ?? []) follower.loaded();
  }

  onPoke(name: string, action: () => void): () => void {
    // The same action may be given twice.
    const own = () => action();
    const all = this.#pokes.get(name) ?? new Set();
    this.#pokes.set(name, all.add(own));
    return () => {
      all.delete(own);
      if (all.size === 0 && this.#pokes.get(name) === all) this.#pokes.delete(name);
    };
  }

  poke(name: string): void {
    for (const action of [...(this.#pokes.get(name) ?? [])]) action();
  }
}

function compare([a, b]: LogPlace, [c, d]: LogPlace): number {
  return a - c || b - d;
}
