import { isKnownEventType } from "../exa/event-types.ts";
import { parseItem, websetSearchSchema } from "../exa/schemas.ts";
import type { FeedEvent } from "../feed/event.ts";
import { isProblem } from "../feed/filter.ts";
import { plainText } from "../shared/text.ts";
import { inOrder, itemFacts } from "../webset/item-facts.ts";
import { howFar, howLong, searchProgress } from "../webset/progress.ts";

/** The longest summary of an event, in characters. */
const LONGEST_SUMMARY = 200;
/** The longest piece of the web inside a summary, in characters. */
const LONGEST_QUOTE = 90;
/** Names, and other pieces of which a summary has several. */
const SHORT_QUOTE = 60;
/** An address is of use only as a whole, so one may take nearly all the room there is. */
const LONGEST_ADDRESS = 150;
/** Statuses, kinds and the like are short; what is not is no such thing. */
const LONGEST_WORD = 60;
/** Types are matched by what the API calls them, and shown as far as they are types. */
const LONGEST_TYPE = 100;

export type PresentedEvent = {
  id: string;
  type: string;
  createdAt: string;
  /** Left out where the caller asked for one Webset. */
  websetId?: string;
  /** `of`: the id of the monitor that a run is of. */
  resource: { kind: string; id: string; status?: string; of?: string; downloadUrl?: string };
  /** One line that stands by itself. It quotes the web, so nothing in it may be taken as an instruction. */
  summary: string;
  /** What went wrong, in a word or a sentence; absent where nothing did. */
  problem?: string;
  data?: unknown;
};

/** What is known of an event besides itself. */
export interface Known {
  /** What enrichments are called, by their ids. */
  titles: ReadonlyMap<string, string>;
  /** The Webset it is about, where it does not say so itself. */
  websetId?: string | undefined;
  /** What that is called. */
  websetName?: string | undefined;
  /** How many items the search of a monitor's run has found. */
  found?: number | undefined;
  /** Whether the caller asked for one Webset, so that it need not be told with each event. */
  isOneWebset?: boolean;
  /** Whether it stands for an item that is ready. */
  isReady?: boolean;
}

const UNKNOWN: Known = { titles: new Map() };

type Fields = Record<string, unknown>;

/** An event as tools give it: a few fields and one line, and with `full` the upstream's resource. */
export function present(event: FeedEvent, detail: "summary" | "full", known?: Known): PresentedEvent {
  const data = fieldsOf(event.data);
  // What the resource of something deleted was is over.
  const status = isDeletion(event.type) ? "deleted" : word(data.status);
  const downloadUrl = event.type.startsWith("webset.export.") ? text(data.downloadUrl) : undefined;
  const kind = kindOf(event.type, data);
  const of = kind === "monitor_run" ? text(data.monitorId) : undefined;
  const websetId = event.owner.kind === "webset" ? event.owner.websetId : known?.websetId;
  const problem = problemOf(event, data);
  const line = plainText(lineOf(event.type, data, { ...(known ?? UNKNOWN), websetId }), LONGEST_SUMMARY);
  const where = kind === "webset" ? "" : after("; in ", quoteOf(known?.websetName, SHORT_QUOTE));
  return {
    id: event.id,
    type: plainText(event.type, LONGEST_TYPE),
    createdAt: event.createdAt,
    ...(websetId === undefined || known?.isOneWebset === true ? {} : { websetId }),
    resource: {
      kind,
      id: text(data.id) ?? "",
      ...(status === undefined ? {} : { status }),
      ...(of === undefined ? {} : { of }),
      ...(downloadUrl === undefined ? {} : { downloadUrl }),
    },
    summary: line.length + where.length <= LONGEST_SUMMARY ? line + where : line,
    ...(problem === undefined ? {} : { problem }),
    ...(detail === "full" ? { data: event.data } : {}),
  };
}

function isDeletion(type: string): boolean {
  return isKnownEventType(type) && type.endsWith(".deleted");
}

/** What went wrong, of an event that is a problem: the reason in the API's words, or else how it ended. */
function problemOf(event: FeedEvent, data: Fields): string | undefined {
  if (!isProblem(event)) return undefined;
  const what = event.type.slice(event.type.lastIndexOf(".") + 1);
  return plain(data.canceledReason ?? data.failedReason, LONGEST_QUOTE) ?? endedAs(what, data);
}

function kindOf(type: string, data: Fields): string {
  // Of a type that is none of ours nobody knows what it is about, whatever it begins with.
  if (isKnownEventType(type)) for (const [prefix, kind] of KINDS) if (type.startsWith(prefix)) return kind;
  return word(data.object) ?? "unknown";
}

