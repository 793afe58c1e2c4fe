import type { Feed } from "../feed/feed.ts";
import type { Clock } from "../shared/clock.ts";
import { isTransient } from "../shared/errors.ts";
import { Observer } from "./observe.ts";
import { isUnderWay, type Progress, progressOf } from "./progress.ts";
import type { WebsetStates } from "./states.ts";

/**
 * What changes the progress of a Webset. One set for all watches, so that one tail serves them all. Items are not among
 * them: each carries its page's text, and a look at the Webset tells the same of its progress in a few kilobytes.
 */
const WATCHED_TYPES: readonly string[] = [
  "import.completed",
  "import.created",
  "monitor.created",
  "monitor.deleted",
  "monitor.run.completed",
  "monitor.run.created",
  "monitor.updated",
  "webset.deleted",
  "webset.idle",
  "webset.paused",
  "webset.search.canceled",
  "webset.search.completed",
  "webset.search.created",
  "webset.search.updated",
];

/** A change is told at most this often, in milliseconds, and looked for as often while something is going on. */
const TELLING_GAP_MS = 1_000;
/** What changes a Webset at rest without an event (a new enrichment, going on after a pause) is found this late at most. */
const RESTING_LOOK_MS = 5_000;

export interface ProgressWatch {
  states: WebsetStates;
  feed: Feed;
  clock: Clock;
  /** The Webset's id or externalId. */
  websetId: string;
  /** Ends the watch, which then rejects with an AbortError. */
  signal: AbortSignal;
  /** The progress as JSON that whoever watches has seen; asked when the first look has succeeded. */
  known?: () => string | undefined;
  /** Told once, when the first look has succeeded or met a transient error. */
  onBegun?: () => void;
  /** Told of every change, at most once a second; null when the Webset was deleted. */
  onChange: (progress: Progress | null) => void;
}

/**
 * Watches the progress of a Webset and tells when it is not what it was. Looks are in the background, shared by all watches, so
 * that many of them starve nobody. Transient errors are outlasted. Resolves when the Webset was deleted; rejects when the signal
 * aborts, with `not_found` where there was no such Webset, and with what cannot pass by itself.
 */
export async function watchProgress(watch: ProgressWatch): Promise<void> {
  const { states, feed, clock, websetId, signal, known, onBegun, onChange } = watch;
  const observer = new Observer({
    feed,
    clock,
    websetId,
    types: WATCHED_TYPES,
    signal,
    look: (id, kind, within) => states.lookInTurn(id, within, kind === "first"),
    rhythm: ({ webset }) => (isResting(webset) ? RESTING_LOOK_MS : TELLING_GAP_MS),
    expects: (webset) => ({ isRunning: !isResting(webset), nothingBefore: undefined }),
  });
  let hasBegun = false;
  let told: string | undefined;
  for await (const news of observer.news()) {
    if (!hasBegun && (news.kind !== "retrying" || isTransient(news.error))) {
      hasBegun = true;
      onBegun?.();
    }
    if (news.kind === "gone") return onChange(null);
    if (news.kind !== "state") continue;
    // What events told of before the state shows it, whoever is told to read it would not see.
    const progress = progressOf(news.known.seen);
    const text = JSON.stringify(progress);
    // Whoever has read the progress before is told what happened in between.
    told ??= known?.() ?? text;
    if (text === told) continue;
    told = text;
    onChange(progress);
    await clock.sleep(TELLING_GAP_MS, signal);
  }
}

/** Whether nothing is going on that would change the progress by itself. */
function isResting({ status, searches }: { status: string; searches: readonly { status: string }[] }): boolean {
  return status === "paused" || (status === "idle" && !searches.some(isUnderWay));
}
