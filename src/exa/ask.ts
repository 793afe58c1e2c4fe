import { orAbort, startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, WebsetsError } from "../shared/errors.ts";
import { createRedact, type Redact } from "../shared/redact.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import type { RequestBudget } from "./budget.ts";
import type { HttpAnswer, Transport } from "./http.ts";
import { parseHttpDate } from "./http.ts";
import { looksLikeHtml, refusalOf, requestIdOf, type Subject } from "./refusal.ts";
import { RequestedPause } from "./requested-pause.ts";
import { isRetryable, LONGEST_UNSEEN_PAUSE_MS, retryDelay } from "./retry.ts";
import { inWords } from "./socket-errors.ts";

/** What an answer says, and when it was said: the feed needs the API's time, since our clock may be wrong. */
export interface Answer<T> {
  value: T;
  /** The answer's `Date` header, in milliseconds since 1970; its grain is one second. */
  serverTime: number | undefined;
  /** `clock.now()` when the successful attempt was sent. */
  sentAt: number;
  /** `clock.now()` when its answer had arrived whole. */
  receivedAt: number;
}

export interface CallOptions {
  /** Ends the call, which then rejects with an AbortError. */
  signal?: AbortSignal;
  /** The `clock.now()` at which the call is over, whatever happens; without it 25 s after the first request is sent. */
  deadline?: number;
  /** How often to try at most, the first time included; without it 4. */
  attempts?: number;
  /** Callers of one group are served in order; groups take turns when requests must wait. */
  group?: string;
  /** For a look that nobody waits for: calls of people and agents go before it. */
  background?: boolean;
}

/** One question to the API: where, in which words errors speak of it, and how its answer is read. */
export interface Question<T> extends Subject {
  url: URL;
  /** Throws `unexpected_response` for a JSON of the wrong shape. */
  parse(json: unknown): T;
}

/** A failed attempt that is followed by another one. */
export interface RetryNotice {
  error: WebsetsError;
  /** How many attempts have been made. */
  attempt: number;
  delayMs: number;
}

export interface AskOptions {
  apiKey: string;
  userAgent: string;
  transport: Transport;
  clock: Clock;
  budget: RequestBudget;
  /** Learns from the `Date` of every answer. */
  upstreamClock: UpstreamClock;
  /** Returns 0 to 1, for jitter. */
  random: () => number;
  onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/** How far a call has come. */
interface Progress {
  /** Whether the next attempt has still to be sent. */
  isQueued: boolean;
  lastError?: WebsetsError;
}

export type Ask = <T>(question: Question<T>, options?: CallOptions) => Promise<Answer<T>>;

const ATTEMPTS = 4;
/** Hosts lose patience with a call at 30 s at the soonest, so one that names no deadline is over before, in milliseconds. */
const LONGEST_CALL_MS = 25_000;

/**
 * Creates the function that asks until there is an answer, the trouble is not of the passing kind, the attempts are used up,
 * or the next one would begin after the deadline. It leaves no listener and no timer behind.
 */
export function createAsk(setup: AskOptions): Ask {
  const { apiKey, clock } = setup;
  const headers = { "x-api-key": apiKey, accept: "application/json", "user-agent": setup.userAgent };
  const redact = createRedact(apiKey);
  const pause = new RequestedPause(clock);

  async function attempt<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>> {
    const sentAt = clock.now();
    const answer = await send(question.url, signal);
    const receivedAt = clock.now();
    const serverTime = parseHttpDate(answer.headers.date);
    if (answer.status < 200 || answer.status >= 300) {
      // A date in an answer without a `Date` is compared with what is known.
      const clocks = { server: serverTime ?? setup.upstreamClock.at(), ours: clock.wallTime() };
      const refusal = refusalOf(answer, question, redact, clocks);
      pause.note(refusal);
      throw refusal;
    }
    const value = read(answer, question, redact);
    setup.upstreamClock.note({ serverTime, sentAt, receivedAt });
    return { value, serverTime, sentAt, receivedAt };
  }

  async function send(url: URL, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await orAbort(setup.transport({ method: "GET", url, headers: { ...headers }, signal }), signal);
    } catch (error) {
      throw inWords(error, url.host);
    }
  }

  return async (question, options = {}) => {
    if (options.signal?.aborted) throw abortError();
    const { attempts = ATTEMPTS, group, background } = options;
    let deadline = options.deadline ?? Number.POSITIVE_INFINITY;
    let limit = startTimeLimit(clock, deadline - clock.now(), options.signal);
    const progress: Progress = { isQueued: true };
    try {
      for (let made = 1; ; made++) {
        do {
          await pause.over({ deadline, signal: limit.signal });
          await setup.budget.acquire({ group, background, signal: limit.signal });
          // Who waited in the queue may come out of it into a pause that began meanwhile.
        } while (pause.isOn);
        if (made === 1 && options.deadline === undefined) {
          // The time in the queue does not count: many calls at once must not make each other fail.
          limit.end();
          deadline = clock.now() + LONGEST_CALL_MS;
          limit = startTimeLimit(clock, LONGEST_CALL_MS, options.signal);
        }
        progress.isQueued = false;
        try {
          return await attempt(question, limit.signal);
        } catch (error) {
          if (limit.signal.aborted || !isRetryable(error) || made >= attempts) throw error;
          if ((error.retryAfterMs ?? 0) > LONGEST_UNSEEN_PAUSE_MS) throw error;
          const delayMs = retryDelay({ attempt: made, error, random: setup.random });
          if (clock.now() + delayMs >= deadline) throw error;
          progress.lastError = error;
          progress.isQueued = true;
          setup.onRetry?.({ error, attempt: made, delayMs });
          await clock.sleep(delayMs, limit.signal);
        }
      }
    } catch (error) {
      if (options.signal?.aborted) throw abortError();
      throw limit.expired ? timeUp(question, progress) : error;
    } finally {
      limit.end();
    }
  };
}

function read<T>(answer: HttpAnswer, question: Question<T>, redact: Redact): T {
  const unexpected = (what: string, cause?: unknown) => {
    const requestId = requestIdOf(answer, redact);
    const facts = { what, status: answer.status, cause, ...(requestId !== undefined && { requestId }) };
    return new WebsetsError("unexpected_response", facts);
  };
  let json: unknown;
  try {
    json = JSON.parse(answer.body);
  } catch {
    throw unexpected(`the answer for ${question.name} is ${looksLikeHtml(answer) ? "a page of HTML" : "no JSON"}`);
  }
  try {
    return question.parse(json);
  } catch (error) {
    if (!(error instanceof WebsetsError)) throw error;
    throw unexpected(error.message, error);
  }
}

function timeUp(subject: Subject, { isQueued, lastError }: Progress): WebsetsError {
  const what = isQueued
    ? `the request for ${subject.name} waited in our own queue until its time was up, and was not sent`
    : `the API did not answer for ${subject.name} in the time there was`;
  return new WebsetsError("unavailable", {
    what: lastError === undefined ? what : `${what}; before that: ${lastError.message}`,
    cause: lastError,
  });
}
