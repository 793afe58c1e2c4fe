import { isAbort, WebsetsError } from "../shared/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { inShell } from "./exit-codes.ts";
import { numberFlag } from "./flags.ts";
import { type Column, layOut, type Table } from "./table.ts";
import { endReason, jsonText, READER_GONE } from "./terminal.ts";

/** What every command that lists takes. */
export interface Listing {
  /** How many in all. */
  limit?: string;
  all?: boolean;
  json?: boolean;
}

/** A list as one of the tools gives it. */
export interface Listed<Row> {
  tool: string;
  args: Record<string, unknown>;
  /** Under which name the result has its entries, and under which those have their ids. */
  entries: string;
  id: keyof Row;
  largestPage: number;
  /** The table's, by its first rows. */
  columns(rows: readonly Row[]): readonly Column<Row>[];
  /** What to say where there is nothing. */
  none: string;
}

/** As many as one reads at a glance; for more there are `--limit` and `--all`. */
const DEFAULT_LIMIT = 25;
const MOST = 1_000_000;
/** This many pages in a row with nothing but what was printed are taken for a list without an end. */
const MOST_REPEATING_PAGES = 10;

/** Prints a list, page by page as it comes: JSON lines where asked for and where no person reads, else a table. */
export async function printPages<Row>(flags: Listing, context: CommandContext, listed: Listed<Row>): Promise<void> {
  const { out, err, signal } = context;
  const { limit = String(DEFAULT_LIMIT), all = false, json = !out.isTTY } = flags;
  const most = all ? Number.POSITIVE_INFINITY : numberFlag("--limit", limit, { least: 1, most: MOST, whole: true });
  let printed = 0;
  let repeating = 0;
  const known = new Set<unknown>();
  let table: Table<Row> | undefined;
  for (let page: string | undefined; ; ) {
    const limit = Math.min(listed.largestPage, most - printed);
    const result = await context.call(listed.tool, { ...listed.args, limit, page }).catch(async (error: unknown) => {
      const isStopped = isAbort(error) && endReason(signal) !== READER_GONE;
      if (isStopped) await err.line(`Stopped after ${printed}; the same command begins anew.`);
      throw error;
    });
    const rows = result[listed.entries] as Row[];
    if (!json && rows.length > 0 && table === undefined) {
      table = layOut(listed.columns(rows), rows, out);
      if (table.heading !== undefined) await out.line(table.heading);
    }
    for (const row of rows) {
      for (const line of table?.lines(row) ?? [jsonText(row)]) await out.line(line);
    }
    printed += rows.length;
    const before = known.size;
    for (const row of rows) known.add(row[listed.id]);
    repeating = rows.length > 0 && known.size === before ? repeating + 1 : 0;
    if (repeating >= MOST_REPEATING_PAGES) {
      const what = "The API's list tells the same again and again, so that its end cannot be reached";
      throw new WebsetsError("unexpected_response", { what, advice: "What was printed is all that can be had." });
    }
    if (typeof result.note === "string") await err.line(err.paint("dim", inShell(result.note)));
    page = typeof result.nextPage === "string" ? result.nextPage : undefined;
    if (page === undefined) break;
    if (printed >= most) {
      await err.line(err.paint("dim", `These are the first ${printed}; --all prints all, --limit more.`));
      break;
    }
  }
  if (printed === 0) await err.line(err.paint("dim", listed.none));
  if (table !== undefined && table.dropped.length > 0) {
    await err.line(err.paint("dim", `No room for: ${table.dropped.join(", ")}. A wider terminal or --json shows all.`));
  }
}
