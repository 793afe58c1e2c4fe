import * as z from "zod/v4";
import type { WebsetItem } from "../exa/schemas.ts";
import { decodePage, encodePage, type PageContent } from "../feed/page-token.ts";
import { startTimeLimit } from "../shared/abort.ts";
import { WebsetsError } from "../shared/errors.ts";
import { itemFacts } from "../webset/item-facts.ts";
import { type CallContext, defineTool } from "./define.ts";
import { hashOf, readList } from "./list-pages.ts";
import { notePages, nowOf, roomOf, withinRoom } from "./results.ts";
import * as shapes from "./schemas.ts";
import { detail, page, websetId } from "./schemas.ts";

const NAME = "list_webset_items";
/** What enrichments are called is waited for so long, in milliseconds. */
const TITLES_MS = 10_000;

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
    "List what a Webset has found: each item's name, URL, how many criteria it meets, and the values of its enrichments by title (null: none found, or canceled; titles in pending: not known yet).",
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
  const { exa, feed, states, clock, signal } = context;
  const id = await states.resolve(websetId, signal);
  const from = page === undefined ? undefined : placeIn(page, id);
  let titles: ReadonlyMap<string, string> | undefined;
  const show = (item: WebsetItem) =>
    withinRoom({ ...itemFacts(item, titles ?? new Map()), ...(detail === "full" ? { data: item } : {}) });
  const found = await readList({
    async ask(query) {
      const answer = await exa.listItems(id, query, { signal });
      const named = answer.value.data.flatMap(({ enrichments }) => enrichments.map((one) => one.enrichmentId));
      titles = await titlesOf(id, new Set(named), titles === undefined, context);
      return answer;
    },
    cursor: from?.cursor,
    trail: from?.trail,
    clock,
    limit,
    fits: (items) => roomOf(show)(items),
  });
  const nextPage =
    found.nextCursor === null
      ? null
      : encodePage(NAME, { webset: hashOf(id), cursor: found.nextCursor, trail: found.trail });
  return { ...nowOf(feed), nextPage, ...notePages(found, nextPage), items: found.entries.map(show) };
}

/** What enrichments are called: asked for once a call, and not for long, for a listing with ids in their place is worth more than none. */
async function titlesOf(
  websetId: string,
  enrichmentIds: ReadonlySet<string>,
  isFirst: boolean,
  { states, clock, signal }: CallContext,
): Promise<ReadonlyMap<string, string>> {
  const limit = startTimeLimit(clock, isFirst ? TITLES_MS : 0, signal);
  try {
    return await states.titlesOf(websetId, enrichmentIds, limit.signal);
  } catch (error) {
    if (!limit.expired) throw error;
    return states.knownTitles(enrichmentIds);
  } finally {
    limit.end();
  }
}

/** Where a page token goes on, which is good for the Webset it was given for alone. */
function placeIn(page: string, websetId: string): PageContent<typeof NAME> {
  const content = decodePage(NAME, page);
  if (content.webset === hashOf(websetId)) return content;
  throw new WebsetsError("invalid_request", {
    what: "The parameter page was given the nextPage of another Webset",
    advice: "Pass it with the websetId it was given for, or leave page out to begin with the first items.",
  });
}
