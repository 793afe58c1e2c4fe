import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";

/** Hosts that keep a call alive on progress want to hear at least this often, in milliseconds. */
const LONGEST_SILENCE_MS = 5_000;
/** News goes out at most this often, in milliseconds. */
const TICK_MS = 1_000;

export interface ProgressOptions {
  clock: Clock;
  /** The request's `progressToken`; without one nothing is sent. */
  token: string | number | undefined;
  /** How long the call may wait, in seconds; without it nothing is sent. */
  limitSeconds: number | undefined;
  notify(notification: {
    method: "notifications/progress";
    params: { progressToken: string | number; progress: number; total: number; message?: string };
  }): Promise<void>;
}

/**
 * Sends progress at once, whenever its message changes, and at least every 5 s: `progress` is the seconds waited, `total` the
 * time limit. After `stop` nothing more is sent.
 */
export function startProgress({ clock, token, limitSeconds, notify }: ProgressOptions): {
  report(message: string): void;
  stop(): void;
} {
  if (token === undefined || limitSeconds === undefined) return { report: () => {}, stop: () => {} };
  const ticking = new AbortController();
  const startedAt = clock.now();
  let message: string | undefined;
  let sent: { at: number; progress: number; message: string | undefined } | undefined;

  const send = () => {
    const seconds = Math.round((clock.now() - startedAt) / 100) / 10;
    // The protocol wants each progress to be greater than the one before.
    const progress = sent === undefined ? 0 : Math.max(seconds, Math.round((sent.progress + 0.1) * 10) / 10);
    sent = { at: clock.now(), progress, message };
    const params = {
      progressToken: token,
      progress,
      total: limitSeconds,
      ...(message === undefined ? {} : { message }),
    };
    // A host that is gone is noticed by the transport; a lost notification harms nobody.
    notify({ method: "notifications/progress", params }).catch(() => {});
  };
  void (async () => {
    try {
      // The first message is there as soon as the tool has begun, in this same turn.
      await Promise.resolve();
      for (;;) {
        if (ticking.signal.aborted) return;
        const due = sent === undefined || clock.now() - sent.at >= LONGEST_SILENCE_MS - TICK_MS / 2;
        if (due || sent?.message !== message) send();
        await clock.sleep(TICK_MS, ticking.signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  })();
  return {
    report: (text) => {
      message = text;
    },
    stop: () => ticking.abort(),
  };
}
