import { EVENT_TYPES } from "../../../src/exa/event-types.ts";
import type { LoggedEvent } from "../../../src/sandbox/event-log.ts";
import type { WebsetItem } from "../../../src/sandbox/resources.ts";
import type { Account } from "./account.ts";
import type { AgentRecord } from "./agent.ts";
import type { Filter } from "./scenario.ts";

/** How long what a Webset wants of its items may be remembered by those who tell of them, and lag behind, in milliseconds. */
const REMEMBERED_MS = 15_000 + 2_000;
const ENDS = ["webset.idle", "webset.paused", "webset.deleted", "webset.search.canceled"];
/** Of Websets themselves; other events name theirs. */
const OF_WEBSETS = ["webset.created", "webset.deleted", "webset.paused", "webset.idle"];
const KNOWN = new Set<string>(EVENT_TYPES.map(({ type }) => type));

interface Facts {
  account: Account;
  /** All events there are in the end. */
  events: readonly LoggedEvent[];
  lagMs: number;
  /** Whether requests can fail: then nobody may have been able to read that a Webset is deleted. */
  isTroubled: boolean;
  /** Which monitors and so on belong to a Webset is not told by an event itself. */
  idOf: (webset: number) => string;
}

/** What is wrong with what an agent was told, in words; nothing where all is as promised. */
export function faultsIn(record: AgentRecord, facts: Facts): string[] {
  const { agent, unknown } = record;
  if (unknown !== undefined) return [...record.wrong, ...faultsOfUnknown(agent.filter, unknown, facts)];
  const isReady = agent.filter.itemsReady === true;
  return [...record.wrong, ...faultsOfEvents(record, facts), ...(isReady ? faultsOfItems(record, facts) : [])];
}

/** A Webset is rightly unknown that is deleted, where no event said so yet. */
function faultsOfUnknown(
  { webset }: Filter,
  { askedAt, at }: NonNullable<AgentRecord["unknown"]>,
  { account, events, isTroubled, idOf }: Facts,
): string[] {
  const websetId = webset === undefined ? "" : idOf(webset);
  const isDeleted = (account.websets.get(websetId)?.deletedAt ?? Number.POSITIVE_INFINITY) <= at;
  const isTold = events.some(
    ({ event, visibleAt }) => event.type === "webset.deleted" && idIn(event.data) === websetId && visibleAt < askedAt,
  );
  return isDeleted && (!isTold || isTroubled) ? [] : [`Webset ${websetId} was unknown`];
}

function faultsOfEvents({ agent, told, from, stoppedAt }: AgentRecord, { events, idOf }: Facts): string[] {
  const { filter } = agent;
  const isReady = filter.itemsReady === true;
  const websetId = filter.webset === undefined ? undefined : idOf(filter.webset);
  const matching = events.filter(
    ({ event }) => matches(filter, event.type, statusOf(event.data)) && isOf(websetId, event, events),
  );
  // Which Webset a monitor was in that is deleted is known only to those who have met it before.
  const isDoubtful = ({ event }: LoggedEvent) =>
    websetId !== undefined &&
    events.some(
      (one) => one.event.type === "monitor.deleted" && idIn(one.event.data) === fieldsOf(event.data).monitorId,
    );
  const expected = matching.filter((one) => one.time >= from && one.time < stoppedAt && !isDoubtful(one));
  const faults: string[] = [];
  const heard = new Map<string, number>();
  const programs = new Set(told.map(({ program }) => program)).size;
  const repeats = told.some(({ note }) => note?.includes("may repeat"));
  for (const { askedAt, outcome, more, limit, events: given } of told) {
    if (given.length > limit) faults.push(`${given.length} events where ${limit} were asked for`);
    for (const { id, type } of isReady ? given.filter((one) => !isItem(one.type)) : given) {
      heard.set(id, (heard.get(id) ?? 0) + 1);
      if (!matching.some(({ event }) => event.id === id)) faults.push(`${type} ${id} does not match`);
    }
    if (outcome === "listed" || more || outcome === "behind") continue;
    for (const { event, visibleAt } of expected) {
      if (visibleAt < askedAt && !heard.has(event.id))
        faults.push(`${event.type} ${event.id} was visible before a result without more`);
    }
  }
  for (const [id, times] of heard) {
    if (times > (isReady ? programs : 1) && !repeats) faults.push(`${id} was told ${times} times`);
  }
  for (const { event } of expected) if (!heard.has(event.id)) faults.push(`${event.type} ${event.id} was never told`);
  return faults;
}

