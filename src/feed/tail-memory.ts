import type { FeedEvent } from "./event.ts";
import { byTime } from "./position.ts";

/** How much of the settled past is kept, so that a reader that pauses between two waits joins without a request. */
export const KEPT_MS = 60_000;
/** Beyond this many events, or characters of their data, only as much of the past is kept as tells new events from old ones. */
export const MOST_KEPT = 2_000;
export const MOST_CHARACTERS = 8 * 2 ** 20;

/** An event that became visible when everything before that time was taken to be. */
interface LateEvent {
  event: FeedEvent;
  /** Up to where everything was taken to be visible when it was met, in milliseconds since 1970. */
  metAt: number;
}

/** What a poll has brought that nobody was told of before, oldest first. */
export interface News {
  events: FeedEvent[];
  /** Those that lie in the past that was taken to be settled. */
  late: FeedEvent[];
}

/** What of it may be of that Webset: whatever else a reader were told would cost each of a thousand readers a look. */
export function newsOf(news: News, websetId: string | undefined): News {
  if (websetId === undefined) return news;
  const mayBeOf = ({ owner }: FeedEvent) => owner.kind !== "webset" || owner.websetId === websetId;
  return { events: news.events.filter(mayBeOf), late: news.late.filter(mayBeOf) };
}

/** What a tail remembers: every event visible at or after its floor, as of its last poll. */
export class TailMemory {
  readonly #all = new Timeline();
  /** Most readers want the events of one Webset; all others would cost each of them a look. */
  readonly #ofWebset = new Map<string, Timeline>();
  /** Events that do not say themselves whose they are. */
  readonly #unowned = new Timeline();
  readonly #characters = new Map<string, number>();
  #late: LateEvent[] = [];
  #size = 0;
  #floor: number | undefined;
  #settled: number | undefined;

  /** How many characters the data of all events has. */
  get size(): number {
    return this.#size;
  }

  /** How many characters the data of an event has, known or not. */
  sizeOf({ id, data }: FeedEvent): number {
    return this.#characters.get(id) ?? JSON.stringify(data)?.length ?? 0;
  }

  /** Whether an event is known that was created at the floor or after it. */
  has(id: string): boolean {
    return this.#characters.has(id);
  }

  /** Where the memory begins, in milliseconds since 1970; undefined before the first poll. */
  get floor(): number | undefined {
    return this.#floor;
  }

  /** Everything created from the floor up to this time is visible and known. It may lie before the floor. */
  get settledUpTo(): number | undefined {
    return this.#settled;
  }

  /** From where on the next poll has to read again; undefined before the first one. */
  get openFrom(): number | undefined {
    return this.#floor === undefined ? undefined : Math.max(this.#floor, this.#settled ?? this.#floor);
  }

  /** A time in the settled past from which on there are at most this many events, to look whether some have come late. */
  lookBackFrom(events: number): number | undefined {
    return this.#floor === undefined ? undefined : Math.max(this.#floor, this.#all.timeFromEnd(events) ?? this.#floor);
  }

  /** The events known at or after a time that may be of that Webset, oldest first. The time must not lie before the floor. */
  since(time: number, websetId?: string): FeedEvent[] {
    if (websetId === undefined) return this.#all.since(time);
    const own = this.#ofWebset.get(websetId)?.since(time) ?? [];
    const unowned = this.#unowned.since(time);
    return unowned.length === 0 ? own : [...own, ...unowned].sort(byTime);
  }

  /** Events before `time` that were met when everything up to then was taken to be visible already. */
  lateFor(time: number): FeedEvent[] {
    return this.#late.filter(({ event, metAt }) => event.time < time && metAt > time).map(({ event }) => event);
  }

  /** Takes in everything that was visible at or after `from`, which must not lie after `openFrom`. */
  take(events: readonly FeedEvent[], from: number, settledUpTo: number | undefined): News {
    const openFrom = this.openFrom ?? Number.POSITIVE_INFINITY;
    const floor = this.#floor ?? Number.POSITIVE_INFINITY;
    const fresh = events.filter((event) => !this.#characters.has(event.id)).sort(byTime);
    this.#floor = Math.min(this.#floor ?? from, from);
    if (settledUpTo !== undefined) this.#settled = Math.max(this.#settled ?? settledUpTo, settledUpTo);
    const late = fresh.filter(({ time }) => time >= floor && time < openFrom);
    for (const event of late) this.#late.push({ event, metAt: this.#settled ?? event.time });
    this.#add(fresh);
    return { events: fresh.filter(({ time }) => time >= openFrom), late };
  }

  /** Drops the settled past but for the last minute, and for less of it where it is crowded; never what comes after `needed`. */
  forget(needed: number): void {
    if (this.#floor === undefined || this.#settled === undefined) return;
    const isCrowded = this.#characters.size > MOST_KEPT || this.#size > MOST_CHARACTERS;
    const kept = isCrowded ? this.#settled : this.#settled - KEPT_MS;
    this.#floor = Math.max(this.#floor, Math.min(kept, needed));
    const floor = this.#floor;
    this.#late = this.#late.filter(({ event }) => event.time >= floor);
    for (const { id } of this.#all.dropBefore(floor)) {
      this.#size -= this.#characters.get(id) ?? 0;
      this.#characters.delete(id);
    }
    this.#unowned.dropBefore(floor);
    for (const [websetId, events] of this.#ofWebset) {
      events.dropBefore(floor);
      if (events.isEmpty) this.#ofWebset.delete(websetId);
    }
  }

  #add(fresh: readonly FeedEvent[]): void {
    if (fresh.length === 0) return;
    this.#all.add(fresh);
    const perWebset = new Map<string | undefined, FeedEvent[]>();
    for (const event of fresh) {
      const characters = this.sizeOf(event);
      this.#characters.set(event.id, characters);
      this.#size += characters;
      const owner = event.owner.kind === "webset" ? event.owner.websetId : undefined;
      const events = perWebset.get(owner);
      if (events === undefined) perWebset.set(owner, [event]);
      else events.push(event);
    }
    for (const [owner, events] of perWebset) {
      if (owner === undefined) this.#unowned.add(events);
      else {
        const known = this.#ofWebset.get(owner) ?? new Timeline();
        this.#ofWebset.set(owner, known);
        known.add(events);
      }
    }
  }
}

/** Events in the feed's order. */
class Timeline {
  #events: FeedEvent[] = [];

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Takes in events that are sorted and new. */
  add(events: readonly FeedEvent[]): void {
    const last = this.#events.at(-1);
    const [first] = events;
    this.#events.push(...events);
    if (last !== undefined && first !== undefined && byTime(first, last) < 0) this.#events.sort(byTime);
  }

  since(time: number): FeedEvent[] {
    return this.#events.slice(this.#indexOf(time));
  }

  timeFromEnd(events: number): number | undefined {
    return this.#events.at(-events)?.time;
  }

  dropBefore(time: number): FeedEvent[] {
    const index = this.#indexOf(time);
    return index === 0 ? [] : this.#events.splice(0, index);
  }

  /** Of the first event at or after a time. */
  #indexOf(time: number): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.time ?? time) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
