import { setMaxListeners } from "node:events";
import { isAbort, isTransient, WebsetsError } from "../../shared/errors.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, endOf, sentenceForPerson } from "../exit-codes.ts";
import { lengthFlag, numberFlag, UsageError, wordFlag } from "../flags.ts";
import { endReason, READER_GONE } from "../terminal.ts";
import { type End, type Followed, type Result, WaitView } from "../wait-view.ts";

export interface WaitFlags {
  /** Their ids, or the caller's `externalId`s. */
  websets: string[];
  until?: string;
  items?: string;
  search?: string;
  timeout?: string;
  all?: boolean;
  any?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const UNTIL = ["search_completed", "items", "idle"] as const;
const MOST_ITEMS = 1_000_000;
/** The longest call, in seconds: a wait without a timeout is one after another. */
const CALL_SECONDS = 86_400;
/** Where several Websets ended otherwise than asked, the first of these is told. */
const BY_WEIGHT = [EXIT.account, EXIT.unknown, EXIT.stopped, EXIT.failure, EXIT.outOfTime];

/** Waits for one Webset or several, and returns how that ended. Throws `UsageError`. */
export async function wait(flags: WaitFlags, context: CommandContext): Promise<number> {
  const { clock, signal } = context;
  const args = argumentsOf(flags);
  const deadline = clock.now() + (flags.timeout === undefined ? Infinity : lengthFlag("--timeout", flags.timeout));
  const followed: Followed[] = [...new Set(flags.websets)].map((websetId) => ({ websetId }));
  const view = new WaitView(followed, flags, context);
  const enough = new AbortController();
  setMaxListeners(0, enough.signal);

  /** Calls until the wait has ended or its time is up; what passes by itself is waited out. */
  async function follow(one: Followed): Promise<End> {
    for (;;) {
      const left = Math.max(0, (deadline - clock.now()) / 1_000);
      const asked = { ...args, websetId: one.websetId, timeoutSeconds: Math.min(left, CALL_SECONDS) };
      try {
        const result = (await context.call("wait_for_webset", asked, {
          signal: enough.signal,
          showProgress: (progress) => view.show(one, { progress }),
          // What may not pass, such as a Webset that is not known yet, is told when it is believed.
          onTransientError: (error) =>
            view.show(one, { lastError: isTransient(error) ? sentenceForPerson(error) : undefined }),
        })) as Result;
        await view.show(one, { progress: result.progress ?? one.progress });
        if (result.outcome === "reached") return { code: EXIT.asked, result };
        if (result.outcome !== "still_running") return { code: EXIT.stopped, result };
        if (left <= CALL_SECONDS) return { code: EXIT.outOfTime, result };
      } catch (error) {
        if (!isTransient(error)) throw error;
        // Of a Webset of which nothing was ever read, nobody can say that it is not done.
        if (left <= CALL_SECONDS)
          return one.progress ? { code: EXIT.outOfTime, says: sentenceForPerson(error) } : endOf(error);
      }
    }
  }

  async function followToEnd(one: Followed): Promise<void> {
    try {
      one.end = await follow(one);
    } catch (error) {
      if (isAbort(error)) return;
      // What no other Webset would change ends it all.
      if (!(error instanceof WebsetsError) || error.kind === "invalid_request") throw error;
      one.end = endOf(error);
    }
    await view.ended(one);
    const { code } = one.end;
    if (flags.any ? code === EXIT.asked || code === EXIT.account : code !== EXIT.asked) enough.abort();
  }

  try {
    await Promise.all(followed.map(followToEnd));
  } finally {
    enough.abort();
    await view.close();
  }
  const codes = followed.flatMap(({ end }) => end?.code ?? []);
  const isAsked = flags.any ? codes.includes(EXIT.asked) : codes.length === followed.length;
  const failed = BY_WEIGHT.find((code) => codes.includes(code));
  if (isAsked && (flags.any || failed === undefined)) return EXIT.asked;
  if (signal.aborted && (flags.any || failed === undefined)) {
    if (endReason(signal) !== READER_GONE) await view.interrupted();
    return EXIT.interrupted;
  }
  return failed ?? EXIT.failure;
}

/** What the tool takes, of the flags. */
function argumentsOf({ until, items, search, all, any }: WaitFlags) {
  if (all && any) throw new UsageError("--all and --any exclude each other");
  const word = until === undefined ? undefined : wordFlag("--until", until, UNTIL);
  if (word === "items" && items === undefined) throw new UsageError("--until items needs --items: how many");
  if (items !== undefined && word !== undefined && word !== "items") {
    throw new UsageError(`--items goes with --until items, not with --until ${word}`);
  }
  const count =
    items === undefined ? undefined : numberFlag("--items", items, { least: 1, most: MOST_ITEMS, whole: true });
  return { until: word, items: count, searchId: search };
}
