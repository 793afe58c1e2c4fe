import type { ExaClient } from "../exa/client.ts";
import { GRACE_MS, nothingAnswered, OVERSLEPT_MS, startTimeLimit } from "../feed/collect.ts";
import type { Feed } from "../feed/feed.ts";
import type { Position } from "../feed/position.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, type WebsetsError } from "../shared/errors.ts";
import type { Outcome, Until } from "./decide.ts";
import { type Progress, progressOf } from "./progress.ts";
import type { WebsetStates } from "./states.ts";
import { Vigil } from "./vigil.ts";

/** A wait's last look may take this long, in milliseconds: then it returns, well within a second of its time. */
const LAST_LOOK_MS = 800;
/** The same for a wait whose process was stopped past its time, as on a machine that slept. */
const FRESH_LOOK_MS = 5_000;
/** For the last look, an answer that somebody else asked for so shortly before will do, in milliseconds. */
const RECENT_MS = 1_000;

export interface WebsetWait {
  exa: Pick<ExaClient, "getSearch">;
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
  /** The Webset's id or externalId. */
  websetId: string;
  until: Until;
  searchId?: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
  /** Told whenever progress became known or changed. */
  onProgress?: (progress: Progress, position: Position | undefined) => void;
  /** Told once, when the first look has shown that there is something to wait for. */
  onWaiting?: () => void;
}

export interface WebsetWaited {
  outcome: Outcome;
  /** As of the end of the wait; null where no look at the Webset succeeded. */
  progress: Progress | null;
  /** A point not later than the state in `progress`: following events from here misses nothing that came after it. */
  position: Position | undefined;
  waitedMs: number;
  /** The trouble that lasted when the time ran out. */
  trouble?: WebsetsError;
}

/**
 * Waits until a Webset's search is completed, or until it is idle. It looks at the state first and then follows the events
 * from a position taken before that look, so nothing falls between. Throws `not_found` where there is no such Webset or search,
 * what cannot pass by itself, and `unavailable` if no look succeeded in the whole time.
 */
export async function waitForWebset(wait: WebsetWait): Promise<WebsetWaited> {
  const { clock, timeoutMs, signal } = wait;
  const startedAt = clock.now();
  const startedWall = clock.wallTime();
  const vigil = new Vigil({ ...wait, startedAt });
  let lateMs = 0;
  const limit = startTimeLimit(clock, timeoutMs, signal, (late) => {
    lateMs = late;
    return vigil.state === undefined ? GRACE_MS : 0;
  });
  let outcome: Outcome = "timed_out";
  try {
    outcome = (await vigil.begin(limit.signal)) ?? "timed_out";
    if (outcome === "timed_out") wait.onWaiting?.();
    // A first look that used up the time leaves none to follow anything.
    while (outcome === "timed_out" && clock.now() - startedAt < timeoutMs) {
      await vigil.follow(limit.signal);
      const ended = vigil.isFresh ? vigil.outcome : await lastLook(vigil, wait, LAST_LOOK_MS);
      outcome = ended ?? "timed_out";
    }
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
    if (vigil.state === undefined) throw nothingAnswered(startedWall, vigil.trouble);
    // After a time in which the process was stopped, what it knew says little.
    const left = lateMs > OVERSLEPT_MS ? FRESH_LOOK_MS : startedAt + timeoutMs + LAST_LOOK_MS - clock.now();
    outcome = (await lastLook(vigil, wait, left)) ?? "timed_out";
  } finally {
    limit.clear();
  }
  return {
    outcome,
    progress: vigil.state === undefined ? null : progressOf(vigil.state),
    position: vigil.position,
    waitedMs: clock.now() - startedAt,
    ...(vigil.trouble === undefined || outcome !== "timed_out" ? {} : { trouble: vigil.trouble }),
  };
}

/** A look at the end of a wait, so that its progress is of now. It is bounded: the events have told what matters. */
async function lastLook(vigil: Vigil, { clock, signal }: WebsetWait, ms: number): Promise<Outcome | undefined> {
  if (ms <= 0) return vigil.outcome;
  const limit = startTimeLimit(clock, ms, signal, () => 0);
  try {
    await vigil.look(limit.signal, { askedAt: clock.now() - RECENT_MS });
  } catch (error) {
    if (signal.aborted) throw abortError();
    if (!isAbort(error)) throw error;
  } finally {
    limit.clear();
  }
  return vigil.outcome;
}
