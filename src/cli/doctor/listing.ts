import { listOrder } from "../../feed/list-order.ts";
import { WebsetsError } from "../../shared/errors.ts";
import { type Evidence, LARGEST, pageOf, type Seen, type SeenPage } from "./evidence.ts";
import type { Finding } from "./finding.ts";
import { readIdForm } from "./id-forms.ts";

/** How the API lists events today: one finding for each thing that its documentation leaves open. */
export function describeListing(evidence: Evidence): Finding[] {
  return [eventsFinding(evidence), orderFinding(evidence), rangesFinding(evidence), pagesFinding(evidence)];
}

function eventsFinding({ first }: Evidence): Finding {
  const { events, malformed, isCut, sentAt, receivedAt } = first;
  const ms = Math.round(receivedAt - sentAt);
  const facts = { onFirstPage: events.length, unreadable: malformed, isCut, ms };
  const count = `${isCut ? "more than " : ""}${events.length} ${events.length === 1 ? "event" : "events"}`;
  if (malformed > 0) {
    const advice = "Waits leave them out and say so. Please report it with a recording: doctor --record FILE.";
    const summary = `${count} to be read, and ${malformed} without a usable id, type or createdAt`;
    return { check: "events", status: "warn", summary, advice, facts };
  }
  return { check: "events", status: "ok", summary: `${count}, read in ${ms} ms`, facts };
}

const UNSEEN = "not to be seen, for this account has too few events";

function orderFinding({ first, ofOneType }: Evidence): Finding {
  const order = listOrder(first.events);
  if (order === undefined) return { check: "order", status: "skip", summary: UNSEEN };
  const one = pageOf(ofOneType);
  const typed = one && listOrder(one.events);
  const differs = typed !== undefined && typed !== order;
  const summary = `${orderText(order)}${differs ? `, but of one type ${orderText(typed)}` : ""}`;
  const facts = { order, orderOfOneType: typed ?? null };
  if (order !== "mixed" && !differs) return { check: "order", status: "ok", summary, facts };
  const advice =
    "Nothing is lost by it, but reading costs more requests. Please report it with a recording: doctor --record FILE.";
  return { check: "order", status: "warn", summary, advice, facts };
}

export function orderText(order: NonNullable<ReturnType<typeof listOrder>>): string {
  return order === "mixed" ? "in no order of time" : order.replace("-", " ");
}

export type End = "inclusive" | "exclusive" | "unseen";

/** How the ends of a range of times are meant, and whether ranges are kept to at all. */
export interface Ranges {
  createdAfter: End;
  createdBefore: End;
  /** Whether a range that lies well around an event has it. */
  around: boolean | undefined;
  /** Whether pages had events of other times than were asked for. */
  strays: boolean;
}

export function rangesOf({ event, exact, from, until, around }: Evidence): Ranges {
  const pages = [exact, from, until, around].map(pageOf).filter((page) => page !== undefined);
  const has = (seen: Seen<SeenPage>) => {
    const page = pageOf(seen);
    if (page === undefined || event === undefined) return undefined;
    // A page that is cut may have it behind its end.
    return page.events.some(({ id }) => id === event.id) || (page.isCut ? undefined : false);
  };
  const both = has(exact) === true;
  const end = (page: Seen<SeenPage>): End => {
    if (both) return "inclusive";
    const found = has(page);
    return found === undefined ? "unseen" : found ? "inclusive" : "exclusive";
  };
  return { createdAfter: end(from), createdBefore: end(until), around: has(around), strays: pages.some(hasStrays) };
}

function hasStrays({ query, events }: SeenPage): boolean {
  const after = Date.parse(String(query.createdAfter)) - 1;
  const before = Date.parse(String(query.createdBefore)) + 1;
  return events.some(({ time }) => time < after || time > before);
}

function rangesFinding(evidence: Evidence): Finding {
  if (evidence.event === undefined) return { check: "ranges", status: "skip", summary: UNSEEN };
  const { createdAfter, createdBefore, around, strays } = rangesOf(evidence);
  const facts = { createdAfter, createdBefore, strays };
  const ends = `createdAfter is ${createdAfter}, createdBefore ${createdBefore}`;
  if (around !== false && !strays) return { check: "ranges", status: "ok", summary: ends, facts };
  const summary =
    around === false ? "a range of times leaves out an event in its middle" : "pages hold events of other times";
  const advice = "Please report it with a recording: doctor --record FILE.";
  return { check: "ranges", status: "warn", summary: `${summary}; ${ends}`, advice, facts };
}

function pagesFinding({ first, byDefault, above, small, behind }: Evidence): Finding {
  const size = (seen: Seen<SeenPage>) => {
    const page = pageOf(seen);
    return page && page.events.length + page.malformed;
  };
  const usual = size(byDefault);
  const all = (size(first) ?? 0) + (first.isCut ? 1 : 0);
  const tooMany = above instanceof WebsetsError ? "refused" : "taken";
  const cursor = cursorForm(small);
  const next = goesOn({ first, small, behind });
  const parts = [
    usual === undefined ? undefined : `${usual}${all > usual ? "" : " (all there are)"} without a limit`,
    `${size(first)}${first.isCut ? "" : " (all there are)"} with ${LARGEST}`,
    above === undefined ? undefined : `${LARGEST + 1} is ${tooMany}`,
    cursor === undefined ? undefined : `cursor: ${cursor}`,
  ];
  const summary = parts.filter((part) => part !== undefined).join(", ");
  const facts = {
    withoutLimit: usual ?? null,
    largest: size(first) ?? null,
    aboveLargest: tooMany,
    cursor: cursor ?? null,
  };
  if (next !== false) return { check: "pages", status: "ok", summary, facts };
  const advice =
    "It may be that events arrived meanwhile: run doctor again. If it stays, report it with a recording: doctor --record FILE.";
  return {
    check: "pages",
    status: "warn",
    summary: `${summary}; a cursor does not lead on from its page`,
    advice,
    facts,
  };
}

/** What a cursor is made of, as far as the page shows it. */
export function cursorForm(seen: Seen<SeenPage>): string | undefined {
  const page = pageOf(seen);
  const last = page?.events.at(-1);
  if (!page || last === undefined || page.nextCursor === null) return undefined;
  const { nextCursor } = page;
  if (nextCursor === last.id) return "the id of the last event";
  if (nextCursor === readIdForm(last.id).bare) return "the id of the last event without its prefix";
  return `${nextCursor.length} characters of its own`;
}

/** Whether the page behind another one goes on where that ended; undefined where they do not tell. */
function goesOn({ first, small, behind }: Pick<Evidence, "first" | "small" | "behind">): boolean | undefined {
  const [one, two] = [pageOf(small), pageOf(behind)];
  const last = one?.events.at(-1);
  const next = two?.events[0];
  if (!one || !two || last === undefined || next === undefined) return undefined;
  if (two.events.some(({ id }) => one.events.some((other) => other.id === id))) return false;
  const ids = first.events.map(({ id }) => id);
  const at = ids.indexOf(last.id);
  return at === -1 || ids[at + 1] === undefined ? undefined : ids[at + 1] === next.id;
}
