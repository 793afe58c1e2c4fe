import { orAbort, startTimeLimit } from "../shared/abort.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isTransient, WebsetsError } from "../shared/errors.ts";
import { createRedact } from "../shared/redact.ts";
import type { UpstreamClock } from "../shared/upstream-clock.ts";
import { createRequestBudget, type RequestBudget } from "./budget.ts";
import { type HttpAnswer, parseHttpDate, type Transport } from "./http.ts";
import { type KeyWords, looksLikeHtml, refusalOf, requestIdOf, type Subject } from "./refusal.ts";
import { isRetryable, LONGEST_UNSEEN_PAUSE_MS, RequestedPause, retryDelay } from "./retry.ts";
import { explainSocketError } from "./socket-errors.ts";

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
  /** What the key is called in errors; without it by the variable that holds it. */
  keyWords?: KeyWords | undefined;
  /** Our own version, for the User-Agent. */
  version: string;
  transport: Transport;
  clock: Clock;
  /** Learns from the answers what time it is there. */
  upstreamClock: UpstreamClock;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
  onRetry?: (notice: RetryNotice) => void;
  /** Without it these questions have their own. */
  budget?: RequestBudget;
}

export interface Ask {
  <T>(question: Question<T>, options?: CallOptions): Promise<Answer<T>>;
  /** Why nothing is answered at present: undefined while the last request that was sent has been. */
  lastError(): WebsetsError | undefined;
}

const ATTEMPTS = 4;
/** Hosts lose patience with a call at 30 s at the soonest, so one that names no deadline is over before, in milliseconds. */
const LONGEST_CALL_MS = 25_000;

/**
 * Creates the function that asks until there is an answer, the error is not transient, the attempts are used up,
 * or the next one would begin after the deadline. It leaves no listener and no timer behind.
 */
export function createAsk(setup: AskOptions): Ask {
  const { apiKey, clock, transport, upstreamClock, onRetry, random = Math.random } = setup;
  const budget = setup.budget ?? createRequestBudget(clock);
  const headers = {
    "x-api-key": apiKey,
    accept: "application/json",
    "user-agent": `websets-events-mcp/${setup.version}`,
  };
  const redact = createRedact(apiKey);
  const pause = new RequestedPause(clock);
  /** What was asked last, until something is answered, and how an attempt has failed meanwhile. */
  let unanswered: { subject: Subject; error?: WebsetsError | undefined } | undefined;

  async function attempt<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>> {
    const { url } = question;
    const sentAt = clock.now();
    const sent = transport({ method: "GET", url, headers: { ...headers }, signal });
    const answer = await orAbort(sent, signal).catch((error) => {
      throw explainSocketError(error, url.host);
    });
    const receivedAt = clock.now();
    const serverTime = parseHttpDate(answer.headers.date);
    if (answer.status < 200 || answer.status >= 300) {
      // A date in an answer without a `Date` is compared with what is known.
      const clocks = { server: serverTime ?? upstreamClock.at(), ours: clock.wallTime() };
      const refusal = refusalOf(answer, question, redact, clocks, setup.keyWords);
      pause.note(refusal);
      throw refusal;
    }
    const value = read(answer, question);
    upstreamClock.note({ serverTime, sentAt, receivedAt });
    return { value, serverTime, sentAt, receivedAt };
  }

  function read<T>(answer: HttpAnswer, question: Question<T>): T {
    const unexpected = (what: string, cause?: unknown) =>
      new WebsetsError("unexpected_response", {
        what,
        status: answer.status,
        requestId: requestIdOf(answer, redact),
        cause,
      });
    let json: unknown;
    try {
      json = JSON.parse(answer.body);
    } catch {
      throw unexpected(`the answer for ${question.name} is ${looksLikeHtml(answer) ? "a page of HTML" : "no JSON"}`);
    }
    try {
      return question.parse(json);
    } catch (error) {
      throw error instanceof WebsetsError ? unexpected(error.message, error) : error;
    }
  }

  function notAnswered({ name, url }: Subject): string {
    const way = transport.wayTo?.(url) ?? url.host;
    return `the API did not answer for ${name} in the time there was (asked at ${way})`;
  }

  const ask = async <T>(question: Question<T>, options: CallOptions = {}): Promise<Answer<T>> => {
    const { signal, attempts = ATTEMPTS, group, background } = options;
    if (signal?.aborted) throw abortError();
    let deadline = options.deadline ?? Number.POSITIVE_INFINITY;
    let limit = startTimeLimit(clock, deadline - clock.now(), signal);
    let isQueued = true;
    let failure: WebsetsError | undefined;
    try {
      for (let made = 1; ; made++) {
        do {
          await pause.over({ deadline, signal: limit.signal });
          await budget.acquire({ group, background, signal: limit.signal });
          // Whoever waited in the queue may come out of it into a pause that began meanwhile.
        } while (pause.isOn);
        if (made === 1 && options.deadline === undefined) {
          // The time in the queue does not count: many calls at once must not make each other fail.
          limit.end();
          deadline = clock.now() + LONGEST_CALL_MS;
          limit = startTimeLimit(clock, LONGEST_CALL_MS, signal);
        }
        isQueued = false;
        unanswered = { subject: question, error: unanswered?.error };
        try {
          const answer = await attempt(question, limit.signal);
          unanswered = undefined;
          return answer;
        } catch (error) {
          if (!limit.signal.aborted) unanswered = isTransient(error) ? { subject: question, error } : undefined;
          if (limit.signal.aborted || !isRetryable(error) || made >= attempts) throw error;
          if ((error.retryAfterMs ?? 0) > LONGEST_UNSEEN_PAUSE_MS) throw error;
          const delayMs = retryDelay({ attempt: made, error, random });
          if (clock.now() + delayMs >= deadline) throw error;
          failure = error;
          isQueued = true;
          onRetry?.({ error, attempt: made, delayMs });
          await clock.sleep(delayMs, limit.signal);
        }
      }
    } catch (error) {
      if (signal?.aborted) throw abortError();
      if (!limit.expired) throw error;
      const what = isQueued
        ? `the request for ${question.name} waited in our own queue until its time was up, and was not sent`
        : notAnswered(question);
      const before = failure === undefined ? "" : `; before that: ${failure.message}`;
      throw new WebsetsError("unavailable", { what: what + before, cause: failure });
    } finally {
      limit.end();
    }
  };

  return Object.assign(ask, {
    lastError() {
      // What was sent before a pause was asked for may be answered in it, but nothing else is.
      if (pause.refusal !== undefined) return pause.refusal;
      if (unanswered === undefined) return undefined;
      const what = notAnswered(unanswered.subject);
      return unanswered.error ?? new WebsetsError("unavailable", { what, isUnanswered: true });
    },
  });
}
