import type { WebsetStates } from "../webset/states.ts";
import { wrongKindOfId } from "./explain-id.ts";

/**
 * The id behind an id or externalId. What the API does not know is taken as an id, so that a deleted Webset's events stay
 * reachable, unless it looks like the id of something else: that would wait for nothing for ever.
 */
export async function resolveWebset(text: string, states: WebsetStates, signal: AbortSignal): Promise<string> {
  const id = await states.resolve(text, signal);
  const wrong = states.knows(text) ? undefined : wrongKindOfId("websetId", text);
  if (wrong !== undefined) throw wrong;
  return id;
}
