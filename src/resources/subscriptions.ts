import type { Feed } from "../feed/feed.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { WebsetStates } from "../webset/states.ts";
import { watchProgress } from "../webset/watch.ts";

/** So many Websets are remembered as read, and so many characters of their progress. */
const REMEMBERED = { entries: 100, size: 2 ** 20, sizeOf: (progress: string) => progress.length };

/** Who holds a subscription: the connection itself, or the id of a request that listens. */
export type Holder = string | number | symbol;

export interface SubscriptionDeps {
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
  log: Log;
}

interface Watch {
  holders: Set<Holder>;
  /** Settles with the first look: rejects where there is nothing to watch. */
  begun: Promise<void>;
  stop: AbortController;
}

/**
 * What one connection is subscribed to. A Webset is watched from its first holder to its last, once for all of them, and
 * nothing is asked of the API when nobody is subscribed.
 */
export class Subscriptions {
  /** Sends an update; set by the server that answers the connection. */
  notify: (uri: string) => void = () => {};
  readonly #deps: SubscriptionDeps;
  readonly #watches = new Map<string, Watch>();
  readonly #read = new BoundedMap<string, string>(REMEMBERED);

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /**
   * Sends updates for the progress of a Webset until the holder is removed. Resolves when the Webset is being watched; rejects
   * where it cannot be: with `not_found`, and with what cannot pass by itself.
   */
  add(holder: Holder, uri: string, websetId: string): Promise<void> {
    const watch = this.#watches.get(uri) ?? this.#begin(uri, websetId);
    watch.holders.add(holder);
    return watch.begun;
  }

  /** Ends what a holder holds: one URI, or all. */
  remove(holder: Holder, uri?: string): void {
    for (const [watched, { holders, stop }] of this.#watches) {
      if ((uri !== undefined && watched !== uri) || !holders.delete(holder) || holders.size > 0) continue;
      this.#watches.delete(watched);
      stop.abort();
    }
  }

  /** Ends everything: the connection has closed. */
  close(): void {
    for (const { stop } of this.#watches.values()) stop.abort();
    this.#watches.clear();
  }

  /** Notes what the client has read, so that a subscription begins with what it knows. */
  noteRead(websetId: string, progress: string): void {
    this.#read.set(websetId, progress);
  }

  #begin(uri: string, websetId: string): Watch {
    const { log, ...deps } = this.#deps;
    const stop = new AbortController();
    const begun = new Promise<void>((resolve, reject) => {
      let watching = false;
      watchProgress({
        ...deps,
        websetId,
        signal: stop.signal,
        known: () => this.#read.get(websetId),
        onBegun: () => {
          watching = true;
          resolve();
        },
        onChange: () => this.notify(uri),
      })
        .catch((error: unknown) => {
          reject(error);
          if (isAbort(error)) return;
          log.info(`${uri} is no longer watched: ${error instanceof Error ? error.message : String(error)}`);
          // Reading it tells the client why.
          if (watching) this.notify(uri);
        })
        .finally(() => {
          if (this.#watches.get(uri) === watch) this.#watches.delete(uri);
        });
    });
    // Whoever listens is not told by an answer, so nobody may be waiting for this one.
    begun.catch(() => {});
    const watch: Watch = { holders: new Set(), begun, stop };
    this.#watches.set(uri, watch);
    return watch;
  }
}
