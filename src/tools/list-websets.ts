import * as z from "zod/v4";
import type { Webset } from "../exa/schemas.ts";
import { alike } from "../feed/meant-type.ts";
import { decodePage, encodePage } from "../feed/page-token.ts";
import { startTimeLimit } from "../shared/abort.ts";
import { isAbort, WebsetsError } from "../shared/errors.ts";
import { plainText } from "../shared/text.ts";
import { progressOf, timeOf } from "../webset/progress.ts";
import { type CallContext, defineTool } from "./define.ts";
import { readList } from "./list-pages.ts";
import { isUnknown } from "./resolve-webset.ts";
import { LOOK_MS, notePages, nowOf, roomOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import { page } from "./schemas.ts";

/** Where few Websets have the status, this many pages of the API's are looked through in one call. */
const MOST_PAGES = 5;
const NAME = "list_websets";
const TITLE_LENGTH = 60;
/** Ten Websets have room in 3,000 bytes. */
const SUMMARY_LENGTH = 110;

export const listWebsets = defineTool({
  name: NAME,
  title: "List Websets",
  description: "List the account's Websets, newest first, with how far each is: to find one's id, or what is running.",
  idempotent: true,
  input: z.strictObject({
    status: z.enum(["idle", "pending", "running", "paused"]).optional().describe("Only Websets with this status."),
    limit: z.int().min(1).max(50).default(10).describe("At most this many."),
    page,
  }),
  output: z.object({
    now: shapes.now,
    nextPage: shapes.nextPage,
    note: shapes.note,
    websets: z.array(
      z.looseObject({ websetId: z.string(), title: z.string().nullable(), status: z.string(), summary: z.string() }),
    ),
  }),
  async run({ status, limit, page }, { exa, feed, states, clock, signal }) {
    const from = page === undefined ? undefined : decodePage(NAME, page);
    const found = await readList({
      ask: (query) => exa.listWebsets(query, { signal }),
      cursor: from?.cursor,
      trail: from?.trail,
      clock,
      limit,
      fits: roomOf(show),
      filter: status && ((webset) => webset.status === status),
      pages: status && MOST_PAGES,
    });
    const nextPage =
      found.nextCursor === null ? null : encodePage(NAME, { cursor: found.nextCursor, trail: found.trail });
    const newestFirst = found.entries.toSorted((a, b) => timeOf(b.createdAt) - timeOf(a.createdAt));
    for (const webset of newestFirst) states.noteName(webset);
    return {
      ...nowOf(
        feed,
        newestFirst.map(({ createdAt }) => timeOf(createdAt)),
      ),
      nextPage,
      ...notePages(found, nextPage),
      websets: newestFirst.map(show),
    };
  },
});

/** A Webset in one line. Where it has no title yet, what it searches for tells which one it is. */
function show(webset: Webset) {
  const { websetId, externalId, title, status, searches, summary } = progressOf(webset);
  return {
    websetId,
    ...(externalId === undefined ? {} : { externalId }),
    title: title ?? (plainText(searches[0]?.query ?? "", TITLE_LENGTH) || null),
    status,
    createdAt: webset.createdAt,
    summary: plainText(summary.startsWith(`${status}; `) ? summary.slice(status.length + 2) : summary, SUMMARY_LENGTH),
  };
}

/** As many Websets as the API gives on one page. */
const TITLES_PAGE = 100;
const LONGEST_TITLE = 100;
/** What is less alike is something else. */
const LEAST_LIKENESS = 0.6;
const LIKE_AN_ID = /^(?:ws|webset)_\w+$/;

interface Offering extends Pick<CallContext, "exa" | "states" | "clock" | "signal"> {
  /** How long it may take, in milliseconds. */
  withinMs?: number | undefined;
}

/** The error of a call whose websetId is not known, with the Webset that is called so, where one page of the list tells of one. */
export async function offerNearTitle(
  error: unknown,
  { websetId }: Readonly<Record<string, unknown>>,
  { exa, states, clock, signal, withinMs = LOOK_MS }: Offering,
): Promise<unknown> {
  if (!isUnknown(error) || typeof websetId !== "string" || LIKE_AN_ID.test(websetId)) return error;
  if (states.knows(websetId)) return error;
  const limit = startTimeLimit(clock, Math.min(LOOK_MS, withinMs), signal);
  try {
    const { value } = await exa.listWebsets({ limit: TITLES_PAGE }, { signal: limit.signal });
    const near = nearest(websetId, value.data);
    return near === undefined ? error : offering(error, near);
  } catch (failure) {
    if (failure instanceof WebsetsError || isAbort(failure)) return error;
    throw failure;
  } finally {
    limit.end();
  }
}

function offering({ message, advice, status, requestId }: WebsetsError, { id, title }: { id: string; title: string }) {
  return new WebsetsError("not_found", {
    what: `${message}; the Webset called ${JSON.stringify(title)} may be meant`,
    instead: `websetId ${JSON.stringify(id)}`,
    advice,
    status,
    requestId,
  });
}

/** The Webset whose title, or query where it has none, is most like a text. */
function nearest(text: string, websets: readonly Webset[]): { id: string; title: string } | undefined {
  const named = websets.map(({ id, title, searches }) => {
    const name = plainText(title ?? searches[0]?.query ?? "", LONGEST_TITLE);
    return { id, title: name, likeness: likeness(text, name) };
  });
  const [best] = named.toSorted((a, b) => b.likeness - a.likeness);
  return best !== undefined && best.likeness >= LEAST_LIKENESS ? best : undefined;
}

function likeness(text: string, title: string): number {
  const [one, other] = [text.slice(0, LONGEST_TITLE).toLowerCase(), title.toLowerCase()];
  if (one === "" || other === "") return 0;
  // Part of a title, as somebody remembers it.
  if (one.length > 3 && other.includes(one)) return 1;
  return alike(one, other);
}
