import { parseTime } from "../../exa/event.ts";
import { isKnownEventType } from "../../exa/event-types.ts";
import { type FeedEvent, isRecord } from "../../feed/event.ts";
import { listOrder } from "../../feed/list-order.ts";
import { CLOCK_DISAGREEMENT_MS, LATE_MS } from "../../feed/position.ts";
import { WebsetsError } from "../../shared/errors.ts";
import { delaysIn, type Evidence, pageOf } from "./evidence.ts";
import type { DecisionStatus, Finding } from "./finding.ts";
import { formInWords } from "./id-forms.ts";
import { orderText, rangesOf } from "./listing.ts";

/** How one assumption stands. */
export interface Verdict {
  status: Exclude<DecisionStatus, "uncheckable">;
  summary: string;
}

/** A page of docs/decisions: how reading shows whether it is so, or why it cannot. */
export type Decision = { number: string; title: string } & (
  | { check(evidence: Evidence): Verdict }
  | { uncheckable: string }
);

const confirmed = (summary: string): Verdict => ({ status: "confirmed", summary });
const contradicted = (summary: string): Verdict => ({ status: "contradicted", summary });
const unseen = (summary: string): Verdict => ({ status: "unseen", summary });

/** Every page of docs/decisions, by its number. */
export const DECISIONS: readonly Decision[] = [
  { number: "0001", title: "an event is visible within 5 s", check: checkLateness },
  { number: "0002", title: "the order of the list is unknown", check: checkOrder },
  { number: "0003", title: "ends of time ranges", check: checkRanges },
  { number: "0004", title: "the API's Date is its time", check: checkClock },
  { number: "0005", title: "ends of lists", check: checkEnds },
  { number: "0006", title: "events are kept for 60 days", check: checkRetention },
  { number: "0007", title: "errors have two shapes", check: checkErrors },
  { number: "0008", title: "a second look", uncheckable: "only an accident of the API would show it" },
  { number: "0009", title: "idle means that all is done", check: checkIdle },
  { number: "0010", title: "two ways of looking", uncheckable: "it would take one of the two to fail" },
  { number: "0011", title: "whose event it is", check: checkOwners },
  { number: "0012", title: "estimates are guesses", check: checkEstimates },
  { number: "0013", title: "five requests a second", check: checkRates },
  { number: "0014", title: "an id is any text", check: checkIds },
  { number: "0015", title: "exports exist", check: checkExports },
  { number: "0016", title: "new types may come", check: checkTypes },
  { number: "0017", title: "items are of another moment", check: checkItems },
  { number: "0018", title: "callers' keys over HTTP", uncheckable: "it is about those who call this server" },
  { number: "0019", title: "how webhooks are signed", uncheckable: "no delivery of a webhook comes here" },
  { number: "0020", title: "one list for all connections", uncheckable: "one connection alone asks here" },
];

