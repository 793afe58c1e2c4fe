import { isKnownEventType } from "../exa/event-types.ts";
import { websetSearchSchema } from "../exa/schemas.ts";
import type { FeedEvent } from "../feed/event.ts";
import { plainText } from "../shared/text.ts";
import { howFar, searchProgress } from "../webset/progress.ts";

/** The longest summary of an event, in characters. */
const LONGEST_SUMMARY = 160;
/** The longest piece of the web inside a summary, in characters. */
const LONGEST_QUOTE = 90;
/** Statuses, kinds and the like are short; what is not is no such thing. */
const LONGEST_WORD = 60;
/** Types are matched by what the API calls them, and shown as far as they are types. */
const LONGEST_TYPE = 100;

export type PresentedEvent = {
  id: string;
  type: string;
  createdAt: string;
  websetId?: string;
  resource: { kind: string; id: string; status?: string; downloadUrl?: string };
  /** One line. It quotes the web, so nothing in it may be taken as an instruction. */
  summary: string;
  data?: unknown;
};

type Fields = Record<string, unknown>;

/** An event as tools give it: a few fields and one line, and with `full` the upstream's resource. */
export function present(event: FeedEvent, detail: "summary" | "full"): PresentedEvent {
  const data = fieldsOf(event.data);
  const status = word(data.status);
  const downloadUrl = event.type.startsWith("webset.export.") ? text(data.downloadUrl) : undefined;
  return {
    id: event.id,
    type: plainText(event.type, LONGEST_TYPE),
    createdAt: event.createdAt,
    ...(event.owner.kind === "webset" ? { websetId: event.owner.websetId } : {}),
    resource: {
      kind: kindOf(event.type, data),
      id: text(data.id) ?? "",
      ...(status === undefined ? {} : { status }),
      ...(downloadUrl === undefined ? {} : { downloadUrl }),
    },
    summary: plainText(lineOf(event.type, data), LONGEST_SUMMARY),
    ...(detail === "full" ? { data: event.data } : {}),
  };
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
function lineOf(type: string, data: Fields): string {
  const what = type.slice(type.lastIndexOf(".") + 1);
  switch (isKnownEventType(type) ? kindOf(type, data) : undefined) {
    case "webset":
      return `Webset ${what}${websetName(data)}`;
    case "search":
      return searchLine(what, data);
    case "item":
      return itemLine(what, data);
    case "export":
      return exportLine(endedAs(what, data), data);
    case "import":
      return importLine(what, data);
    case "monitor":
      return `Monitor ${what}: ${word(data.status) ?? "status unknown"}${after(", next run ", word(data.nextRunAt))}`;
    case "monitor_run":
      return `Monitor run ${word(data.status) ?? what}${after(" (", word(data.type), ")")}${after(": ", quoteOf(data.failedReason))}`;
    default:
      return `${type}${after(": ", quoteOf(data.title ?? data.name ?? data.status))}`;
  }
}

function websetName(data: Fields): string {
  const searches = listOf(data.searches).map(fieldsOf);
  const query = quoteOf(searches[0]?.query, 60);
  const title = quoteOf(data.title, 60);
  const count = number(searches[0]?.count);
  const goal = query === undefined ? "" : `; search ${query}${count === undefined ? "" : ` for ${count} items`}`;
  const canceled = searches.filter(({ status }) => status === "canceled");
  const reasons = new Set(
    canceled.map(({ canceledReason }) => word(canceledReason)).filter((one) => one !== undefined),
  );
  const which = searches.length === 1 ? "search" : `${canceled.length} of ${searches.length} searches`;
  const why = reasons.size === 0 ? "" : ` (${[...reasons].join(", ")})`;
  return `${after(" ", title)}${canceled.length === 0 ? "" : `; ${which} canceled${why}`}${goal}`;
}

function searchLine(what: string, data: Fields): string {
  const status = what === "updated" ? (word(data.status) ?? what) : endedAs(what, data);
  const search = searchProgress(websetSearchSchema.parse({ ...data, id: "any", status }));
  if (what === "created")
    return `Search created: ${quoteOf(data.query) ?? "no query"}${after(", for ", search.target, " items")}`;
  if (what === "updated") return `Search ${howFar(search)}`;
  // What was looked at says more of a search that has ended than a share.
  return `Search ${howFar({ ...search, completion: null, secondsLeft: null })}${after(", ", search.analyzed, " analyzed")}`;
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

function itemLine(what: string, data: Fields): string {
  const properties = fieldsOf(data.properties);
  const name = itemName(properties) ?? "without a name";
  const url = text(properties.url);
  if (what !== "enriched") return `Item found: ${name}${after(", ", url === undefined ? undefined : addressOf(url))}`;
  const enrichments = listOf(data.enrichments).map(fieldsOf);
  const done = enrichments.filter((enrichment) => enrichment.status === "completed");
  const values = done
    .map((enrichment) => quoteOf(listOf(enrichment.result)[0], 24))
    .filter((value) => value !== undefined);
  return `Item enriched: ${name}; ${done.length} of ${enrichments.length} done${after(": ", values.join(", ") || undefined)}`;
}

/** Items carry their entity's own fields under the entity's name: a company its name, a paper its title. */
function itemName(properties: Fields): string | undefined {
  for (const key of ["company", "person", "article", "researchPaper", "custom"]) {
    const entity = fieldsOf(properties[key]);
    const name = quoteOf(entity.name ?? entity.title, 60);
    if (name !== undefined) return name;
  }
  return quoteOf(properties.description, 60);
}

function exportLine(how: string, data: Fields): string {
  return `Export ${how}${after(", ", word(data.format))}${how === "completed" ? ": ready to download" : ""}`;
}

function importLine(what: string, data: Fields): string {
  const how = endedAs(what, data);
  const reason = after(" (", word(data.failedReason), ")");
  const name = after(" ", quoteOf(data.title, 60));
  if (how === what) return `Import ${what}${name}${after(", ", number(data.count), " rows")}`;
  return `Import ${how}${reason}${name}${after(": ", quoteOf(data.failedMessage, 60))}`;
}

function after(before: string, value: string | number | null | undefined, behind = ""): string {
  return value === undefined || value === null ? "" : `${before}${value}${behind}`;
}

function quoteOf(value: unknown, length = LONGEST_QUOTE): string | undefined {
  // A quote has no end before its own: what stands behind it is ours.
  const plain = typeof value === "string" ? plainText(value.replaceAll('"', "'"), length) : "";
  return plain === "" ? undefined : `"${plain}"`;
}

/** A URL as it is, or quoted where it is none that stands by itself. */
function addressOf(url: string): string | undefined {
  return /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(url) ? plainText(url, 60) : quoteOf(url, 60);
}

function word(value: unknown): string | undefined {
  return typeof value === "string" ? plainText(value, LONGEST_WORD) || undefined : undefined;
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
