import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
} from "@modelcontextprotocol/server";
import { PROGRESS_TEMPLATE } from "./progress.ts";
import type { Subscriptions } from "./subscriptions.ts";

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
    for (const uri of urisIn(params)) {
      const websetId = PROGRESS_TEMPLATE.idIn(uri);
      if (websetId === undefined) continue;
      this.#listens.add(id);
      this.#subscriptions.add(id, uri, websetId).catch(() => {});
    }
  }

  #end(id: string | number): void {
    if (this.#listens.delete(id)) this.#subscriptions.remove(id);
  }
}

function urisIn(params: unknown): string[] {
  const { notifications } = (params ?? {}) as { notifications?: { resourceSubscriptions?: unknown } | null };
  const uris = notifications?.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === "string") : [];
}
