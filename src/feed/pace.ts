/** For how long after the last event polling goes on at the full rate, in milliseconds. */
export const FULL_RATE_MS = 10_000;
/** A quiet tail polls at most this many times slower than a busy one. */
export const LONGEST_STRETCH = 5;
/** How much quiet, after the first `FULL_RATE_MS`, adds one more interval. */
const QUIET_PER_INTERVAL_MS = 10_000;
/** Jitter keeps many processes from polling in step; it only adds, and stays small beside the promised delay. */
const JITTER = 0.05;
const LONGEST_JITTER_MS = 100;
/** After failures the pause doubles from the interval up to this, in milliseconds. */
const LONGEST_FAILURE_PAUSE_MS = 15_000;

export interface PaceState {
  /** `--poll-interval`, in milliseconds. */
  intervalMs: number;
  /** Since the last event, in milliseconds. */
  quietMs: number;
  /** How long no reader expects anything that it waits for, in milliseconds; without it any of them may at any time. */
  idleMs?: number | undefined;
  /** Polls that failed one after another. */
  failures: number;
  /** What the upstream asked to wait, in milliseconds; a floor. */
  retryAfterMs?: number | undefined;
  /** 0 up to 1. */
  random: number;
}

/** The pause before the next poll, in milliseconds. */
export function nextPoll(state: PaceState): number {
  const pause = state.failures === 0 ? quietPause(state) : failurePause(state);
  const jitter = Math.min(pause * JITTER, LONGEST_JITTER_MS) * state.random;
  return Math.max(pause, state.retryAfterMs ?? 0) + jitter;
}

function quietPause({ intervalMs, quietMs, idleMs = 0 }: PaceState): number {
  const stretch = 1 + Math.max(0, quietMs - FULL_RATE_MS) / QUIET_PER_INTERVAL_MS;
  return Math.min(intervalMs * LONGEST_STRETCH, Math.max(intervalMs * stretch, idleMs));
}

function failurePause({ intervalMs, failures }: PaceState): number {
  return Math.max(intervalMs, Math.min(LONGEST_FAILURE_PAUSE_MS, intervalMs * 2 ** Math.min(failures - 1, 10)));
}