function faultsOfItems(
  { agent, told, from, stoppedAt }: AgentRecord,
  { account, events, lagMs, idOf }: Facts,
): string[] {
  const websetId = agent.filter.webset === undefined ? undefined : idOf(agent.filter.webset);
  const faults: string[] = [];
  const entries = told.flatMap(({ askedAt, at, program, events: given }) =>
    given
      .filter(({ type }) => isItem(type))
      .map(({ resource, data }) => ({ askedAt, at, program, itemId: resource.id as string, data })),
  );
  for (const { itemId, askedAt, at } of entries) {
    const item = account.items.get(itemId);
    if (item === undefined || (websetId !== undefined && item.websetId !== websetId)) {
      faults.push(`${itemId} is not the agent's`);
      continue;
    }
    const wanted = account.websets.get(item.websetId)?.states ?? [];
    const then = wanted.findLast((one) => one.at <= askedAt - REMEMBERED_MS - lagMs) ?? wanted[0];
    const now = wanted.findLast((one) => one.at <= at);
    const state = item.states.findLast((one) => one.at <= at)?.value;
    for (const { id } of then?.value.enrichments ?? []) {
      const isCanceled = now?.value.enrichments.some((one) => one.id === id && one.status === "canceled");
      const status = state?.enrichments.find((one) => one.enrichmentId === id)?.status;
      if (!isCanceled && (status === undefined || status === "pending"))
        faults.push(`${itemId} was told without ${id}`);
    }
  }
  for (const [itemId, { websetId: of, changes, states: itemStates }] of account.items) {
    const mine = entries.filter((one) => one.itemId === itemId);
    const { states = [], addedAt = [], deletedAt = 0 } = account.websets.get(of) ?? {};
    // Events of before a cancellation may become visible after the item was told without their values.
    const canceled = states.at(-1)?.value.enrichments.filter(({ status }) => status === "canceled").length ?? 0;
    // What a deleted Webset wanted of its items is known by what they show alone.
    const unknown = deletedAt < Number.POSITIVE_INFINITY ? (states.at(-1)?.value.enrichments.length ?? 0) : 0;
    for (const program of new Set(mine.map((one) => one.program))) {
      const times = mine.filter((one) => one.program === program).length;
      if (times > 1 + addedAt.length + canceled + unknown) faults.push(`${itemId} was told ${times} times`);
    }
    if ((websetId !== undefined && of !== websetId) || deletedAt < stoppedAt) continue;
    const before = changes.filter(({ at }) => at < stoppedAt);
    const last = before.at(-1);
    if (last === undefined || !last.isReady) continue;
    const readyAt = before[before.findLastIndex(({ isReady }) => !isReady) + 1]?.at ?? 0;
    // What happens without an event of the item is told when its Webset is idle.
    const shows = events.some(
      ({ event, time }) =>
        time >= readyAt &&
        time < stoppedAt &&
        ((isItem(event.type) && idIn(event.data) === itemId) ||
          (event.type === "webset.idle" && idIn(event.data) === of)),
    );
    const isKnown = events.some(
      ({ event, time }) => time >= from && time < stoppedAt && isItem(event.type) && idIn(event.data) === itemId,
    );
    if (!shows || !isKnown) continue;
    const completedAt = before[before.findLastIndex(({ values }) => values < last.values) + 1]?.at ?? 0;
    if (!mine.some(({ at }) => at >= completedAt)) faults.push(`${itemId} was never told with all its values`);
    // What was canceled may be left out. Only details show values.
    const done = itemStates.findLast(({ at }) => at < stoppedAt)?.value.enrichments.filter(isDone) ?? [];
    const wanted = states.findLast(({ at }) => at < stoppedAt)?.value.enrichments ?? [];
    const newest = mine.at(-1)?.data as { enrichments?: WebsetItem["enrichments"] } | undefined;
    for (const { enrichmentId: id } of newest?.enrichments === undefined ? [] : done) {
      const isCanceled = wanted.every((one) => one.id !== id || one.status === "canceled");
      if (!isCanceled && !newest?.enrichments?.some((one) => one.enrichmentId === id && isDone(one)))
        faults.push(`${itemId} was told last without the value of ${id}`);
    }
  }
  return faults;
}

function isDone({ status }: WebsetItem["enrichments"][number]): boolean {
  return status !== "pending";
}

function isItem(type: string): boolean {
  return type === "webset.item.created" || type === "webset.item.enriched";
}

function fieldsOf(data: unknown): Record<string, unknown> {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}

const idIn = (data: unknown) => fieldsOf(data).id;
const statusOf = (data: unknown) => fieldsOf(data).status;

function matches({ types = [], problems = false, itemsReady = false }: Filter, type: string, status: unknown): boolean {
  if (itemsReady && isItem(type)) return false;
  const named = itemsReady && types.length === 0 ? ENDS : types;
  const isNamed = named.some((text) => (text.endsWith("*") ? type.startsWith(text.slice(0, -1)) : text === type));
  if (named.length > 0 ? !isNamed : type === "webset.search.updated") return false;
  return !problems || !KNOWN.has(type) || isProblem(type, status);
}

function isProblem(type: string, status: unknown): boolean {
  if (["webset.paused", "webset.deleted", "webset.search.canceled"].includes(type)) return true;
  return ["import.completed", "monitor.run.completed"].includes(type) && (status === "failed" || status === "canceled");
}

function isOf(
  websetId: string | undefined,
  { type, data }: LoggedEvent["event"],
  events: readonly LoggedEvent[],
): boolean {
  if (websetId === undefined) return true;
  if (OF_WEBSETS.includes(type)) return idIn(data) === websetId;
  const { monitorId, websetId: own } = fieldsOf(data);
  if (monitorId === undefined) return own === websetId;
  return events.some(
    ({ event }) =>
      event.type === "monitor.created" && idIn(event.data) === monitorId && fieldsOf(event.data).websetId === websetId,
  );
}
