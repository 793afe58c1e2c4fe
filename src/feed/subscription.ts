import { orAbort } from "../shared/abort.ts";
import { abortError, type WebsetsError } from "../shared/errors.ts";
import { byTime } from "./position.ts";
import type { News } from "./tail-memory.ts";

/** What a reader is told by a tail. */
export type TailNews =
  /** What the tail knew when the reader joined, or what a poll found. Everything before `settledUpTo` was told with it. */
  | ({ kind: "recalled" | "polled"; settledUpTo: number | undefined; unreadable: number; begunAt?: number } & News)
  /** A poll failed in passing. */
  | { kind: "failed"; error: WebsetsError }
  /** There is more between the reader's position and `upstreamNow` than one poll can read; the reader is out. */
  | { kind: "behind"; upstreamNow: number };

/** What a reader expects of the events to come, for the pace of the polls. */
export interface Expectation {
  /** Whether something is under way that may end at a moment nobody foresees. */
  isRunning: boolean;
  /** The `clock.now()` before which nothing that it waits for is likely; undefined where it has no idea. */
  nothingBefore: number | undefined;
}

/** What a reader brings to a tail. */
export interface Place {
  /** From where on the reader wants all events, in milliseconds since 1970. */
  since: number;
  /** Only events that may be of this Webset; without it all. */
  websetId?: string | undefined;
  /** The `clock.now()` before which the reader needs at least one poll. */
  urgentBy: number;
  /** The `clock.now()` at which the reader wants a poll, or soon after it. */
  settlesAt?: number | undefined;
  /** Asked before each pause. */
  expects?: (() => Expectation) | undefined;
}

/** What a place asks of its tail. */
interface TailOf {
  leave(place: Subscription): void;
  /** Makes the next poll come without a pause. */
  hurry(): void;
}

/** One reader's place at a tail. */
export class Subscription {
  /** From where on the reader wants all events, in milliseconds since 1970. */
  readonly since: number;
  readonly websetId: string | undefined;
  /** The `clock.now()` before which the reader needs at least one poll. */
  urgentBy: number;
  readonly settlesAt: number;
  /** `clock.now()` when it came. */
  joinedAt = Number.NEGATIVE_INFINITY;
  readonly #expects: () => Expectation;
  /** Whether it was told what the tail knew when it came: then polls tell it what is new to the tail. */
  recalled = false;
  /** Whether a poll that began after the reader came has told it all since its position. */
  served = false;
  readonly #tail: TailOf;
  #news: TailNews[] = [];
  #failure: { error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor({ since, websetId, urgentBy, settlesAt, expects }: Place, tail: TailOf) {
    this.since = since;
    this.websetId = websetId;
    this.urgentBy = urgentBy;
    this.settlesAt = settlesAt ?? Number.NEGATIVE_INFINITY;
    this.#expects = expects ?? (() => ({ isRunning: false, nothingBefore: undefined }));
    this.#tail = tail;
  }

  /** The next news; rejects with an AbortError when `signal` aborts, or with the error that ended the tail. */
  async next(signal: AbortSignal): Promise<TailNews> {
    for (;;) {
      if (signal.aborted) throw abortError();
      const news = this.#news.shift();
      if (news !== undefined) return news;
      if (this.#failure !== undefined) throw this.#failure.error;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await orAbort(woken, signal);
    }
  }

  get expectation(): Expectation {
    return this.#expects();
  }

  leave(): void {
    this.#tail.leave(this);
  }

  /** For a reader that has something from the tail's memory, and only wants to know what else there is now. */
  hurry(): void {
    this.urgentBy = Number.NEGATIVE_INFINITY;
    this.#tail.hurry();
  }

  /** For the tail: news a reader has no time for is put together, so that a slow reader does not pile it up. */
  tell(news: TailNews): void {
    const last = this.#news.at(-1);
    if (last?.kind === "failed" && news.kind === "failed") this.#news.pop();
    if (last?.kind === "polled" && news.kind === "polled") {
      this.#news.pop();
      const events = last.events.length === 0 ? news.events : [...last.events, ...news.events].sort(byTime);
      const unreadable = Math.max(last.unreadable, news.unreadable);
      this.#news.push({ ...news, events, late: [...last.late, ...news.late], unreadable });
    } else {
      this.#news.push(news);
    }
    this.#wake?.();
  }

  /** For the tail: it has ended with this error. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }
}
