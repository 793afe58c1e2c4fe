import type { EventQuery, ExaClient } from "../exa/client.ts";
import { ResponseTooLargeError } from "../exa/http.ts";
import type { Clock } from "../shared/clock.ts";
import { WebsetsError } from "../shared/errors.ts";
import { type FeedEvent, keep } from "./event.ts";

/** The largest page the API gives. */
export const LARGEST_PAGE = 200;

/** What reading events needs: the client, and how far a call may go. */
export interface Reading {
  exa: Pick<ExaClient, "listEvents">;
  clock: Clock;
  signal: AbortSignal;
  /** How long one page may take, repetitions included, in milliseconds; without it the client decides. */
  limitMs?: number | undefined;
  /** How often each request is tried; without it the client decides. */
  attempts?: number | undefined;
  /** Told how many malformed events a page had. */
  onMalformed?: ((count: number) => void) | undefined;
  /** The page size that last proved small enough, kept between walks by whoever walks often. */
  size?: { largest: number };
  /** With whom these requests share their turns; by default with the listings. */
  group?: string | undefined;
}

export interface Range {
  types?: readonly string[] | undefined;
  /** Milliseconds since 1970, inclusive. */
  after?: number | undefined;
  /** Milliseconds since 1970, inclusive. */
  before?: number | undefined;
}

/** A page as the API gave it. */
export interface Page {
  events: FeedEvent[];
  /** As the API says it. */
  hasMore: boolean;
  nextCursor: string | null;
  /** Whether it has as many entries as were asked for. */
  isFull: boolean;
  /** The API did not take the cursor, so that there is no page: what it would have held has to be found without it. */
  isRefused?: boolean;
  /** The answer's `Date`, in milliseconds since 1970. */
  serverTime: number | undefined;
  /** When it was asked for and had arrived, in `clock.now()`. */
  sentAt: number;
  receivedAt: number;
}

/** Whether a cursor that came with a last page has led to more, by client; once it has, it may again. */
const leadsOn = new WeakMap<Reading["exa"], boolean>();

/** Reads the pages of one walk. A page too large to hold is asked for in halves. */
export class PageReader {
  readonly #reading: Reading;
  #size: number;
  /** How many events the fullest page had so far. */
  fullest = 0;
  /** Whether this list had more behind a page without a cursor. */
  losesCursors = false;

  constructor(reading: Reading, limit: number) {
    this.#reading = reading;
    this.#size = Math.min(limit, reading.size?.largest ?? limit);
  }

  async read(range: Range, cursor: string | undefined): Promise<Page> {
    const { clock, size, onMalformed } = this.#reading;
    for (;;) {
      const askedAt = clock.now();
      const answer = await this.#ask(queryOf(range, this.#size, cursor)).catch((error: unknown) => {
        if (error instanceof ResponseTooLargeError && this.#size > 1) return "too large";
        if (cursor !== undefined && error instanceof WebsetsError && error.kind === "invalid_request") return "refused";
        throw error;
      });
      if (answer === "refused") return noPage(askedAt, clock.now());
      if (answer === "too large") {
        this.#size = Math.floor(this.#size / 2);
        if (size !== undefined) size.largest = this.#size;
        continue;
      }
      const { value, serverTime, sentAt, receivedAt } = answer;
      const { malformed, hasMore, nextCursor } = value;
      if (malformed > 0) onMalformed?.(malformed);
      const events = value.events.map(keep);
      this.fullest = Math.max(this.fullest, events.length);
      const isFull = events.length + malformed >= this.#size;
      this.#growAgain(events.length);
      return { events, hasMore, nextCursor, isFull, serverTime, sentAt, receivedAt };
    }
  }

  /** Whether a page may have been cut by what was asked for, or by what the API gives at most: no page had more. */
  mayBeCut(events: readonly unknown[], isFull: boolean): boolean {
    return isFull || events.length >= this.fullest;
  }

  /** Whether a page that is said to be the last is it, although it has a cursor: with many APIs the last one has, too. */
  get trustsEnds(): boolean {
    return leadsOn.get(this.#reading.exa) === false;
  }

  /** Notes whether there was more behind a page that was said to be the last. */
  noteBeyond(isMore: boolean): void {
    const { exa } = this.#reading;
    if (isMore || !leadsOn.has(exa)) leadsOn.set(exa, isMore);
  }

  #ask(query: EventQuery) {
    const { exa, clock, signal, limitMs, attempts, group = "listing" } = this.#reading;
    return exa.listEvents(query, {
      signal,
      group,
      ...(limitMs === undefined ? {} : { deadline: clock.now() + limitMs }),
      ...(attempts === undefined ? {} : { attempts }),
    });
  }

  /** A page that stayed far below its limit would have been no larger with a larger one: the next walk may try that. */
  #growAgain(got: number): void {
    const { size } = this.#reading;
    if (size !== undefined && size.largest === this.#size && got < this.#size / 2) {
      size.largest = Math.min(LARGEST_PAGE, size.largest * 2);
    }
  }
}

function noPage(sentAt: number, receivedAt: number): Page {
  const times = { serverTime: undefined, sentAt, receivedAt };
  return { events: [], hasMore: false, nextCursor: null, isFull: false, isRefused: true, ...times };
}

function queryOf(range: Range, limit: number, cursor: string | undefined): EventQuery {
  return {
    limit,
    ...(range.types === undefined ? {} : { types: range.types }),
    ...(range.after === undefined ? {} : { createdAfter: isoTime(range.after) }),
    ...(range.before === undefined ? {} : { createdBefore: isoTime(range.before) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Times beyond what a date can hold do not occur in the API; they are bounded so that no text of a caller can throw. */
export function isoTime(time: number): string {
  return new Date(Math.max(0, Math.min(time, 253_402_300_799_999))).toISOString();
}
