import { decodeCursor } from "../../feed/cursor.ts";
import { toFeedEvent } from "../../feed/event.ts";
import { RETENTION_MS } from "../../feed/position.ts";
import { isoTime } from "../../shared/clock.ts";
import { isAboutQuestion, isTransient, type WebsetsError } from "../../shared/errors.ts";
import { wellFormedJson } from "../../shared/text.ts";
import { isTime } from "../../tools/schemas.ts";
import type { PresentedEvent } from "../../tools/summary.ts";
import { isDone } from "../../webset/item-facts.ts";
import type { CommandContext } from "../command-context.ts";
import { type FoundEvents, followEvents, RETRY_MS } from "../follow-events.ts";
import type { Entry, Filter } from "./state-file.ts";

/** What the feed and the tools put where they cut a text. */
const CUT = "… [cut: ";
/** Whoever comes back later than events are kept begins so much after the oldest, in milliseconds: time goes on meanwhile. */
const MARGIN_MS = 60_000;

/** Reading events by their ids may take this many requests before reading all of a time is tried. */
const WORTH_A_CALL = 10;

/**
 * What cannot be found out of an event for so long, in milliseconds, is done without, so that one monitor that cannot be read keeps
 * nothing back for ever; what comes within the same time again is then tried once.
 */
const LONGEST_FAILING_MS = 300_000;

/** What was read at once. */
export interface Read {
  /** Where to go on after it. */
  cursor: string;
  events: { entry: Entry; kept: string }[];
  /** What could not be read, or may come twice. */
  note?: string | undefined;
}

export interface ReadingOptions {
  context: Pick<CommandContext, "call" | "tenant" | "clock" | "config">;
  filter: Filter;
  /** Told of transient errors, and with undefined of each answer that came. */
  onTransientError(error: WebsetsError | undefined): void;
  /** Told where to go on while nothing is found. */
  onMoved(cursor: string): void;
  /** Told that what was created before this time, in ISO 8601, and was not read cannot be read any more. */
  onTooLate(until: string): void;
}

/** Reads the events of a filter, in the way that `tail` does. */
export class Reading {
  readonly #options: ReadingOptions;
  #hurriesUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /**
   * Everything from a point on, as it happens. Throws what does not pass by itself.
   * @param since a cursor, a time or an age; without it, from now on.
   */
  async *from(since: string | undefined, signal: AbortSignal): AsyncGenerator<Read, void> {
    const { context, filter, onTransientError, onMoved, onTooLate } = this.#options;
    const { types, webset: websetId, problems, itemsReady } = filter;
    const request = {
      filter: { types, websetId, problems, itemsReady, detail: "full" },
      signal,
      onTransientError,
      onMoved,
    };
    try {
      for await (const found of followEvents({ ...request, since }, context)) yield await this.#read(found, signal);
    } catch (error) {
      const begin = this.#ifTooOld(since);
      if (begin === undefined || !isAboutQuestion(error)) throw error;
      onTooLate(begin);
      yield* this.from(begin, signal);
    }
  }

