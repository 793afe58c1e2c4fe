import { type McpServer, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { PROGRESS_TEMPLATE } from "./progress.ts";
import { readError } from "./read-error.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** In the 2025 era a connection as a whole is subscribed. */
const CONNECTION = Symbol("connection");

/**
 * Lets the server send updates, and answers `resources/subscribe` and `resources/unsubscribe` of the 2025 era. What the
 * 2026-07-28 era has in their place never reaches a server on stdio; see `Listening`.
 */
export function mountSubscribe(
  mcp: McpServer,
  { subscriptions, log }: { subscriptions: Subscriptions; log: Log },
): void {
  const { server } = mcp;
  server.registerCapabilities({ resources: { subscribe: true } });
  subscriptions.notify = (uri) => {
    // A client that is gone is noticed by the transport.
    server.sendResourceUpdated({ uri }).catch(() => {});
  };
  server.onclose = () => subscriptions.close();
  server.setRequestHandler("resources/subscribe", async ({ params: { uri } }, { mcpReq: { signal } }) => {
    const websetId = PROGRESS_TEMPLATE.idIn(uri);
    if (websetId === undefined) throw notSubscribable(uri);
    const cancel = () => subscriptions.remove(CONNECTION, uri);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      await subscriptions.add(CONNECTION, uri, websetId);
    } catch (error) {
      // It was unsubscribed before the first look was over.
      if (!isAbort(error)) throw readError(error, uri, log);
    } finally {
      signal.removeEventListener("abort", cancel);
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
