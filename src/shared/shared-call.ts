import { abortError } from "./errors.ts";

/** One call under way, whose answer all who ask meanwhile share. It is aborted when the last of them has gone. */
export class SharedCall<T> {
  readonly #start: (signal: AbortSignal) => Promise<T>;
  #current: { promise: Promise<T>; stop: AbortController; callers: number } | undefined;

  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.#start = start;
  }

  /** The answer of the call under way, or of a new one; rejects with an AbortError as soon as `signal` aborts. */
  join(signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(abortError());
    const call = this.#current ?? this.#begin();
    call.callers++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener("abort", abort);
        call.callers--;
      };
      const abort = () => {
        leave();
        if (call.callers === 0) {
          if (this.#current === call) this.#current = undefined;
          call.stop.abort();
        }
        reject(abortError());
      };
      signal.addEventListener("abort", abort, { once: true });
      call.promise.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }

  #begin() {
    const stop = new AbortController();
    const call = { promise: this.#start(stop.signal), stop, callers: 0 };
    const clear = () => {
      if (this.#current === call) this.#current = undefined;
    };
    call.promise.then(clear, clear);
    this.#current = call;
    return call;
  }
}
