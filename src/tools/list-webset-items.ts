import * as z from "zod/v4";
import type { WebsetItem } from "../exa/schemas.ts";
import { decodePage, encodePage } from "../feed/page-token.ts";
import { WebsetsError } from "../shared/errors.ts";
import { sha256 } from "../shared/hash.ts";
import { itemFacts } from "../webset/item-facts.ts";
import { type CallContext, defineTool } from "./define.ts";
import { readList } from "./list-pages.ts";
import { notePages, nowOf, roomOf, withinRoom } from "./results.ts";
import * as shapes from "./schemas.ts";
import { detail, page, websetId } from "./schemas.ts";

const NAME = "list_webset_items";

const input = z.strictObject({
  websetId: websetId.describe("The Webset's id or your externalId."),
  limit: z.int().min(1).max(100).default(25).describe("At most this many."),
  page,
  detail: detail.default("summary").describe('"full" adds data: the item itself, long page text cut.'),
});

export const listWebsetItems = defineTool({
  name: NAME,
  title: "List a Webset's items",
  description:
    "List what a Webset has found: each item's name, URL, how many criteria it meets, and the values of its enrichments by title (null: none found; titles in pending: not known yet).",
  idempotent: true,
  input,
  output: z.object({
    now: shapes.now,
    nextPage: shapes.nextPage,
    note: shapes.note,
    items: z.array(
      z.looseObject({
        itemId: z.string(),
        name: z.string().nullable(),
        url: z.string().nullable(),
        criteria: z.string(),
        enrichments: z.record(z.string(), z.string().nullable()),
      }),
    ),
  }),
  run: listItems,
});

async function listItems({ websetId, limit, page, detail }: z.output<typeof input>, context: CallContext) {
  const { exa, feed, states, signal } = context;
  const id = await states.resolve(websetId, signal);
  let titles: ReadonlyMap<string, string> = new Map();
  const show = (item: WebsetItem) =>
    withinRoom({ ...itemFacts(item, titles), ...(detail === "full" ? { data: item } : {}) });
  const found = await readList({
    async ask(query) {
      const answer = await exa.listItems(id, query, { signal });
      const named = answer.value.data.flatMap(({ enrichments }) => enrichments.map((one) => one.enrichmentId));
      titles = await states.titlesOf(id, new Set(named), signal);
      return answer;
    },
    cursor: page && cursorIn(page, id),
    limit,
    fits: (items) => roomOf(show)(items),
  });
  const nextPage =
    found.nextCursor === null ? null : encodePage(NAME, { webset: hashOf(id), cursor: found.nextCursor });
  return { ...nowOf(feed), nextPage, ...notePages(found, nextPage), items: found.entries.map(show) };
}

/** The API's own cursor in a page token, which is good for the Webset it was given for alone. */
function cursorIn(page: string, websetId: string): string {
  const { webset, cursor } = decodePage(NAME, page);
  if (webset === hashOf(websetId)) return cursor;
  throw new WebsetsError("invalid_request", {
    what: "The parameter page was given the nextPage of another Webset",
    advice: "Pass it with the websetId it was given for, or leave page out to begin with the first items.",
  });
}

/** Short, for a page token has room for 1,000 characters. */
function hashOf(websetId: string): string {
  return sha256(websetId).toString("base64url").slice(0, 6);
}