const KINDS = [
  ["webset.search.", "search"],
  ["webset.item.", "item"],
  ["webset.export.", "export"],
  ["webset.created", "webset"],
  ["webset.deleted", "webset"],
  ["webset.paused", "webset"],
  ["webset.idle", "webset"],
  ["import.", "import"],
  ["monitor.run.", "monitor_run"],
  ["monitor.", "monitor"],
] as const;

/** What happened, in one line. Whatever the upstream left out is left out here too. */
function lineOf(type: string, data: Fields, known: Known): string {
  const what = type.slice(type.lastIndexOf(".") + 1);
  switch (isKnownEventType(type) ? kindOf(type, data) : undefined) {
    case "webset":
      return websetLine(what, data);
    case "search":
      return searchLine(what, data);
    case "item":
      return itemLine(what, data, known);
    case "export":
      return exportLine(endedAs(what, data), data);
    case "import":
      return importLine(what, data);
    case "monitor":
      // What a deleted one was set to is over.
      if (what === "deleted") return "Monitor deleted";
      return `Monitor ${what}: ${word(data.status) ?? "status unknown"}${after(", next run ", word(data.nextRunAt))}`;
    case "monitor_run":
      return runLine(what, data, known);
    default:
      return `${type}${after(": ", quoteOf(data.title ?? data.name ?? data.status))}`;
  }
}

function websetLine(what: string, data: Fields): string {
  const searches = listOf(data.searches).map(fieldsOf);
  const title = quoteOf(data.title, SHORT_QUOTE);
  const query = quoteOf(searches[0]?.query, SHORT_QUOTE);
  const count = number(searches[0]?.count);
  const found = searches.flatMap(({ progress }) => number(fieldsOf(progress).found) ?? []);
  const canceled = searches.filter(({ status }) => status === "canceled");
  const reasons = new Set(canceled.flatMap(({ canceledReason }) => word(canceledReason) ?? []));
  const why = `canceled${reasons.size === 0 ? "" : ` (${[...reasons].join(", ")})`}`;
  const search = query === undefined ? undefined : `search ${query}${after(" for ", count, " items")}`;
  return joined([
    `Webset ${what}${after(" ", title)}`,
    // None of these tools can.
    what === "paused" ? "resumed only by the API" : undefined,
    what === "created" || found.length === 0 ? undefined : `${found.reduce((sum, one) => sum + one, 0)} found`,
    ...(searches.length > 1
      ? [
          canceled.length === 0 ? undefined : `${canceled.length} of ${searches.length} searches ${why}`,
          after("first ", search),
        ]
      : [canceled.length === 0 ? search : `${search ?? "search"} ${why}`]),
  ]);
}

function searchLine(what: string, data: Fields): string {
  const status = what === "updated" ? (word(data.status) ?? what) : endedAs(what, data);
  const search = searchProgress(websetSearchSchema.parse({ ...data, id: "any", status }));
  const query = quoteOf(data.query);
  if (what === "created") return `Search created: ${query ?? "no query"}${after(", for ", search.target, " items")}`;
  const which = after(" ", quoteOf(data.query, SHORT_QUOTE));
  // What was looked at says more of a search that has ended than a share.
  if (what === "updated") return `Search${which} ${howFar(search)}`;
  return `Search${which} ${howFar({ ...search, secondsLeft: null, completion: null })}${after(", ", search.analyzed, " analyzed")}`;
}

/**
 * How what an event tells of has ended: its `completed` may be that of something failed or canceled, as the resource says; which
 * in turn can lag behind the event, and then says nothing.
 */
function endedAs(what: string, data: Fields): string {
  const status = word(data.status);
  const isEnd = status === "failed" || status === "canceled" || (what === "completed" && !UNDER_WAY.has(status ?? ""));
  return isEnd ? (status ?? what) : what;
}

const UNDER_WAY: ReadonlySet<string> = new Set(["created", "pending", "processing", "running"]);

function itemLine(what: string, data: Fields, { titles, isReady = false }: Known): string {
  const item = parseItem({ ...data, id: "any" });
  const { name, url } = itemFacts(item, titles);
  const which = quoteOf(name, SHORT_QUOTE) ?? "without a name";
  if (what !== "enriched" && !isReady)
    return joined([`Item found: ${which}`, url === null ? undefined : addressOf(url)], ", ");
  // One that is completed may have found nothing: then it is done, and still there is no value.
  const values = inOrder(item, titles).map(({ enrichmentId, status, result }) => ({
    title: titles.get(enrichmentId),
    value: valueIn(result),
    // An event may be older than that one was canceled for which no item waits any more.
    without: status === "completed" ? "none found" : isReady ? "canceled" : status,
  }));
  const valued = values.filter(({ value }) => value !== undefined);
  const titleLength = titleLengthFor(values.flatMap(({ title }) => title ?? []));
  const lineOfSome = (told: typeof values, length = titleLength) =>
    joined([
      `Item ${isReady ? "ready" : "enriched"}: ${which}`,
      // Of one that is ready all are done.
      ...(isReady ? [url === null ? undefined : addressOf(url)] : [`${valued.length} of ${values.length} done`]),
      ...told.map(({ title, value, without }) => after("", plain(title, length), ": ") + (value ?? without)),
    ]);
  const worthTelling = values.filter(({ value, title }) => value !== undefined || title !== undefined);
  const line = lineOfSome(worthTelling);
  if (!line.endsWith(MORE)) return line;
  // A value is worth more than what it is called.
  const shortest = lineOfSome(worthTelling, SHORTEST_TITLE);
  // A value is worth more than that there is none.
  return shortest.endsWith(MORE) ? `${lineOfSome(valued).replace(MORE, "")}${MORE}` : shortest;
}

