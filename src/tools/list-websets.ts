import * as z from "zod/v4";
import type { Webset } from "../exa/schemas.ts";
import { decodePage, encodePage } from "../feed/page-token.ts";
import { plainText } from "../shared/text.ts";
import { progressOf, timeOf } from "../webset/progress.ts";
import { defineTool } from "./define.ts";
import { readList } from "./list-pages.ts";
import { notePages, nowOf, roomOf } from "./results.ts";
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
  async run({ status, limit, page }, { exa, feed, states, signal }) {
    const found = await readList({
      ask: (query) => exa.listWebsets(query, { signal }),
      cursor: page && decodePage(NAME, page).cursor,
      limit,
      fits: roomOf(show),
      filter: status && ((webset) => webset.status === status),
      pages: status && MOST_PAGES,
    });
    const nextPage = found.nextCursor === null ? null : encodePage(NAME, { cursor: found.nextCursor });
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