/** What the API shows of each assumption just now. */
export function judge(evidence: Evidence): Finding[] {
  return DECISIONS.map((decision) => {
    const { number: check, title } = decision;
    const verdict =
      "check" in decision
        ? decision.check(evidence)
        : { status: "uncheckable" as const, summary: decision.uncheckable };
    return { check, status: verdict.status, summary: `${title}: ${verdict.summary}` };
  });
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const many = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

function checkLateness(evidence: Evidence): Verdict {
  const found = delaysIn(evidence);
  if (found.length === 0) return unseen("no event came during the look; doctor --record looks for a minute");
  const most = LATE_MS + CLOCK_DISAGREEMENT_MS;
  const late = found.filter(({ least }) => least > most);
  const worst = Math.max(...found.map((one) => one.least));
  if (late.length > 0) return contradicted(`${late.length} of ${found.length} came later, one after ${seconds(worst)}`);
  const sure = found.filter((one) => one.most <= most);
  if (sure.length === 0) return unseen(`${many(found.length, "event")} came, but the looks were too far apart`);
  return confirmed(`${sure.length} came within ${seconds(Math.max(...sure.map((one) => one.most)))}`);
}

function checkOrder({ first, ofOneType }: Evidence): Verdict {
  const order = listOrder(first.events);
  if (order === undefined) return unseen("too few events");
  const one = pageOf(ofOneType);
  const typed = one && listOrder(one.events);
  return confirmed(`just now ${orderText(order)}${typed === undefined ? "" : `, of one type ${orderText(typed)}`}`);
}

function checkRanges(evidence: Evidence): Verdict {
  if (evidence.event === undefined) return unseen("no event is old enough");
  const { createdAfter, createdBefore, around, strays } = rangesOf(evidence);
  if (around === undefined) return unseen("the range was not answered");
  if (!around) return contradicted("an event in the middle of a range is not listed");
  const ends = `createdAfter ${createdAfter}, createdBefore ${createdBefore}`;
  return confirmed(strays ? `${ends}, but pages hold events of other times` : ends);
}

function checkClock({ readings, first, timeAt }: Evidence): Verdict {
  if (timeAt(first.receivedAt) === undefined) return contradicted("answers have no Date");
  const pages = [first, ...readings];
  const ahead = Math.max(
    ...pages.flatMap((page) => {
      const latest = timeAt(page.receivedAt)?.latest;
      return latest === undefined ? [] : page.events.map(({ time }) => time - latest);
    }),
  );
  if (ahead > CLOCK_DISAGREEMENT_MS) return contradicted(`an event is ${seconds(ahead)} ahead of it`);
  const fresh = new Set(readings.flatMap(({ events }) => events.map(({ id }) => id)));
  if (fresh.size === 0) return unseen("nothing was created in the last seconds");
  return confirmed(`none of ${many(fresh.size, "fresh event")} is ahead of it`);
}

function checkEnds({ exact, around, byDefault, expired, exports }: Evidence): Verdict {
  const ends = [exact, around, byDefault, expired, exports].flatMap((seen) => {
    const page = pageOf(seen);
    const asked = Number(page?.query.limit ?? 25);
    return page === undefined || page.events.length + page.malformed >= asked ? [] : [page];
  });
  if (ends.length === 0) return unseen("no list was read to its end");
  const endless = ends.filter(({ isCut }) => isCut);
  if (endless.length === ends.length) return unseen("short pages lead on: none of them was an end");
  const forms = new Set(
    ends
      .filter((page) => !endless.includes(page))
      .map(({ hasMore, nextCursor }) =>
        hasMore
          ? "hasMore with a null cursor"
          : nextCursor === null
            ? "hasMore: false"
            : "hasMore: false with a cursor",
      ),
  );
  return confirmed(`an end is ${[...forms].join(", or ")}`);
}

function checkRetention(evidence: Evidence): Verdict {
  const [expired, expiring] = [pageOf(evidence.expired), pageOf(evidence.expiring)];
  if (expired === undefined || expiring === undefined) return unseen("the range was not answered");
  const before = Date.parse(String(expired.query.createdBefore));
  if (expired.events.some(({ time }) => time <= before))
    return contradicted("there are older ones: they are kept for longer");
  const from = Date.parse(String(expiring.query.createdAfter));
  const until = Date.parse(String(expiring.query.createdBefore));
  if (!expiring.events.some(({ time }) => time >= from && time <= until)) return unseen("this account has none so old");
  return confirmed("there are some of 50 days and more, and none older than 61");
}

function checkErrors({ exchanges }: Evidence): Verdict {
  const refusals = exchanges.filter(({ status }) => status >= 400);
  if (refusals.length === 0) return unseen("nothing was refused");
  const astray = refusals.filter(({ json }) => !hasWords(json));
  const statuses = [...new Set(refusals.map(({ status }) => status))].join(", ");
  if (astray.length > 0)
    return contradicted(`${astray.length} of ${many(refusals.length, "refusal")} in neither shape (${statuses})`);
  return confirmed(`${many(refusals.length, "refusal")} in them (${statuses})`);
}

function hasWords(json: unknown): boolean {
  if (!isRecord(json)) return false;
  const isText = (value: unknown) =>
    typeof value === "string" || (Array.isArray(value) && typeof value[0] === "string");
  return isText(json.message) || isText(json.error);
}

const ENDED = new Set(["completed", "canceled"]);

function checkIdle({ websets }: Evidence): Verdict {
  const idle = pageOf(websets)?.filter(({ status }) => status === "idle") ?? [];
  if (idle.length === 0) return unseen("no Webset is idle");
  const open = idle.filter(({ searches }) => searches.some(({ status }) => !ENDED.has(status)));
  if (open.length > 0)
    return contradicted(`${open.length} of ${many(idle.length, "idle Webset")} with a search that has not ended`);
  return confirmed(`so with ${many(idle.length, "idle Webset")}`);
}

function checkOwners({ first }: Evidence): Verdict {
  const known = first.events.filter(({ type }) => isKnownEventType(type));
  if (known.length === 0) return unseen("no events");
  const lost = known.filter((event) => event.owner.kind !== ownerMeant(event));
  if (lost.length === 0) return confirmed(`${many(known.length, "event")} name theirs where it is looked for`);
  const types = [...new Set(lost.map(({ type }) => type))].join(", ");
  return contradicted(`${lost.length} of ${many(known.length, "event")} do not (${types})`);
}

function ownerMeant({ type }: FeedEvent): FeedEvent["owner"]["kind"] {
  if (type.startsWith("monitor.run.")) return "monitor";
  return type.startsWith("import.") ? "import" : "webset";
}

function checkEstimates({ first }: Evidence): Verdict {
  const ends = new Map<string, number>();
  for (const { type, time, data } of first.events) {
    if (type === "webset.search.completed" && isRecord(data)) ends.set(String(data.id), time);
  }
  const factors = first.events.flatMap(({ type, time, data }) => {
    if (type !== "webset.search.updated" || !isRecord(data) || !isRecord(data.progress)) return [];
    const end = ends.get(String(data.id));
    const { timeLeft } = data.progress;
    // A few seconds are within what an estimate is rounded to.
    if (end === undefined || typeof timeLeft !== "number" || timeLeft < 10 || end - time < 10_000) return [];
    const factor = (end - time) / 1_000 / timeLeft;
    return [Math.max(factor, 1 / factor)];
  });
  if (factors.length === 0) return unseen("no search with an estimate is on the first page");
  const worst = Math.max(...factors);
  const said = `${many(factors.length, "estimate")}, off by a factor of ${worst.toFixed(1)} at most`;
  return worst >= 2 ? confirmed(said) : unseen(said);
}

function checkRates({ exchanges }: Evidence): Verdict {
  const refused = exchanges.filter(({ status }) => status === 429).length;
  const told = exchanges.some(({ headers }) => headers.some((name) => /rate-?limit/.test(name)));
  const more = told ? "; answers have headers about limits" : "";
  if (refused > 0) return contradicted(`${refused} of ${many(exchanges.length, "request")} refused with 429${more}`);
  return confirmed(`${many(exchanges.length, "request")}, none refused with 429${more}`);
}

function checkIds({ first }: Evidence): Verdict {
  const { events, malformed } = first;
  if (events.length + malformed === 0) return unseen("no events");
  const forms = [...new Set(events.map(({ id }) => formInWords(id)))].slice(0, 3).join(", or ");
  if (malformed > 0)
    return contradicted(`${malformed} ${malformed === 1 ? "entry" : "entries"} without a usable id, type or createdAt`);
  return confirmed(`events have ${forms}`);
}

function checkExports({ exports }: Evidence): Verdict {
  if (exports instanceof WebsetsError) {
    return exports.kind === "invalid_request" ? contradicted("their types are refused") : unseen("not answered");
  }
  if (exports === undefined) return unseen("not asked");
  const is = exports.events.some(({ type }) => type.startsWith("webset.export."));
  return is ? confirmed("there is an event of one") : unseen("their types are taken, but there is no such event");
}

function checkTypes({ first, readings }: Evidence): Verdict {
  const types = new Set([first, ...readings].flatMap(({ events }) => events.map(({ type }) => type)));
  const strange = [...types].filter((type) => !isKnownEventType(type));
  if (strange.length === 0) return unseen(`${many(types.size, "type")}, all of them known`);
  // Words of the API's own, and nobody's text.
  const named = strange.filter((type) => /^[a-z_]{1,30}(\.[a-z_]{1,30}){1,4}$/.test(type)).slice(0, 5);
  return confirmed(
    `${many(strange.length, "type")} that is not known here${named.length > 0 ? `: ${named.join(", ")}` : ""}`,
  );
}

function checkItems({ first }: Evidence): Verdict {
  const events = first.events.filter(({ type }) => type.startsWith("webset.item."));
  if (events.length === 0) return unseen("no events of items");
  const moved = events.filter(({ time, data }) => {
    const at = isRecord(data) && typeof data.updatedAt === "string" ? parseTime(data.updatedAt) : undefined;
    return at !== undefined && Math.abs(at - time) > CLOCK_DISAGREEMENT_MS;
  }).length;
  const created = events.filter(({ type }) => type === "webset.item.created");
  const twice = created.length - new Set(created.map(({ data }) => (isRecord(data) ? String(data.id) : ""))).size;
  const unfinished = events.filter(({ type, data }) => type === "webset.item.enriched" && isPending(data)).length;
  const said = `of ${events.length}, ${moved} of another second than the event, ${twice} told twice, ${unfinished} enriched and unfinished`;
  return moved + twice + unfinished > 0 ? confirmed(said) : unseen(said);
}

function isPending(data: unknown): boolean {
  if (!isRecord(data) || !Array.isArray(data.enrichments)) return false;
  return data.enrichments.some((one) => isRecord(one) && one.status === "pending");
}
