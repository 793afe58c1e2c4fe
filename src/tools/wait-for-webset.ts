import * as z from "zod/v4";
import { encodeCursor } from "../feed/cursor.ts";
import type { Position } from "../feed/position.ts";
import { OUTCOMES, type Outcome } from "../webset/decide.ts";
import { FOLLOWED_TYPES, waitForWebset as wait } from "../webset/wait.ts";
import { defineTool } from "./define.ts";
import { timeoutOf, timeoutSeconds, websetId } from "./params.ts";
import * as shapes from "./shapes.ts";
import { secondsOf, warningOf } from "./wording.ts";

export const waitForWebset = defineTool({
  name: "wait_for_webset",
  title: "Wait for a Webset",
  description:
    "Wait until a Webset's search is completed (or everything in it is idle) and return how far it is; also what has already happened counts. Running out of time is a normal result: call again. If you have just started a search, pass its searchId.",
  idempotent: true,
  input: z.strictObject({
    websetId: websetId.describe('The Webset\'s id or your externalId, such as "webset_abc123".'),
    until: z
      .enum(["search_completed", "idle"])
      .default("search_completed")
      .describe('"idle" also waits for enrichments and all other work.'),
    searchId: z.string().min(1).max(300).optional().describe("Wait for this search. Default: those unfinished now."),
    timeoutSeconds,
  }),
  output: z.object({
    outcome: z.enum(OUTCOMES),
    cursor: shapes.cursor.nullable(),
    next: shapes.next,
    waitedSeconds: shapes.waitedSeconds,
    warning: shapes.warning,
    progress: shapes.progress.nullable(),
  }),
  waits: (args, limits) => timeoutOf(args.timeoutSeconds, limits),
  pace: (_, { feed }) => feed.pace(FOLLOWED_TYPES),
  async run(args, context) {
    const { exa, feed, states, clock, signal, report, mayTakeLong } = context;
    const waited = await wait({
      exa,
      feed,
      states,
      clock,
      signal,
      websetId: args.websetId,
      until: args.until,
      searchId: args.searchId,
      timeoutMs: timeoutOf(args.timeoutSeconds, context) * 1_000,
      onProgress: (progress, position) => report(progress.summary, () => cursorOf(position)),
      onWaiting: mayTakeLong,
    });
    return {
      outcome: waited.outcome,
      cursor: cursorOf(waited.position) ?? null,
      ...nextOf(waited.outcome, args),
      waitedSeconds: secondsOf(waited.waitedMs),
      ...warningOf(waited.trouble),
      progress: waited.progress,
    };
  },
});

function cursorOf(position: Position | undefined): string | undefined {
  return position === undefined ? undefined : encodeCursor(position);
}

/** What to do next, by outcome, for a wait with these arguments; undefined where the result says it all. */
const NEXT: Record<Outcome, ((same: string) => string) | undefined> = {
  reached: undefined,
  timed_out: (same) => `Call wait_for_webset again with ${same}.`,
  canceled: undefined,
  paused: (same) => `Nothing happens until it is resumed; then call wait_for_webset again with ${same}.`,
  deleted: undefined,
  stopped: () =>
    "The Webset is idle, so waiting longer brings nothing: its searches' statuses in progress say how they ended.",
};

function nextOf(outcome: Outcome, { websetId, searchId }: { websetId: string; searchId?: string | undefined }) {
  const search = searchId === undefined ? "" : ` and searchId ${JSON.stringify(searchId)}`;
  const next = NEXT[outcome]?.(`websetId ${JSON.stringify(websetId)}${search}`);
  return next === undefined ? {} : { next };
}
