import type { Clock } from "../shared/clock.ts";
import { abortError } from "../shared/errors.ts";

/** A signal that aborts with another one, or when a time is up. Whoever starts one must end it. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** True once the time was up; false if the other signal came first. */
  readonly expired: boolean;
  /** Takes the timer and the listener away again. */
  end(): void;
}

/** Starts a limit of `ms` milliseconds; `Infinity` means that only `outer` aborts. */
export function startTimeLimit(clock: Clock, ms: number, outer?: AbortSignal): TimeLimit {
  const inner = new AbortController();
  const timer = new AbortController();
  let expired = false;

  const end = () => {
    timer.abort();
    outer?.removeEventListener("abort", abort);
  };
  const abort = () => {
    end();
    inner.abort(abortError());
  };
  if (outer?.aborted) abort();
  else outer?.addEventListener("abort", abort, { once: true });

  const expire = () => {
    expired = true;
    abort();
  };
  if (ms <= 0 && !inner.signal.aborted) expire();
  else if (ms !== Number.POSITIVE_INFINITY) clock.sleep(ms, timer.signal).then(expire, () => {});

  return {
    signal: inner.signal,
    get expired() {
      return expired;
    },
    end,
  };
}

/** The promise, or an AbortError as soon as `signal` aborts, however long the promise itself then takes. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortError());
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
