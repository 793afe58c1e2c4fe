import { SharedCall } from "./shared-call.ts";

/** Calls under way, by what they ask for: who asks for the same thing meanwhile shares the answer. */
export class SharedCalls<T> {
  readonly #calls = new Map<string, SharedCall<T>>();

  /** The answer of the call under way for this key, or of a new one; rejects with an AbortError when `signal` aborts. */
  async join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call = this.#calls.get(key) ?? new SharedCall(start);
    this.#calls.set(key, call);
    try {
      return await call.join(signal);
    } finally {
      // Whoever comes after the first one to leave begins anew: what it would join may be over or aborted.
      if (this.#calls.get(key) === call) this.#calls.delete(key);
    }
  }
}
