import type { CommandContext } from "../command-context.ts";
import { EXIT } from "../exit-codes.ts";
import { type Listing, printPages } from "../listing.ts";
import type { Column } from "../table.ts";

/** The most that the tool gives at once. */
const LARGEST_PAGE = 100;

export interface ItemsFlags extends Listing {
  websetId: string;
  /** Adds the item itself. */
  full?: boolean;
}

interface Item {
  itemId: string;
  name: string | null;
  url: string | null;
  criteria: string;
  enrichments: Record<string, string | null>;
  pending?: string[];
}

/** Prints what a Webset has found: a table with a column for each enrichment, or one JSON object a line. */
export async function items({ websetId, full, ...flags }: ItemsFlags, context: CommandContext): Promise<number> {
  await printPages<Item>(flags, context, {
    tool: "list_webset_items",
    args: { websetId, detail: full ? "full" : undefined },
    entries: "items",
    id: "itemId",
    largestPage: LARGEST_PAGE,
    columns: columnsOf,
    none: "The Webset has no items yet.",
  });
  return EXIT.asked;
}

function columnsOf(rows: readonly Item[]): Column<Item>[] {
  const titles = new Set(rows.flatMap(({ enrichments, pending = [] }) => [...Object.keys(enrichments), ...pending]));
  return [
    { title: "NAME", text: ({ name, itemId }) => name ?? itemId, least: 12, rank: 0 },
    {
      title: "URL",
      text: ({ url }) => (url ?? "").replace(/^https?:\/\/(?:www\.)?/, "").replace(/\/$/, ""),
      least: 14,
      rank: 0,
    },
    { title: "MEETS", text: ({ criteria }) => criteria, rank: 1 },
    ...[...titles].map((title, index) => ({
      title,
      text: ({ enrichments, pending = [] }: Item) => enrichments[title] ?? (pending.includes(title) ? "…" : "-"),
      least: 12,
      rank: index + 2,
    })),
  ];
}
