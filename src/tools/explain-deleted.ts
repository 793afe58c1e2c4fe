import type { Feed } from "../feed/feed.ts";
import { WebsetsError } from "../shared/errors.ts";

/** The largest page of events: more Websets than that are hardly ever deleted in 60 days. */
const MOST_DELETIONS = 200;

/** The error of a call, or a better one where a Webset was not found because it was deleted: its event tells, for 60 days. */
export async function explainDeleted(
  error: unknown,
  websetId: string,
  feed: Feed,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof WebsetsError) || error.kind !== "not_found") return error;
  const { events } = await feed
    .list({ filter: { types: ["webset.deleted"], websetId: undefined }, limit: MOST_DELETIONS, signal })
    .catch((trouble: unknown) => {
      if (signal.aborted) throw trouble;
      return { events: [] };
    });
  const deleted = events.find(({ data }) => isWebset(data) && (data.id === websetId || data.externalId === websetId));
  if (deleted === undefined) return error;
  return new WebsetsError("not_found", {
    what: `Webset ${JSON.stringify(websetId)} was deleted at ${deleted.createdAt}, and its items with it`,
    advice: `What happened in it is still told: call list_webset_events with websetId ${JSON.stringify(websetId)}.`,
    cause: error,
  });
}

function isWebset(data: unknown): data is { id?: unknown; externalId?: unknown } {
  return typeof data === "object" && data !== null;
}
