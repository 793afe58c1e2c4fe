import * as z from "zod/v4";
import { encodeCursor } from "../feed/cursor.ts";
import type { Position } from "../feed/position.ts";
import { WebsetsError } from "../shared/errors.ts";
import { OUTCOMES, type Outcome, type Until } from "../webset/decide.ts";
import { isUnderWay, type Progress } from "../webset/progress.ts";
import { FOLLOWED_TYPES, type WebsetWaited, waitForWebset as wait } from "../webset/wait.ts";
import { defineTool } from "./define.ts";
import { isDeleted } from "./resolve-webset.ts";
import { leftOf, nowOf, secondsOf, warningOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import { shortened, timeoutOf, timeoutSeconds, websetId } from "./schemas.ts";

const input = z.strictObject({
  websetId: websetId.describe("The Webset's id or your externalId."),
  until: z
    .enum(["search_completed", "items", "idle"])
    .optional()
    .describe(
      '"items": that many are found. "idle": enrichments and all other work are done, too. Default "search_completed"; with items "items".',
    ),
  items: z.int().min(1).optional().describe('How many, for until "items": found in the Webset, or by searchId.'),
  searchId: z.string().min(1).max(300).optional().describe("Wait for this search. Default: those unfinished now."),
  timeoutSeconds,
});
type Args = z.output<typeof input>;

/** The API's statuses of a Webset. */
const KNOWN_STATUSES: ReadonlySet<string> = new Set(["idle", "paused", "pending", "running"]);

export const waitForWebset = defineTool({
  name: "wait_for_webset",
  title: "Wait for a Webset",
  description:
    "Wait until a Webset's search is completed, a number of items is found or all its work is done, and return how far it is. What has already happened counts too. Outcome still_running is normal: call again. If you have just started a search, pass its searchId.",
  idempotent: true,
  input,
  output: z.object({
    outcome: z.enum(OUTCOMES),
    now: shapes.now,
    cursor: shapes.cursor.nullable(),
    next: z.string(),
    waitedSeconds: shapes.waitedSeconds,
    warning: shapes.warning,
    progress: shapes.progress.nullable(),
  }),
  waits: (args, limits) => timeoutOf(args.timeoutSeconds, limits),
  pace: (_, { feed }) => feed.pace(FOLLOWED_TYPES),
  async run(args, context) {
    const { exa, feed, states, clock, signal, closing, report, mayTakeLong } = context;
    let hadToWait = false;
    const startedAt = clock.now();
    const timeoutMs = timeoutOf(args.timeoutSeconds, context) * 1_000;
    const waiting = wait({
      exa,
      feed,
      states,
      clock,
      signal,
      closing,
      websetId: args.websetId,
      until: untilOf(args),
      searchId: args.searchId,
      timeoutMs,
      firstReadingMs: context.firstReadingMs,
      onProgress(progress, position) {
        report(progress.summary, () => cursorOf(position));
        context.showProgress?.(progress);
      },
      onTransientError: context.onTransientError,
      onWaiting() {
        hadToWait = true;
        mayTakeLong();
      },
    });
    const waited = await waiting.catch(async (error: unknown): Promise<WebsetWaited> => {
      const withinMs = leftOf(timeoutMs, clock.now() - startedAt);
      if (!(await isDeleted(error, args.websetId, { ...context, withinMs }))) throw error;
      return { outcome: "deleted", progress: null, position: undefined, waitedMs: clock.now() - startedAt };
    });
    const { outcome, progress } = waited;
    return {
      outcome,
      ...nowOf(feed),
      cursor: cursorOf(waited.position) ?? null,
      next: nextOf({ outcome, progress, hadToWait }, args) + shortened(args.timeoutSeconds, context, waited.waitedMs),
      waitedSeconds: secondsOf(waited.waitedMs),
      ...warningOf(waited.lastError),
      progress,
    };
  },
});

function cursorOf(position: Position | undefined): string | undefined {
  return position === undefined ? undefined : encodeCursor(position);
}

/** What a call waits for; `items` with another `until`, or none with `until: "items"`, is an `invalid_request`. */
function untilOf(args: Args): Until {
  const { items } = args;
  const until = wordOf(args);
  if (until === "items" && items !== undefined) return { items };
  if (until !== "items" && items === undefined) return until;
  throw new WebsetsError("invalid_request", {
    what:
      items === undefined
        ? 'until "items" needs the parameter items: how many items to wait for'
        : `The parameter items holds ${items}, but until is ${JSON.stringify(until)}, which does not count items`,
    advice: `Call wait_for_webset with until "items" and items ${items ?? 10} to wait for that many, or without ${items === undefined ? "until" : "items"}.`,
  });
}

function wordOf({ until, items }: Args) {
  return until ?? (items === undefined ? "search_completed" : "items");
}

interface Ended {
  outcome: Outcome;
  progress: Progress | null;
  /** Whether what was waited for had still to come at the call. */
  hadToWait: boolean;
}

/** What to call next: the tool, with which parameters and values. */
function nextOf({ outcome, progress, hadToWait }: Ended, args: Args): string {
  const { searchId } = args;
  const until = wordOf(args);
  const count = countOf(progress, args);
  const id = `websetId ${JSON.stringify(args.websetId)}`;
  const again = `wait_for_webset again with ${argumentsOf(args)}`;
  const read = `list_webset_items with ${id}`;
  const idle = `wait_for_webset with ${id} and until "idle"`;
  switch (outcome) {
    case "still_running":
      return `Call ${again}.${endlessOf(progress)}`;
    case "canceled":
      return `${count}Nothing more comes of what was canceled${whyOf(progress)}. What was found before: ${read}.`;
    case "paused":
      return `${count}Nothing happens until somebody resumes it; then call ${again}. What was found so far: ${read}.`;
    case "deleted":
      return `Nothing more comes. What had happened: list_webset_events with ${id}.`;
    case "stopped":
      return `${count}Nothing more comes: the statuses in progress say how its searches ended. What was found: ${read}.`;
    case "reached": {
      // The state may not show a search yet that has just been started.
      const doubt =
        hadToWait || searchId !== undefined
          ? ""
          : " This was so before the call: if you have just started a search, call again with its searchId.";
      if (progress?.status === "paused") {
        return `${count}The Webset is paused: nothing else happens until somebody resumes it. Its items: ${read}.${doubt}`;
      }
      const isDone = until === "idle" || progress?.status === "idle";
      if (isDone) return `${count}All is done. Its items: ${read}.${doubt}`;
      const isSearching = progress?.searches.some(isUnderWay);
      const isPending = progress?.enrichments.some(({ status }) => status === "pending");
      const what = `${isSearching ? "A search" : isPending ? "An enrichment" : "Other work"} still goes on`;
      return `${count}${what}: call ${idle} for its end.${doubt}`;
    }
  }
}

/** Nobody who waits is told of an end that has a name of its own: somebody has to look what it means. */
function endlessOf(progress: Progress | null): string {
  if (progress === null || KNOWN_STATUSES.has(progress.status)) return "";
  const status = JSON.stringify(progress.status);
  return ` But where progress is the same as after the call before, stop and tell your user: the Webset's status ${status} is none that this server knows, and may mean that nothing more comes.`;
}

/** A search that was canceled by itself has no reason. */
function whyOf(progress: Progress | null): string {
  const isTold = progress?.searches.some(({ canceledReason }) => canceledReason !== undefined);
  return isTold ? ": canceledReason in progress says why" : ", and the API does not say why";
}

/** Where a number of items is waited for, how many there are. */
function countOf(progress: Progress | null, { items, searchId }: Args): string {
  const search = progress?.searches.find((one) => one.searchId === searchId);
  const found = searchId === undefined ? progress?.found : search?.found;
  if (items === undefined || typeof found !== "number") return "";
  if (found > items) return `${found} items are found, ${items} were asked for. `;
  // No search has found what was imported.
  const imported =
    searchId !== undefined || progress?.imports.length === 0 ? "" : " by searches, imported items not counted";
  return `${found} of the ${items} asked for are found${imported}. `;
}

/** The arguments of a call, with which the same is waited for again. */
function argumentsOf(args: Args): string {
  const { websetId, items, searchId } = args;
  return Object.entries({ websetId, until: wordOf(args), items, searchId })
    .filter(([name, value]) => value !== undefined && (name !== "until" || value !== "search_completed"))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}
