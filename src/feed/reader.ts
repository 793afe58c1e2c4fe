import { BoundedMap } from "../shared/bounded-map.ts";
import type { Clock } from "../shared/clock.ts";
import { isTransient, type WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";
import { type EventFilter, matches } from "./filter.ts";
import type { Owners } from "./owners.ts";
import { advance, byTime, type CrowdStep, isDealtWith, type Placed, type Position } from "./position.ts";
import { KEPT_MS, MOST_KEPT } from "./tail-memory.ts";

/** An event whose Webset has to be asked for may hold up others for this long at first, and after failures longer. */
const OWNER_LIMIT_MS = 1_000;
const LONGEST_OWNER_LIMIT_MS = 10_000;

/** What happens while a feed is read. */
export type FeedNews =
  /** The first news, unless there is an error: where reading begins. */
  | { kind: "positioned"; position: Position }
  | ReadNews
  /** A transient error; reading goes on by itself. */
  | { kind: "retrying"; error: WebsetsError };

export interface ReadNews {
  kind: "read";
  /** Matching events, oldest first, each once; often none. */
  events: FeedEvent[];
  /** Events that the position had dealt with already, met again: they tell their exact times. */
  again: Placed[];
  /** Everything created before this time has been told, in milliseconds since 1970. */
  settledUpTo: number | undefined;
  /** Whether the upstream was asked for this, and not only the memory of a tail. */
  asked: boolean;
  /** When it was asked, in `clock.now()`, where one reading gave all of it. */
  begunAt?: number | undefined;
  /** Whether everything visible when the reader came has been told with it, and what follows is of later. */
  isCaughtUp: boolean;
  /** Matching events, not among the others, that became visible later than any should: they lie before what was settled. */
  late: FeedEvent[];
  /** How many entries of the API could not be read at all so far, having no usable id, type or createdAt. */
  unreadable: number;
  /** For a part of one crowded millisecond: where it begins, and the next part. */
  crowd?: CrowdStep | undefined;
  /** Whether some of the events may have been told before. */
  repeats: boolean;
}

/** What one call of `read` goes by, once its Webset is known. */
export interface ReaderRequest extends EventFilter {
  websetId: string | undefined;
  signal: AbortSignal;
  /** Whether the position goes on from an earlier reading, so that what lies shortly before it was to be told too. */
  resumes: boolean;
}

/** Events that a reader meets, of all Websets. */
interface Batch extends Pick<ReadNews, "events" | "settledUpTo" | "asked" | "begunAt" | "isCaughtUp" | "unreadable"> {
  late?: FeedEvent[];
  crowd?: CrowdStep | undefined;
  repeats?: boolean;
}

/** Which of some events are a reader's. */
interface Decided {
  events: FeedEvent[];
  /** Those of which nobody knows yet. Both in the order in which they were asked about. */
  undecided: FeedEvent[];
  /** Why that is so. */
  lastError: WebsetsError | undefined;
}

/** One reader's way through the feed: where it stands, and which of the events it meets are its own. */
export class Reader {
  readonly request: ReaderRequest;
  position: Position;
  readonly #owners: Owners;
  readonly #clock: Clock;
  /** Events whose Webset could not be found out yet; the position does not pass them. */
  #undecided: readonly FeedEvent[] = [];
  /** The same of late events, which lie before the position: no poll tells of them again. */
  #undecidedLate: readonly FeedEvent[] = [];
  /** Late events are told that were created at this time or after it, each once. */
  readonly #lateFrom: number;
  /** Those that were told, and what was read in slices: to a tail it may be news, and late. No poll meets more of the past. */
  readonly #told = new BoundedMap<string, true>({ entries: MOST_KEPT });
  /** Entries that could not be read: of slices in all, and of polls, which meet the same ones again, the most at once. */
  #unreadable = { slices: 0, polls: 0 };
  /** Whether the crowd in the position was met in this reading. */
  isOwnCrowd = false;
  /** How long the next look-ups of Websets may take, in milliseconds. */
  #ownerLimitMs = OWNER_LIMIT_MS;

  constructor(request: ReaderRequest, position: Position, owners: Owners, clock: Clock) {
    this.request = request;
    this.position = position;
    this.#lateFrom = request.resumes ? position.since - KEPT_MS : position.since;
    this.#owners = owners;
    this.#clock = clock;
  }

  /** Passes on what matches and moves the reader's position past it, but not past what cannot be decided yet. */
  async *take(batch: Batch): AsyncGenerator<FeedNews, void> {
    const { position } = this;
    const { asked, begunAt, crowd, repeats = false } = batch;
    const fresh = new Map(this.#undecided.map((event) => [event.id, event]));
    const again: FeedEvent[] = [];
    for (const event of batch.events) {
      this.#owners.note(event);
      if (event.time < position.since || !matches(this.request, event)) continue;
      if (isDealtWith(position, event)) again.push(event);
      else fresh.set(event.id, event);
    }
    const owedLate = this.#owedLate(batch.late ?? []);
    const decided = await this.#decide([...[...fresh.values()].sort(byTime), ...owedLate]);
    const { lastError } = decided;
    const isLate = new Set(owedLate);
    const [events, late] = partition(decided.events, (event) => !isLate.has(event));
    const [undecided, undecidedLate] = partition(decided.undecided, (event) => !isLate.has(event));
    this.#undecidedLate = undecidedLate;
    this.#noteTold(late);
    if (batch.late === undefined) this.#noteTold([...events, ...again]);
    this.#undecided = undecided;
    if (batch.isCaughtUp) this.#unreadable.polls = Math.max(this.#unreadable.polls, batch.unreadable);
    else this.#unreadable.slices += batch.unreadable;
    const unreadable = this.#unreadable.slices + this.#unreadable.polls;
    const oldestPending = undecided[0];
    const settledUpTo =
      batch.settledUpTo === undefined ? undefined : Math.min(batch.settledUpTo, oldestPending?.time ?? Infinity);
    const isCaughtUp = batch.isCaughtUp && decided.undecided.length === 0;
    yield { kind: "read", events, again, settledUpTo, asked, begunAt, isCaughtUp, late, unreadable, crowd, repeats };
    this.position = advance(position, { handedOut: events, metAgain: again, oldestPending, settledUpTo, crowd });
    if (crowd !== undefined) this.isOwnCrowd = true;
    if (lastError !== undefined) yield { kind: "retrying", error: lastError };
  }

  /** Which of these late events may be the reader's and were not told, with those of which that could not be found out yet. */
  #owedLate(met: readonly FeedEvent[]): FeedEvent[] {
    const all = new Map([...this.#undecidedLate, ...met].map((event) => [event.id, event]));
    return [...all.values()].filter(
      (event) => event.time >= this.#lateFrom && !this.#told.has(event.id) && matches(this.request, event),
    );
  }

  #noteTold(events: readonly FeedEvent[]): void {
    for (const { id } of events) this.#told.set(id, true);
  }

  /**
   * Which of these events are the reader's. Most say so themselves; where one has to be asked for and the answer does not come,
   * the others do not wait for it.
   */
  async #decide(events: readonly FeedEvent[]): Promise<Decided> {
    const { websetId, signal } = this.request;
    // Where there is nothing to decide, nothing has succeeded either.
    if (websetId === undefined || events.length === 0)
      return { events: [...events], undecided: [], lastError: undefined };
    const seenAt = this.#clock.now();
    // The next poll tries again.
    const options = { seenAt, signal, deadline: seenAt + this.#ownerLimitMs, attempts: 1 };
    const decided: Decided = { events: [], undecided: [], lastError: undefined };
    const decide = async (event: FeedEvent): Promise<boolean | undefined> => {
      try {
        return await this.#owners.belongs(event, websetId, options);
      } catch (error) {
        if (!isTransient(error)) throw error;
        decided.lastError = error;
        return undefined;
      }
    };
    const belongs = await Promise.all(events.map(decide));
    for (const [index, event] of events.entries()) {
      if (belongs[index] === undefined) decided.undecided.push(event);
      else if (belongs[index]) decided.events.push(event);
    }
    const longer = Math.min(LONGEST_OWNER_LIMIT_MS, this.#ownerLimitMs * 2);
    this.#ownerLimitMs = decided.lastError === undefined ? OWNER_LIMIT_MS : longer;
    return decided;
  }
}

function partition<T>(all: readonly T[], isOfFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isOfFirst), all.filter((one) => !isOfFirst(one))];
}