  /**
   * What events are of which only ids were kept, as far as reading from the oldest of them on finds them soon: many at once, while
   * reading each by its id would take as many requests.
   */
  async recall(entries: readonly Entry[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { context, filter } = this.#options;
    const { types, webset: websetId, problems } = filter;
    const found = new Map<string, string>();
    const missing = new Set(entries.flatMap(({ eventId, item }) => (item === undefined ? [eventId] : [])));
    const oldest = entries.reduce(
      (time, { createdAt }) => Math.min(time, Date.parse(createdAt)),
      Number.POSITIVE_INFINITY,
    );
    let after = isoTime(oldest);
    const args = { types, websetId, problems, detail: "full", timeoutSeconds: 0 };
    for (let calls = Math.floor(missing.size / WORTH_A_CALL); calls > 0 && missing.size > 0; calls--) {
      try {
        const told = await context.call("wait_for_webset_event", { ...args, after }, { signal, takesAll: true });
        const { events, cursor, more } = told as unknown as FoundEvents;
        for (const event of events) if (missing.delete(event.id)) found.set(event.id, bodyOf(event, event.data));
        if (!more) break;
        after = cursor;
      } catch (error) {
        if (!isTransient(error) && !isAboutQuestion(error)) throw error;
        break;
      }
    }
    return found;
  }

  /**
   * An event as the API has it: what was kept of it, or where a text in it was cut or nothing was kept, read again; undefined where
   * the API has it no more.
   */
  async whole({ eventId, type, createdAt, websetId = "", item }: Entry, kept: string | undefined, signal: AbortSignal) {
    if (kept !== undefined && !kept.includes(CUT)) return kept;
    const { exa } = this.#options.context.tenant.tools;
    try {
      if (item === undefined) return wellFormedJson((await exa.getEvent(eventId, { signal })).value);
      const { value } = await exa.getItem(websetId, item.itemId, { signal });
      return bodyOf({ id: eventId, type, createdAt }, value);
    } catch (error) {
      if (isAboutQuestion(error)) return kept;
      throw error;
    }
  }

  async #read({ events, cursor, note }: FoundEvents, signal: AbortSignal): Promise<Read> {
    const read: Read["events"] = [];
    for (const event of events) read.push(await this.#entryOf(event, signal));
    return { cursor, events: read, note };
  }

  async #entryOf(event: PresentedEvent, signal: AbortSignal): Promise<Read["events"][number]> {
    const { id: eventId, type, createdAt, resource, data } = event;
    const websetId = await this.#websetOf(event, signal);
    const isItem = this.#options.filter.itemsReady === true && resource.kind === "item";
    const entry: Entry = {
      eventId,
      type,
      createdAt,
      ...(websetId === undefined ? { about: resource.of ?? resource.id } : { websetId }),
      ...(isItem && { item: { itemId: resource.id, values: valuesIn(data) } }),
    };
    return { entry, kept: bodyOf(event, data) };
  }

  /** The Webset of an event, also where the tool had no time to find it out. */
  async #websetOf({ id, type, createdAt, websetId, data }: PresentedEvent, signal: AbortSignal) {
    if (websetId !== undefined) return websetId;
    const { context, onTransientError } = this.#options;
    const { clock, tenant } = context;
    const startedAt = clock.now();
    for (;;) {
      try {
        return await tenant.tools.feed.websetOf(toFeedEvent({ id, type, createdAt, data }), signal);
      } catch (error) {
        if (!isTransient(error)) throw error;
        onTransientError(error);
        if (clock.now() < this.#hurriesUntil) return undefined;
        if (clock.now() - startedAt >= LONGEST_FAILING_MS) {
          this.#hurriesUntil = clock.now() + LONGEST_FAILING_MS;
          return undefined;
        }
        await clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** Where to begin instead of a cursor from which the API cannot tell everything any more. */
  #ifTooOld(after: string | undefined): string | undefined {
    if (after === undefined || isTime(after)) return undefined;
    const { since, chain } = decodeCursor(after);
    const oldest = this.#options.context.tenant.tools.feed.upstreamClock.told - RETENTION_MS;
    if (Math.min(since, chain?.openSince ?? since) >= oldest) return undefined;
    return isoTime(Math.max(since, oldest + MARGIN_MS));
  }
}

/** An event as Exa has it, in the order of its documentation. */
function bodyOf({ id, type, createdAt }: Pick<PresentedEvent, "id" | "type" | "createdAt">, data: unknown): string {
  return wellFormedJson({ id, object: "event", type, data, createdAt });
}

/** How many values an item has that is ready. */
function valuesIn(data: unknown): number {
  const { enrichments } = Object(data) as { enrichments?: unknown };
  return Array.isArray(enrichments) ? enrichments.filter(({ status }) => isDone(String(status))).length : 0;
}