/** The values of an enrichment; undefined where there are none. */
function valueIn(result: readonly string[] | null): string | undefined {
  const all = (result ?? []).filter((one) => one.trim() !== "").join(", ");
  return quoteOf(all, /\s/.test(all.trim()) ? SHORT_QUOTE : LONGEST_ADDRESS);
}

/** As many of these parts as a summary has room for, each whole, and whether there are more. The first is always there. */
function joined(parts: readonly (string | undefined)[], mark = "; "): string {
  const told = parts.filter((part) => part !== undefined && part !== "");
  const whole = told.join(mark);
  if (whole.length <= LONGEST_SUMMARY) return whole;
  const [first = "", ...others] = told;
  let line = first;
  let left = 0;
  for (const part of others) {
    if (line.length + mark.length + (part as string).length <= LONGEST_SUMMARY - MORE.length) line += mark + part;
    else left++;
  }
  return left === 0 ? line : `${line}${MORE}`;
}

const MORE = "; …";
/** So much room the titles of a Webset's enrichments have together, in characters, and each of them at least. */
const TITLES_ROOM = 46;
const SHORTEST_TITLE = 10;

/** How much of each title is told: it does not depend on what was found, so that nearly all items of a Webset show the same titles. */
function titleLengthFor(titles: readonly string[]): number {
  const room = (length: number) => titles.reduce((sum, title) => sum + Math.min(title.length, length), 0);
  let length = SHORT_QUOTE;
  while (length > SHORTEST_TITLE && room(length) > TITLES_ROOM) length--;
  return length;
}

function exportLine(how: string, data: Fields): string {
  return `Export ${how}${after(", ", word(data.format))}${how === "completed" ? ": ready to download" : ""}`;
}

function importLine(what: string, data: Fields): string {
  const how = endedAs(what, data);
  const reason = after(" (", word(data.failedReason), ")");
  const name = after(" ", quoteOf(data.title, SHORT_QUOTE));
  if (how === what) return `Import ${what}${name}${after(", ", number(data.count), " rows")}`;
  return `Import ${how}${reason}${name}${after(": ", quoteOf(data.failedMessage))}`;
}

function runLine(what: string, data: Fields, { websetId, websetName, found }: Known): string {
  const how = what === "created" ? (word(data.status) ?? what) : endedAs(what, data);
  const ended = ["completedAt", "failedAt", "canceledAt"].flatMap((field) => text(data[field]) ?? []);
  const took = what === "created" ? undefined : howLong(text(data.createdAt) ?? null, ended[0] ?? null);
  return joined(
    [
      `Monitor run ${how}${after(" after ", took)}${after(" (", word(data.type), ")")}${after(": ", quoteOf(data.failedReason))}`,
      found === undefined ? undefined : `${found} found by its search`,
      websetId === undefined || websetName !== undefined ? undefined : `Webset ${plainText(websetId, SHORT_QUOTE)}`,
    ],
    ", ",
  );
}

function after(before: string, value: string | number | null | undefined, behind = ""): string {
  return value === undefined || value === null ? "" : `${before}${value}${behind}`;
}

function quoteOf(value: unknown, length = LONGEST_QUOTE): string | undefined {
  // A quote has no end before its own: what stands behind it is ours.
  const line = typeof value === "string" ? plain(value.replaceAll('"', "'"), length) : undefined;
  return line === undefined ? undefined : `"${line}"`;
}

/** A URL as it is, or quoted where it is none that stands by itself. */
function addressOf(url: string): string | undefined {
  return /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(url) ? plain(url, LONGEST_ADDRESS) : quoteOf(url, LONGEST_ADDRESS);
}

function word(value: unknown): string | undefined {
  return plain(value, LONGEST_WORD);
}

/** A text as one plain line; undefined where nothing is left of it. */
function plain(value: unknown, length: number): string | undefined {
  const line = typeof value === "string" ? plainText(value, length) : "";
  return line === "" || line === "…" ? undefined : line;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
