import { orAbort } from "./abort.ts";
import { abortError } from "./errors.ts";

interface Call<T> {
  promise: Promise<T>;
  stop: AbortController;
  callers: number;
}

/** Calls under way, by what they ask for: whoever asks for the same thing meanwhile shares the answer. */
export class SharedCalls<T> {
  readonly #calls = new Map<string, Call<T>>();

  /**
   * The answer of the call under way for this key, or of a new one; rejects with an AbortError as soon as `signal` aborts. The
   * call itself is aborted when the last of its callers has gone.
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(abortError());
    const call = this.#calls.get(key) ?? this.#begin(key, start);
    call.callers++;
    return orAbort(call.promise, signal).finally(() => {
      call.callers--;
      if (call.callers > 0) return;
      this.#forget(key, call);
      call.stop.abort();
    });
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<T>): Call<T> {
    const stop = new AbortController();
    const call = { promise: start(stop.signal), stop, callers: 0 };
    const forget = () => this.#forget(key, call);
    call.promise.then(forget, forget);
    this.#calls.set(key, call);
    return call;
  }

  #forget(key: string, call: Call<T>): void {
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }
}
