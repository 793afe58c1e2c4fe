/**
 * When items are ready, as pure decisions: what is remembered of a chain of waits, what an event of an item means for it, and which items
 * have to be read. Times are those of events, in milliseconds since 1970.
 */
import type { WebsetItem } from "../exa/schemas.ts";
import type { FeedEvent } from "../feed/event.ts";
import { byTime } from "../feed/position.ts";
import { BoundedMap } from "../shared/bounded-map.ts";
import { isDone } from "./item-facts.ts";

/** The enrichments that a Webset has, by their ids, with their statuses. */
export type Required = ReadonlyMap<string, string>;

/** When something was, and when this process heard of it, in `clock.now()`. */
interface Heard {
  time: number;
  metAt: number;
}

/** An event of an item without what it tells of it. */
export type ItemEvent = Omit<FeedEvent, "data"> & Heard;

/** What no state lags behind any more: what was created by a time of events, and what was met by a moment of `clock.now()`. */
export interface Settled {
  created: number;
  met: number;
}

/** What a chain remembers of an item. */
export interface Track {
  readonly itemId: string;
  readonly websetId: string;
  /** The newest event that was met; and how many enrichments one of all that were met shows at most, and how many values there can be by it. */
  event: ItemEvent;
  shown: number;
  possible: number;
  /** Whether it still has to be told: by its events there may be more values than were told. */
  isOpen: boolean;
  /** Whether it was read since that event and was unfinished then: only the next event calls for another reading. */
  wasRead: boolean;
  /**
   * That its Webset was idle after that event: no more events will come, so it is read at once, and for the last time when that is
   * settled, for its state may lag behind the event that told of idleness.
   */
  idle?: Heard;
  /** How often it could not be read since that event, and since when, in `clock.now()`. */
  failures: number;
  failingSince?: number;
  /** When it was told, by the number of the call, and how many values it had. */
  told: { call: number; values: number }[];
}

/** In one chain this many items are remembered; those told longest ago are forgotten first. About 420 bytes each. */
export const MOST_TRACKS = 10_000;

/** An item that could not be read so often, and for so long in milliseconds, is given up: outages are over before. */
const MOST_FAILURES = 10;
const LONGEST_FAILING_MS = 300_000;

/** How many enrichments of an item have come to their end. */
export function valuesOf({ enrichments }: WebsetItem): number {
  return enrichments.filter(({ status }) => isDone(status)).length;
}

/**
 * Whether an item has all values: of every enrichment that its Webset has, but for those that were canceled there, and of every one
 * that the item itself shows and the Webset does not yet.
 */
export function isReady(item: WebsetItem, required: Required): boolean {
  const statuses = new Map(item.enrichments.map(({ enrichmentId, status }) => [enrichmentId, status]));
  for (const [id, status] of required) if (status !== "canceled" && !isDone(statuses.get(id) ?? "")) return false;
  for (const [id, status] of statuses) if (!required.has(id) && !isDone(status)) return false;
  return true;
}

/** What a chain of waits has met and told so far. */
export class ReadyChain {
  readonly #tracks = new Map<string, Track>();
  /** Webset by Webset, when it is known to have been idle last. */
  readonly #idle = new BoundedMap<string, Heard>({ entries: MOST_TRACKS });
  #calls = 0;
  /** What the last wait had no time for: whether to read all that was due, and at which Websets to look. */
  isSlow = false;
  readonly unknown = new Set<string>();
  /** Whether items had to be forgotten that were not ready. */
  forgot = false;

  get size(): number {
    return this.#tracks.size;
  }

  /** The number of the last call that told something. */
  get calls(): number {
    return this.#calls;
  }

  /** From when on events have to be read again to know of all items that are not ready; undefined where there are none. */
  get openSince(): number | undefined {
    let since: number | undefined;
    for (const { isOpen, event } of this.#tracks.values()) {
      if (isOpen && event.time < (since ?? Number.POSITIVE_INFINITY)) since = event.time;
    }
    return since;
  }

  /**
   * Takes back what was told after a call: whoever goes on from there again has not got it. What its events will not bring again is
   * to be read.
   */
  goBackTo(call: number, isDealtWith: (event: ItemEvent) => boolean): void {
    for (const track of this.#tracks.values()) {
      if (track.told.every((one) => one.call <= call)) continue;
      track.told = track.told.filter((one) => one.call <= call);
      if (!isDealtWith(track.event)) continue;
      track.isOpen = true;
      track.wasRead = false;
    }
  }

