import type { CommandContext } from "../command-context.ts";
import { EXIT } from "../exit-codes.ts";
import { wordFlag } from "../flags.ts";
import { type Listing, printPages } from "../listing.ts";
import type { Column } from "../table.ts";

const STATUSES = ["idle", "pending", "running", "paused"] as const;
/** The most that the tool gives at once. */
const LARGEST_PAGE = 50;

export interface WebsetsFlags extends Listing {
  status?: string;
}

interface Webset {
  websetId: string;
  externalId?: string;
  title: string | null;
  status: string;
  createdAt: string;
  summary: string;
}

/** Narrower terminals have no room for every word of how far it is. */
const WIDE = 120;

const columnsFor = (room: number): readonly Column<Webset>[] => [
  // What the other commands take.
  { title: "WEBSET", text: ({ externalId, websetId }) => externalId ?? websetId, rank: 0 },
  { title: "STATUS", text: ({ status }) => status, rank: 0 },
  { title: "TITLE", text: ({ title }) => title ?? "", least: 14, rank: 0 },
  { title: "HOW FAR", text: ({ summary }) => howFar(summary, room), least: 20, rank: 1 },
  { title: "CREATED (UTC)", text: ({ createdAt }) => createdAt.slice(0, 16).replace("T", " "), rank: 2 },
];

/** How the search is called that it begins with says no more than the status; of two numbers for one thing a narrow terminal shows one. */
function howFar(summary: string, room: number): string {
  const facts = summary.replace(/^search [^:]*: /, "");
  return room < WIDE
    ? facts
        .replace(" found", "")
        .replace(/, \d+ %(?=, )/, "")
        .replace("about ", "")
    : facts;
}

/** Prints the account's Websets, newest first: a table, or one JSON object a line. */
export async function websets(flags: WebsetsFlags, context: CommandContext): Promise<number> {
  const status = flags.status && wordFlag("--status", flags.status, STATUSES);
  await printPages<Webset>(flags, context, {
    tool: "list_websets",
    args: { status },
    entries: "websets",
    id: "websetId",
    largestPage: LARGEST_PAGE,
    columns: () => columnsFor(context.out.columns),
    none: status === "" || status === undefined ? "There are no Websets." : `There are no Websets that are ${status}.`,
  });
  return EXIT.asked;
}
