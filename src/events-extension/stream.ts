import { encodeCursor } from "../feed/cursor.ts";
import type { FeedEvent } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { type EventFilter, matches } from "../feed/filter.ts";
import { advance, isTellable, type Position } from "../feed/position.ts";
import type { ReadNews } from "../feed/reader.ts";
import { linkAbort, orAbort } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { isAbort, isDoubtful, WebsetsError } from "../shared/errors.ts";
import { eventsError } from "./protocol.ts";
import { placeOf, type Subscription } from "./subscription.ts";

/** A stream says this often that it is alive, and where it is, in milliseconds; the extension wants it every 30 s. */
const HEARTBEAT_MS = 15_000;
/** This many events at a time are put into words. */
const TOLD_AT_ONCE = 50;

/** An event as clients get it. */
export interface Occurrence {
  eventId: string;
  name: string;
  timestamp: string;
  data: object;
}

/** What deliveries need of the process. */
export interface Delivery {
  feed: Feed;
  clock: Clock;
  /** Puts events into words, in their order. */
  tell(events: readonly FeedEvent[], subscription: Subscription, signal: AbortSignal): Promise<Occurrence[]>;
  /** The id of the Webset that a client means. */
  resolve(websetId: string, signal: AbortSignal): Promise<string>;
  /** Aborts when the process is about to end. */
  closing?: AbortSignal | undefined;
}

/** The notifications of a stream, by the last part of their names. */
export type Send = (what: "active" | "event" | "heartbeat" | "error" | "terminated", params: object) => Promise<void>;

/**
 * Tells events as they happen until the signal aborts, which ends the reading at once, with an AbortError. Resolves where the process is about
 * to end, and where nothing more can come, which is told. Rejects with what is wrong before anything is told.
 */
export async function streamEvents(
  subscription: Subscription,
  delivery: Delivery,
  { signal, send }: { signal: AbortSignal; send: Send },
): Promise<void> {
  const { feed, clock, resolve, closing } = delivery;
  const link = linkAbort(signal, closing);
  const { websetId } = subscription;
  let told: Told | undefined;
  try {
    const { truncated, ...place } = await placeOf(subscription, delivery, link.signal);
    const reading = feed.read({
      ...sharing(subscription.filter),
      ...place,
      websetId: websetId === undefined ? undefined : (within) => resolve(websetId, within),
      signal: link.signal,
    });
    let isFailing = false;
    for await (const news of reading) {
      if (news.kind === "positioned") {
        told = new Told(news.position, subscription, delivery, { signal: link.signal, send });
        await told.send("active", { cursor: told.cursor, truncated });
        void beat(told, clock, link.signal);
      } else if (news.kind === "read") {
        if (news.asked) isFailing = false;
        await told?.events(news);
      } else if (told === undefined) {
        // Whoever has nothing open yet comes again by itself; an answer that may be an accident is asked for twice.
        if (!isDoubtful(news.error)) throw news.error;
      } else if (!isFailing) {
        isFailing = true;
        await told.send("error", { error: eventsError(news.error) });
      }
    }
  } catch (error) {
    if (isAbort(error) && closing?.aborted && !signal.aborted) return;
    if (told === undefined || !(error instanceof WebsetsError)) throw error;
    await told.send("terminated", { error: eventsError(error) });
  } finally {
    link.abort();
  }
}

/** The same events, of the one poll loop for all types: a client opens a stream for each name that it wants. */
function sharing(filter: EventFilter): EventFilter {
  return { types: undefined, accepts: (event) => matches(filter, event) };
}

async function beat(told: Told, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, signal);
      if (!told.isSending) await told.send("heartbeat", { cursor: told.cursor });
    }
  } catch {
    // The stream has ended, or whoever read it has gone, which it notices itself.
  }
}

/** What a stream has told so far. */
class Told {
  /** Where to go on after it. */
  cursor: string;
  isSending = false;
  #position: Position;
  readonly #subscription: Subscription;
  readonly #tell: Delivery["tell"];
  readonly #signal: AbortSignal;
  readonly #send: Send;

  constructor(
    position: Position,
    subscription: Subscription,
    { tell }: Delivery,
    { signal, send }: { signal: AbortSignal; send: Send },
  ) {
    this.#position = position;
    this.cursor = encodeCursor(position);
    this.#subscription = subscription;
    this.#tell = tell;
    this.#signal = signal;
    this.#send = send;
  }

  /** Sends, unless the stream has ended meanwhile. Resolves when whoever reads it has room for more. */
  async send(...notification: Parameters<Send>): Promise<void> {
    this.#signal.throwIfAborted();
    this.isSending = true;
    try {
      // Whoever does not read must not hold up the end.
      await orAbort(this.#send(...notification), this.#signal);
    } finally {
      this.isSending = false;
    }
  }

  /** Tells the events of one reading, each with the cursor to go on after it. */
  async events({ late, events, again, settledUpTo, crowd }: ReadNews): Promise<void> {
    const all = [...late, ...events];
    const after = (count: number) =>
      advance(this.#position, {
        handedOut: all.slice(0, count),
        metAgain: again,
        oldestPending: all[count],
        settledUpTo,
        crowd,
      });
    for (let begin = 0; begin < all.length; begin += TOLD_AT_ONCE) {
      const some = all.slice(begin, begin + TOLD_AT_ONCE);
      const occurrences = await this.#tell(some, this.#subscription, this.#signal);
      for (const [index, occurrence] of occurrences.entries()) {
        this.#moveTo(after(begin + index + 1));
        await this.send("event", { ...occurrence, cursor: this.cursor });
      }
    }
    this.#position = after(all.length);
    this.#moveTo(this.#position);
  }

  /**
   * More than 150 events of the last seconds have no room in a cursor: until they are settled it stays where it was. Whoever is cut off just
   * then hears some of them again.
   */
  #moveTo(position: Position): void {
    if (isTellable(position)) this.cursor = encodeCursor(position);
  }
}
