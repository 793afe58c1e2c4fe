import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
import type { Feed } from "../feed/feed.ts";
import { onAbort } from "../shared/abort.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { WebsetStates } from "../webset/states.ts";
import { watchProgress } from "../webset/watch.ts";
import { IdTemplate, readError } from "./id-resource.ts";

/** What can be subscribed to. */
export const PROGRESS_TEMPLATE = new IdTemplate("websets://websets/", "websetId", "/progress");

/** At most this many Websets are remembered as read, and this many characters of their progress. */
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
  /** Sends an update; set by whoever can reach the client. */
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

  /** How many Websets are watched. */
  get size(): number {
    return this.#watches.size;
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

/** In the 2025 era a connection as a whole is subscribed. */
const CONNECTION = Symbol("connection");

/** Lets the server of a whole connection send the updates; they end with it. */
export function sendUpdates({ server }: McpServer, subscriptions: Subscriptions): void {
  subscriptions.notify = (uri) => {
    // A client that is gone is noticed by the transport.
    server.sendResourceUpdated({ uri }).catch(() => {});
  };
  server.onclose = () => subscriptions.close();
}

/**
 * Answers `resources/subscribe` and `resources/unsubscribe` of the 2025 era. What the 2026-07-28 era has in their place never
 * reaches a server; see `progressIn`.
 */
export function mountSubscribe(
  mcp: McpServer,
  { subscriptions, log }: { subscriptions: Subscriptions; log: Log },
): void {
  const { server } = mcp;
  server.registerCapabilities({ resources: { subscribe: true } });
  server.setRequestHandler("resources/subscribe", async ({ params: { uri } }, { mcpReq: { signal } }) => {
    const websetId = PROGRESS_TEMPLATE.idIn(uri);
    if (websetId === undefined) throw notSubscribable(uri);
    const off = onAbort(signal, () => subscriptions.remove(CONNECTION, uri));
    try {
      await subscriptions.add(CONNECTION, uri, websetId);
    } catch (error) {
      // It was unsubscribed before the first look was over.
      if (!isAbort(error)) throw readError(error, uri, log);
    } finally {
      off();
    }
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }) => {
    subscriptions.remove(CONNECTION, uri);
    return {};
  });
}

function notSubscribable(uri: string): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `invalid_request: ${uri} cannot be subscribed to. Only ${PROGRESS_TEMPLATE} can; the other resources never change.`,
  );
}

/**
 * Follows `subscriptions/listen` of the 2026-07-28 era from the messages of a connection. On stdio the SDK answers it by
 * itself, before any server of ours hears of it, and hands the updates that we send to whoever listens; what is left to
 * us is to know what to watch.
 */
export class Listening {
  readonly #subscriptions: Subscriptions;
  readonly #listens = new Set<string | number>();

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions;
  }

  received(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) {
      if (message.method === "subscriptions/listen") this.#begin(message.id, message.params);
    } else if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") {
      const { requestId } = (message.params ?? {}) as { requestId?: string | number };
      if (requestId !== undefined) this.#end(requestId);
    }
  }

  sent(message: JSONRPCMessage): void {
    // A listen that is refused, for whatever reason, is none.
    if (this.#listens.size > 0 && isJSONRPCErrorResponse(message) && message.id !== undefined) this.#end(message.id);
  }

  /** What cannot be watched is passed over in silence, as the protocol has it: the listen is acknowledged all the same. */
  #begin(id: string | number, params: unknown): void {
    this.#end(id);
    for (const { uri, websetId } of progressIn(params)) {
      this.#listens.add(id);
      this.#subscriptions.add(id, uri, websetId).catch(() => {});
    }
  }

  #end(id: string | number): void {
    if (this.#listens.delete(id)) this.#subscriptions.remove(id);
  }
}

/** Which Websets' progress the parameters of a `subscriptions/listen` ask for. */
export function progressIn(params: unknown): { uri: string; websetId: string }[] {
  const { notifications } = (params ?? {}) as { notifications?: { resourceSubscriptions?: unknown } | null };
  const uris = notifications?.resourceSubscriptions;
  if (!Array.isArray(uris)) return [];
  return [...new Set(uris)].flatMap((uri) => {
    const websetId = typeof uri === "string" ? PROGRESS_TEMPLATE.idIn(uri) : undefined;
    return websetId === undefined ? [] : [{ uri, websetId }];
  });
}
