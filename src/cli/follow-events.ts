import { SURE_MS } from "../feed/collect.ts";
import { linkAbort } from "../shared/abort.ts";
import { isAbort, isTransient, WebsetsError } from "../shared/errors.ts";
import { isTime, positionOf } from "../tools/schemas.ts";
import type { PresentedEvent } from "../tools/summary.ts";
import type { CommandContext } from "./command-context.ts";
import { quoted, UsageError } from "./flags.ts";

/** A wait that finds nothing takes this long, in seconds: transient errors are outlasted within it. */
export const LONGEST_SECONDS = 86_400;
/** What was on its way when something ended becomes visible in this time, in seconds. */
const SURE_SECONDS = SURE_MS / 1_000;
/** Whoever looks only once waits for the answer, in milliseconds: no host loses patience here. */
const FIRST_READING_MS = 60_000;
/** The pause before a call that failed in passing is made again, in milliseconds. */
export const RETRY_MS = 5_000;

/** What one call of the tool found. */
export interface FoundEvents {
  /** Oldest first. */
  events: PresentedEvent[];
  /** Where to go on after these. */
  cursor: string;
  /** Whether there is or may be more already. */
  more: boolean;
  note?: string;
}

export interface FollowRequest {
  /** Arguments of `wait_for_webset_event` that say which events. */
  filter: Readonly<Record<string, unknown>>;
  /** A cursor, a time or an age; without it from now on. */
  since?: string | undefined;
  /** Whether it ends when everything visible is read. */
  once?: boolean;
  /** Once it aborts, what is on its way is waited for and read, and then it ends. */
  ending?: AbortSignal;
  signal: AbortSignal;
  /** Told of transient errors, and with undefined of each answer that came. */
  onTransientError(error: WebsetsError | undefined): void;
  /** Told where to go on while nothing is found. */
  onMoved?(cursor: string): void;
}

/**
 * Events from a point on, each once and oldest first, by the same tool that agents wait with. The next call is made when those of
 * the last one were taken: whoever is slow slows the reading. Throws `WebsetsError` for what does not pass, and an AbortError with
 * the signal.
 */
export async function* followEvents(
  { filter, since, once = false, ending, signal, onTransientError, onMoved }: FollowRequest,
  { call, clock, config }: Pick<CommandContext, "call" | "clock" | "config">,
): AsyncGenerator<FoundEvents, void> {
  checkSince(since);
  let after = since;
  let endsAt: number | undefined;
  for (;;) {
    const isEnding = ending?.aborted === true;
    if (isEnding) endsAt ??= clock.now() + SURE_SECONDS * 1_000;
    const timeoutSeconds = once ? 0 : isEnding ? SURE_SECONDS : LONGEST_SECONDS;
    const link = linkAbort(signal, isEnding ? undefined : ending);
    try {
      const report = (_: string, cursor?: () => string | undefined) => {
        const place = cursor?.();
        if (place === undefined) return;
        after = place;
        onMoved?.(place);
      };
      const told = await call(
        "wait_for_webset_event",
        { ...filter, after, timeoutSeconds },
        { signal: link.signal, takesAll: true, firstReadingMs: FIRST_READING_MS, report, onTransientError },
      );
      const { outcome, ...found } = told as unknown as FoundEvents & { outcome: string };
      after = found.cursor;
      yield found;
      if (found.more) continue;
      // What is held until it is settled is still to come.
      if (once && outcome !== "behind") return;
      if (endsAt !== undefined && (outcome === "quiet" || clock.now() >= endsAt)) return;
      // A call begins with a poll: one after another, without a pause, would poll as fast as the API bears.
      await clock.sleep(config.pollInterval * 1_000, link.signal);
    } catch (error) {
      if (isAbort(error) && !signal.aborted && ending?.aborted) continue;
      if (once || !isTransient(error)) throw error;
      onTransientError(error);
      await clock.sleep(Math.max(RETRY_MS, error.retryAfterMs ?? 0), signal);
    } finally {
      link.end();
    }
  }
}

/** Throws `UsageError` for what is meant as an age or a time and is neither. */
function checkSince(since: string | undefined): void {
  if (since === undefined || !isTime(since)) return;
  try {
    positionOf(since);
  } catch (error) {
    if (!(error instanceof WebsetsError)) throw error;
    const meant = error.instead === undefined ? "" : `. Did you mean ${error.instead.replace("after", "--since")}?`;
    throw new UsageError(
      `--since must be an age of at most 60 days (90s, 10m, 2h, 3d), a time with its zone (2026-11-01T12:00:00Z) or a cursor, not ${quoted(since)}${meant}`,
    );
  }
}
