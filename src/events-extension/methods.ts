import {
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerCapabilities,
  type ServerContext,
  SUBSCRIPTION_ID_META_KEY,
} from "@modelcontextprotocol/server";
import { isAbort, lineForOperator, WebsetsError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { anything } from "../tasks/methods.ts";
import { pollEvents } from "./poll.ts";
import { EVENTS_EXTENSION, protocolError } from "./protocol.ts";
import { type Delivery, type Send, streamEvents } from "./stream.ts";
import { describeEvents, readSubscription } from "./subscription.ts";

export interface EventsOptions extends Delivery {
  /** What every subscription is answered where there is no key. */
  missingKey?: WebsetsError | undefined;
  log: Log;
  /** Resolves when whoever reads has room for more, where the transport takes anything at once. */
  room?: (() => Promise<void> | undefined) | undefined;
}

/**
 * Offers MCP Events on a server: `events/list`, `events/poll` and `events/stream`. The extension's own place for what a server can do
 * is among the extensions; the clients there are read `events` at the top.
 */
export function mountEvents(server: Server, { missingKey, log, room, ...delivery }: EventsOptions): void {
  server.registerCapabilities({ extensions: { [EVENTS_EXTENSION]: {} }, events: {} } as ServerCapabilities);
  const on = (method: string, answer: (params: unknown, context: ServerContext) => Promise<object>) =>
    server.setRequestHandler(method, anything, async (params, context) => {
      const startedAt = delivery.clock.now();
      const ended = (how: string) => log.info(`${method}: ${how}, ${Math.round(delivery.clock.now() - startedAt)} ms`);
      try {
        const result = await answer(params, context);
        ended("answered");
        return { ...result };
      } catch (error) {
        if (error instanceof WebsetsError) ended(lineForOperator(error));
        else if (isAbort(error)) ended("given up");
        else if (!(error instanceof ProtocolError)) throw unforeseen(method, error, log);
        throw protocolError(error);
      }
    });
  on("events/list", async () => ({ events: describeEvents() }));
  const subscribed = (params: unknown) => {
    const subscription = readSubscription(params);
    if (missingKey !== undefined) throw missingKey;
    return subscription;
  };
  on("events/poll", async (params, { mcpReq: { signal } }) => pollEvents(subscribed(params), delivery, signal));
  on("events/stream", async (params, { mcpReq }) => {
    const subscription = subscribed(params);
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: mcpReq.id };
    const send: Send = async (what, told) => {
      await mcpReq.notify({ method: `notifications/events/${what}`, params: { ...told, _meta } } as Notified);
      await room?.();
    };
    await streamEvents(subscription, delivery, { signal: mcpReq.signal, send });
    return { _meta };
  });
}

/** The SDK's types know the protocol's own notifications only. */
type Notified = Parameters<ServerContext["mcpReq"]["notify"]>[0];

function unforeseen(method: string, error: unknown, log: Log): ProtocolError {
  log.error(`${method} failed in a way nobody foresaw: ${error instanceof Error ? error.stack : String(error)}`);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    "This server failed in a way nobody foresaw; its log has the details.",
  );
}
