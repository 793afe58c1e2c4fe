import type { WebsetsError } from "../shared/errors.ts";

/** Milliseconds as seconds with one decimal. */
export function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}

/** The trouble that lasted when a wait's time ran out, for its `warning`. */
export function warningOf(trouble: WebsetsError | undefined): { warning?: string } {
  return trouble === undefined
    ? {}
    : { warning: `The last requests to the API failed (${trouble.kind}: ${trouble.message}); nothing is lost.` };
}

/** For a wait that found nothing of a Webset the API does not know: it may be deleted, or its id mistyped. */
export function unknownWebset(websetId: string): { warning: string } {
  return {
    warning: `The API knows no Webset ${JSON.stringify(websetId)}: if it was not deleted, check the id with list_webset_events.`,
  };
}
