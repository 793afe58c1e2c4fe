/** For how long after the last event polling goes on at the full rate, in milliseconds. */
const FULL_RATE_MS = 10_000;
/** A quiet tail polls at most this many times slower than a busy one; the second is for while something runs that a reader waits for. */
const LONGEST_STRETCH = 5;
const RUNNING_STRETCH = 2;
/** The interval is from one poll to the next, but the upstream has rest for at least this much of it. */
const LEAST_REST = 0.5;
/** How much quiet, after the first `FULL_RATE_MS`, adds one more interval. */
const QUIET_PER_INTERVAL_MS = 10_000;
/** Jitter keeps many processes from polling in step; it only adds, and stays small beside the promised delay. */
const JITTER = 0.05;
const LONGEST_JITTER_MS = 100;
/** After failures the pause doubles from the interval up to this, in milliseconds. */
const LONGEST_FAILURE_PAUSE_MS = 15_000;

/** What the upstream asks to wait is waited out up to this long, in milliseconds: whoever comes later was not asked. */
export const LONGEST_REQUESTED_PAUSE_MS = 60_000;

export interface PaceState {
  /** `--poll-interval`, in milliseconds. */
  intervalMs: number;
  /** Since the last event, in milliseconds. */
  quietMs: number;
  /** How long no reader expects anything that it waits for, in milliseconds; without it any of them may at any time. */
  idleMs?: number | undefined;
  /** Whether something is under way for a reader that may end at any time. */
  isRunning?: boolean;
  /** How long the last poll took, in milliseconds. */
  tookMs?: number;
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

function quietPause({ intervalMs, quietMs, idleMs = 0, isRunning = false, tookMs = 0 }: PaceState): number {
  const stretch = 1 + Math.max(0, quietMs - FULL_RATE_MS) / QUIET_PER_INTERVAL_MS;
  const longest = intervalMs * (isRunning ? RUNNING_STRETCH : LONGEST_STRETCH);
  return Math.min(longest, Math.max(intervalMs * stretch, idleMs)) - Math.min(tookMs, intervalMs * LEAST_REST);
}

function failurePause({ intervalMs, failures }: PaceState): number {
  return Math.max(intervalMs, Math.min(LONGEST_FAILURE_PAUSE_MS, intervalMs * 2 ** Math.min(failures - 1, 10)));
}
