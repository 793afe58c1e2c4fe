import { abortError } from "./errors.ts";

/** The part of a clock that a limit needs. */
interface Sleeper {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Calls `action` when the signal aborts, or at once if it has; returns what takes the listener off again. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted) action();
  else signal?.addEventListener("abort", action, { once: true });
  return () => signal?.removeEventListener("abort", action);
}

/** An abort of one's own that follows others. Whoever makes one must end it. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(): void;
  /** Takes the listeners away again; from then on only `abort` aborts. */
  end(): void;
}

/** Links a new abort to others: it comes with the first of them. */
export function linkAbort(...outer: (AbortSignal | undefined)[]): LinkedAbort {
  const inner = new AbortController();
  const offs: (() => void)[] = [];
  const end = () => {
    for (const off of offs) off();
  };
  const abort = () => {
    end();
    inner.abort(abortError());
  };
  for (const signal of outer) if (!inner.signal.aborted) offs.push(onAbort(signal, abort));
  return { signal: inner.signal, abort, end };
}

/** A linked abort that comes by itself when a time is up. */
export interface TimeLimit extends LinkedAbort {
  /** True once the time was up; false if something else came first. */
  readonly expired: boolean;
}

/** Starts a limit of `ms` milliseconds; `Infinity` means that only the other signals abort. */
export function startTimeLimit(clock: Sleeper, ms: number, ...outer: (AbortSignal | undefined)[]): TimeLimit {
  const timer = new AbortController();
  const link = linkAbort(...outer);
  const off = onAbort(link.signal, () => timer.abort(abortError()));
  let expired = false;
  const expire = () => {
    expired = true;
    link.abort();
  };
  if (ms <= 0 && !link.signal.aborted) expire();
  else if (ms !== Number.POSITIVE_INFINITY) clock.sleep(ms, timer.signal).then(expire, () => {});
  return {
    signal: link.signal,
    get expired() {
      return expired;
    },
    abort: link.abort,
    end() {
      timer.abort(abortError());
      off();
      link.end();
    },
  };
}

/** The promise, or an AbortError as soon as `signal` aborts, however long the promise itself then takes. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => reject(abortError()));
    promise.then(resolve, reject).finally(off);
  });
}
