import type { ExaClient } from "../exa/client.ts";
import { type ExaEvent, eventTime } from "../exa/event.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import { ownerOf } from "./event.ts";

/** At most this many ids of each kind are kept, and this many characters of them. A client is offered 100 at once. */
const KEPT = { entries: 200, size: 2 ** 16, sizeOf: (_: true, id: string) => id.length };

/** The ids of events and Websets that a tenant's requests have met lately, for completion. */
export class RecentIds {
  readonly #events = new BoundedMap<string, true>(KEPT);
  readonly #websets = new BoundedMap<string, true>(KEPT);

  /** Ids of events that begin with `prefix`, the one met last first. */
  events(prefix: string): string[] {
    return latest(this.#events, prefix);
  }

  /** Ids of Websets that begin with `prefix`, the one met last first. */
  websets(prefix: string): string[] {
    return latest(this.#websets, prefix);
  }

  noteEvent(event: ExaEvent): void {
    this.#events.set(event.id, true);
    const owner = ownerOf(event.type, event.data);
    if (owner.kind === "webset") this.noteWebset(owner.websetId);
  }

  noteWebset(id: string): void {
    this.#websets.set(id, true);
  }
}

/**
 * The same client, which also notes the ids in its answers. Whatever tools, waits and subscriptions learn comes through it, so
 * this is the one place to listen.
 */
export function rememberIds(exa: ExaClient, recent: RecentIds): ExaClient {
  return {
    ...exa,
    async listEvents(query, options) {
      const answer = await exa.listEvents(query, options);
      // Whichever way the page is sorted, the newest event is the one met last.
      for (const event of [...answer.value.events].sort((a, b) => eventTime(a) - eventTime(b))) recent.noteEvent(event);
      return answer;
    },
    async getEvent(eventId, options) {
      const answer = await exa.getEvent(eventId, options);
      recent.noteEvent(answer.value);
      return answer;
    },
    async getWebset(websetId, options) {
      const answer = await exa.getWebset(websetId, options);
      recent.noteWebset(answer.value.id);
      return answer;
    },
  };
}

function latest(ids: BoundedMap<string, true>, prefix: string): string[] {
  return ids.newestKeys().filter((id) => id.startsWith(prefix));
}