  /**
   * Takes in an event of an item; returns whether the item is to be told with it.
   * @param found with how many values the wait has found the item to be ready, and is about to tell it.
   */
  meet(event: ItemEvent, item: WebsetItem, websetId: string, required: Required | undefined, found = -1): boolean {
    const known = this.#tracks.get(item.id);
    const isNewest = known === undefined || byTime(event, known.event) >= 0;
    const track: Track = known ?? {
      itemId: item.id,
      websetId,
      event,
      shown: 0,
      possible: 0,
      isOpen: false,
      wasRead: false,
      failures: 0,
      told: [],
    };
    this.#tracks.delete(item.id);
    this.#tracks.set(item.id, track);
    // What is met again, as after a reading that was cut short, was heard of before.
    if (isNewest && (known === undefined || known.event.id !== event.id)) {
      track.event = event;
      track.failures = 0;
      delete track.failingSince;
    }
    // The newest event may tell of an earlier state than one before it.
    track.shown = Math.max(track.shown, item.enrichments.length);
    const possible = possibleValues(item, required);
    const isMore = possible > track.possible;
    track.possible = Number.isFinite(track.possible) ? Math.max(track.possible, possible) : possible;
    if (required !== undefined && isReady(item, required) && this.#isNews(track, valuesOf(item), found)) {
      if (isNewest && item.enrichments.length === track.shown) track.isOpen = false;
      return true;
    }
    // A told item only becomes unfinished by an enrichment that was added; else the event tells of an earlier state. One that was
    // canceled since may have had its value before, though the event does not show it.
    if ((isNewest || isMore) && this.#isNews(track, track.possible, found)) {
      track.isOpen = true;
      track.wasRead = false;
      const idle = this.#idle.get(websetId);
      if (idle !== undefined && event.time <= idle.time) track.idle = idle;
      else delete track.idle;
    }
    return false;
  }

  /** That a Webset was idle at a time: whatever its items lack by then will not come by events. */
  noteIdle(websetId: string, idle: Heard): void {
    const { time } = idle;
    if (time <= (this.#idle.get(websetId)?.time ?? Number.NEGATIVE_INFINITY)) return;
    this.#idle.set(websetId, idle);
    for (const track of this.#tracks.values()) {
      if (track.websetId !== websetId || !track.isOpen || track.event.time > time) continue;
      track.wasRead = false;
      track.idle = idle;
    }
  }

  /** That a Webset is gone, and its items with it. */
  noteDeleted(websetId: string): void {
    for (const track of this.#tracks.values()) if (track.websetId === websetId) track.isOpen = false;
  }

  /**
   * Notes that an item could not be read; returns whether it is given up, so that nobody waits for ever for one that cannot be. Its
   * next event calls for another reading.
   */
  noteFailure(track: Track, at: number): boolean {
    track.failures++;
    track.failingSince ??= at;
    if (track.failures < MOST_FAILURES || at - track.failingSince < LONGEST_FAILING_MS) return false;
    track.isOpen = false;
    return true;
  }

  /**
   * Items to be read: those whose newest event shows them unfinished and is settled. Oldest first, but those that could not be read keep
   * back no others.
   */
  due(settled: Settled): Track[] {
    return [...this.#tracks.values()]
      .filter(({ isOpen, wasRead, idle, event }) => {
        if (!isOpen) return false;
        return wasRead ? isOver(idle, settled) : idle !== undefined || isSettled(event, settled);
      })
      .sort((one, other) => one.failures - other.failures || byTime(one.event, other.event));
  }

  /**
   * Takes in an item that was read, or that there is none; returns whether it is to be told.
   * @param settled as it was due.
   * @param found as with `meet`.
   */
  read(
    track: Track,
    item: WebsetItem | undefined,
    required: Required | undefined,
    settled: Settled,
    found = -1,
  ): boolean {
    if (!track.isOpen) return false;
    const isLast = isOver(track.idle, settled);
    if (item === undefined) track.isOpen = false;
    // A state that shows less than the event lags behind it: it is read again when it no longer can.
    else if (item.enrichments.length < track.shown && !isSettled(track.event, settled) && !isLast) track.wasRead = true;
    else if (required !== undefined && isReady(item, required)) {
      if (this.#isNews(track, valuesOf(item))) return valuesOf(item) > found;
      track.isOpen = false;
    } else if (required !== undefined) {
      track.wasRead = true;
      if (isLast) track.isOpen = false;
    }
    return false;
  }

  /** Notes that items were told, each with which event and how many values; nothing counts as told before. */
  tell(items: readonly { itemId: string; eventId: string; values: number }[]): void {
    if (items.length > 0) this.#calls++;
    for (const { itemId, eventId, values } of items) {
      const track = this.#tracks.get(itemId);
      if (track === undefined) continue;
      track.told = [...track.told, { call: this.#calls, values }];
      // A newer event that was met meanwhile may tell of an enrichment that was added.
      if (eventId === track.event.id || values >= track.possible) track.isOpen = false;
    }
    this.#forget();
  }

  #isNews({ told }: Track, values: number, found = -1): boolean {
    return values > found && told.every((one) => one.values < values);
  }

  #forget(): void {
    for (const order of [isTold, () => true]) {
      for (const [itemId, track] of this.#tracks) {
        if (this.#tracks.size <= MOST_TRACKS) return;
        if (!order(track)) continue;
        this.#tracks.delete(itemId);
        this.forgot ||= track.isOpen;
      }
    }
  }
}

/** Whether no state of before that idleness can be read any more. */
function isOver(idle: Heard | undefined, settled: Settled): boolean {
  return idle !== undefined && isSettled(idle, settled);
}

/** What was heard of has been, whatever is known of the API's time. */
function isSettled({ time, metAt }: Heard, { created, met }: Settled): boolean {
  return time <= created || metAt <= met;
}

function isTold({ isOpen, told }: Track): boolean {
  return !isOpen && told.length > 0;
}

/** How many values an item can have at most, by what is known of its Webset. */
function possibleValues({ enrichments }: WebsetItem, required: Required | undefined): number {
  if (required === undefined) return Number.POSITIVE_INFINITY;
  return new Set([...required.keys(), ...enrichments.map(({ enrichmentId }) => enrichmentId)]).size;
}
