import type { EventType } from "../exa/event-types.ts";
import type { IdKind } from "./ids.ts";
import type { SandboxEvent } from "./resources.ts";
import { type ListOrder, mergeWalks, type Place, SortedList } from "./sorted-list.ts";

export interface EventQuery {
  order: ListOrder;
  /** Without it, all types. */
  types?: readonly string[] | undefined;
  after?: Place | undefined;
  /** Milliseconds since 1970, both inclusive. */
  from?: number | undefined;
  until?: number | undefined;
}

export interface LoggedEvent extends Place {
  readonly event: SandboxEvent;
  /** From when on lists and lookups show it, in milliseconds since 1970. */
  readonly visibleAt: number;
}

/** How many events are added between two looks for those past retention. */
const CLEANING_INTERVAL = 1_000;

/** All events, by time and by type. An event can become visible later than it was created, and is gone after retention. */
export class EventLog {
  readonly #byId = new Map<string, LoggedEvent>();
  readonly #all = new SortedList<LoggedEvent>();
  readonly #byType = new Map<string, SortedList<LoggedEvent>>();
  readonly #retentionMs: number;
  readonly #wallTime: () => number;
  #added = 0;

  constructor(retentionMs: number, wallTime: () => number) {
    this.#retentionMs = retentionMs;
    this.#wallTime = wallTime;
  }

  /** How many events are held, visible or not. */
  get size(): number {
    return this.#byId.size;
  }

  add(event: SandboxEvent, visibleAt: number): void {
    if (this.#byId.has(event.id)) throw new Error(`there is an event ${event.id} already`);
    const logged = { event, visibleAt, time: Date.parse(event.createdAt), id: event.id };
    this.#byId.set(event.id, logged);
    this.#all.insert(logged);
    const sameType = this.#byType.get(event.type) ?? new SortedList<LoggedEvent>();
    this.#byType.set(event.type, sameType);
    sameType.insert(logged);
    if (++this.#added % CLEANING_INTERVAL === 0) this.#forgetOld();
  }

  get(id: string): SandboxEvent | undefined {
    const logged = this.#byId.get(id);
    return logged !== undefined && this.#isThere(logged) ? logged.event : undefined;
  }

  place(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  *walk({ types, order, after, from, until }: EventQuery): Generator<LoggedEvent> {
    const range = { order, after, from: Math.max(from ?? -Infinity, this.#oldest()), until };
    const lists =
      types === undefined ? [this.#all] : [...new Set(types)].flatMap((type) => this.#byType.get(type) ?? []);
    const walks = lists.map((list) => list.walk(range));
    for (const logged of mergeWalks(walks, order)) if (this.#isThere(logged)) yield logged;
  }

  /** Nobody can see them any more; a sandbox that runs for months must not keep them. */
  #forgetOld(): void {
    for (const { id } of this.#all.removeBefore(this.#oldest())) this.#byId.delete(id);
    for (const list of this.#byType.values()) list.removeBefore(this.#oldest());
  }

  #isThere({ time, visibleAt }: LoggedEvent): boolean {
    return visibleAt <= this.#wallTime() && time >= this.#oldest();
  }

  #oldest(): number {
    return this.#wallTime() - this.#retentionMs;
  }
}

/** What those who live in the world need of it. */
export interface Recorder {
  /** Makes an event of what just happened, with a copy of `data` as it is now. */
  record(type: EventType, data: unknown): unknown;
  /** An id of now. */
  newId(kind: IdKind): string;
  /** Milliseconds since 1970. */
  wallTime(): number;
  /** The same as ISO 8601. */
  timestamp(): string;
}
