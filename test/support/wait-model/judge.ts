import type { Until } from "../../../src/webset/decide.ts";
import type { WebsetWaited } from "../../../src/webset/wait.ts";
import type { History, Moment } from "./history.ts";
import type { Life, Path } from "./scenario.ts";

/** One wait that is over. */
export interface Waited {
  until: Until;
  searchId: string | undefined;
  /** The id it was called with, or undefined for the externalId. */
  id: string | undefined;
  timeoutMs: number;
  /** `clock.now()` at the call and at the return. */
  begun: number;
  ended: number;
  result: WebsetWaited | { error: string };
}

export interface Conditions {
  latencyMs: number;
  /** So long a request may wait for its turn. */
  queueMs: number;
  stop: Life["stop"];
  dates: boolean;
  lagMs: number;
  tellsUpdates: boolean;
  /** Whether requests can fail: then nothing is sure to be noticed soon. */
  troubled: boolean;
  /** How late events become visible. */
  lateMs: number;
  hasTwoClocks: boolean;
  /** Single answers that are wrong. */
  odd: Life["odd"];
  down: Life["down"];
}

/** An event is late, a poll pauses for five intervals at most, and a few answers are on their way. */
const NOTICED_WITHIN_MS = 12_000;
/** The clock of `Date` has a grain of a second, and the one that stamps events may be a second ahead of it. */
const CALL_TIME_MS = 2_000;

/** What is not there at first is looked for again after so long. */
const SECOND_LOOK_MS = 2_000;

/** By so much the clocks of two servers differ, and the slower one counts. */
const TWO_CLOCKS_MS = 11_000;
/** Later than that no event should be, and then the state is looked at so often. */
const LATE_MS = 5_000;
const SLOW_LOOK_MS = 16_000;
/** The last look of a wait has so long, and one after a stop of the process beyond its time. */
const LAST_LOOK_MS = 800;
const FRESH_LOOK_MS = 6_000;
const OVERSLEPT_MS = 1_000;
/** After that much silence of the API a wait warns of it. */
const SILENT_MS = 8_000;
/** A request is given up after so long. */
const UNANSWERED_MS = 25_000;
/** Pauses after failures go on for a while. */
const AFTERMATH_MS = 10_000;

type State = NonNullable<Moment["state"]>;
type Goal = "idle" | readonly string[] | { items: number; searchId: string | undefined };

/** What is wrong with how a wait ended, in words; nothing where all is as promised. */
export function faultsOf(waited: Waited, history: History, conditions: Conditions): string[] {
  const { begun, ended, timeoutMs, result } = waited;
  const faults: string[] = [];
  const { down, odd, stop } = conditions;
  const wokenAt = stop !== undefined && stop.at <= begun + timeoutMs + 1_000 ? stop.at + stop.forMs : begun;
  const lastMs = wokenAt > begun + timeoutMs + OVERSLEPT_MS ? FRESH_LOOK_MS : 1_000;
  const lateMs = ended - Math.max(begun + timeoutMs, wokenAt);
  if (lateMs > lastMs) faults.push(`it returned ${lateMs} ms after its time`);
  const answerMs = answerMsOf(conditions);
  // The answer to a look that somebody else asked for before comes first.
  const firstLookBy = Math.max(begun, wokenAt) + 2 * answerMs;
  const isStateDown = isDownWithin(down, "state", begun, ended);
  const seenBy = (time: number) => [
    ...history.between(begun - conditions.lagMs, conditions.troubled || isStateDown ? ended : time),
    ...history.servedBetween(begun, time),
  ];
  const oddStates = odd.filter(({ path }) => path === "state").map(({ status }) => status as number);
  // What is not there is looked for once more.
  const isAbsentAtFirst = oddStates.includes(404) || seenBy(firstLookBy).some(({ state }) => !isThere(state, waited));
  const lookedBy = isAbsentAtFirst ? firstLookBy + SECOND_LOOK_MS + 2 * answerMs : firstLookBy;
  const atFirst = seenBy(lookedBy);
  const seenFrom = isStateDown && down !== undefined && down.from <= lookedBy ? overAt(down, ended) : begun;
  if ("error" in result) {
    // An answer that is wrong is believed where there is no time to ask again, and as the first one if it is no 404.
    const isShort = timeoutMs < 2_000 + SECOND_LOOK_MS + 2 * answerMs || conditions.troubled || isStateDown;
    const isFinal = down?.status === 402 && down.from <= ended && (down.to ?? ended) >= begun;
    const isAllowed = {
      out_of_credits: isFinal,
      not_found: atFirst.some(({ state }) => !isThere(state, waited)) || (oddStates.includes(404) && isShort),
      unavailable: conditions.troubled || timeoutMs + 800 < 2 * answerMs || isStateDown || wokenAt > begun,
      forbidden: oddStates.includes(403) || (isStateDown && down?.status === 403),
      invalid_request: oddStates.includes(400),
    }[result.error];
    return isAllowed === true ? faults : [...faults, `it failed: ${result.error}`];
  }

  faults.push(...faultsOfWarning(result, waited, conditions, wokenAt));
  // The wait has its goal from what it saw first; which moment that was, only it knows.
  const readings = atFirst.flatMap(({ state, from }) => {
    if (state === undefined || !isThere(state, waited)) return [];
    return [{ id: state.id, goal: goalOf(waited, state), since: Math.max(from, begun), seenFrom }];
  });
  const verdicts = readings.map((reading) => verdictOn(result.outcome, reading, waited, history, conditions));
  if (verdicts.length === 0) faults.push(`${result.outcome}, but there was nothing to wait for`);
  else if (!verdicts.includes(undefined)) faults.push([...new Set(verdicts)].join("; or "));
  return faults;
}

/** Why this outcome is wrong if the wait had this goal; undefined where it is right. */
function verdictOn(
  outcome: string,
  { id, goal, since, seenFrom }: { id: string; goal: Goal; since: number; seenFrom: number },
  { begun, ended }: Waited,
  history: History,
  conditions: Conditions,
): string | undefined {
  const { lateMs, dates, lagMs, tellsUpdates, troubled, down, odd, stop } = conditions;
  const answerMs = answerMsOf(conditions);
  const of = (moment: Moment) => outcomeAt(moment.state, id, goal);
  if (outcome !== "still_running") {
    // What the API itself tells after the call is as good as true. Where the state was seen as it was before, events of then
    // count too: that a search has ended stays true, and of an idle moment only the time of the call can tell that it is over.
    const isClose = goal === "idle" && dates && !troubled;
    const mistaken = conditions.hasTwoClocks
      ? lagMs + TWO_CLOCKS_MS
      : Math.min(lagMs, isClose ? CALL_TIME_MS + 2 * answerMs : Number.POSITIVE_INFINITY);
    const told = [...history.between(since - mistaken, ended), ...history.servedBetween(begun, ended)];
    if (!told.some((moment) => of(moment).includes(outcome))) return `${outcome}, which did not happen`;
  }
  const isStateDown = isDownWithin(down, "state", begun, ended);
  const areEventsDown = isDownWithin(down, "events", begun, ended);
  if (isStateDown && areEventsDown) return undefined;
  if (troubled || (isStateDown && (goal === "idle" || lateMs > LATE_MS))) return undefined;
  if (outcome === "still_running" && !isStateDown && odd.length === 0 && answerMs < LAST_LOOK_MS) {
    // The last look is at the end, and may be one that was asked for a second before; what was so since then cannot be missed.
    const atTheEnd = history.between(Math.max(since, ended - answerMs - 1_000) - lagMs, ended);
    // That it is not there any more needs a second look, unless an event tells of it in time.
    const isSure = (outcomes: string[]) => outcomes.some((one) => one !== "deleted");
    if (atTheEnd.length > 0 && atTheEnd.every((moment) => isSure(of(moment)))) {
      return `timed out, but ${of(atTheEnd[0] as Moment).join(" and ")} at the end`;
    }
  }
  const afterFirstLook = since + (dates ? 2 : 5) * answerMs;
  // That idleness begins is told by its event, if that says that it is of after the call.
  const surelyAfterCall = tellsUpdates ? afterFirstLook : dates ? since + CALL_TIME_MS : Number.POSITIVE_INFINITY;
  const isLate = lateMs > LATE_MS;
  // A look is put off by what events tell, and by the slower of two clocks that seems to be of later; without a clock what comes late
  // seems to be of now.
  const slowLookMs = SLOW_LOOK_MS + (conditions.hasTwoClocks ? TWO_CLOCKS_MS : 0) + (dates ? 0 : lateMs);
  // Of a search that is new and may find more, only a look tells.
  const needsLook = typeof goal === "object" && "items" in goal;
  // That events are not answered at all is known only after a while.
  const isSilent = areEventsDown && down?.status === "silent";
  const within =
    NOTICED_WITHIN_MS +
    3 * answerMs +
    (isLate || isSilent || (needsLook && lagMs > 0) ? slowLookMs : 0) +
    odd.length * 2 * SECOND_LOOK_MS +
    (stop?.forMs ?? 0);
  const canBeMissed = isLate || odd.length > 0 || down !== undefined || stop !== undefined;
  const noticedBy = ended - within;
  const knownFrom = Math.max(since, seenFrom);
  if (noticedBy < knownFrom) return undefined;
  const missed = history.between(knownFrom, noticedBy).find((moment, index, all) => {
    const from = Math.max(moment.from, knownFrom);
    const before = all[index - 1];
    const begins = of(moment).includes("reached") && before !== undefined && !of(before).includes("reached");
    if (goal === "idle" && begins && !canBeMissed && from > Math.max(afterFirstLook, surelyAfterCall)) return true;
    // A pause can be over unseen.
    return history.between(from, from + within).every((later) => {
      const outcomes = of(later);
      // Only events tell of it then.
      return isStateDown
        ? outcomes.some((one) => one !== "paused" && one !== "stopped" && !(needsLook && one === "canceled"))
        : outcomes.length > 0;
    });
  });
  return missed === undefined ? undefined : `${outcome}, but ${of(missed).join(" and ")} at ${missed.from} already`;
}

/** What a wait may report of a state. */
function outcomeAt(state: State | undefined, id: string, goal: Goal): string[] {
  if (state === undefined || state.id !== id) return ["deleted"];
  if (typeof goal === "object" && "items" in goal) return itemsOutcomeAt(state, goal);
  const counted = goal === "idle" ? state.searches : state.searches.filter((search) => goal.includes(search.id));
  if (goal === "idle") {
    if (state.status === "idle" && counted.every((search) => hasEnded(search, state))) return ["reached"];
  } else {
    if (counted.length === goal.length && counted.every(({ status }) => status === "completed")) return ["reached"];
    if (counted.some(({ status }) => status === "canceled")) return ["canceled"];
  }
  // Of a search that has failed, as the sandbox calls it, nobody knows that it has ended before the Webset is idle.
  const isOver = counted.every((search) => hasEnded(search, state) || search.status === "failed");
  if (state.status === "idle" && isOver && (goal === "idle" || counted.length === goal.length)) return ["stopped"];
  return state.status === "paused" ? ["paused"] : [];
}

function itemsOutcomeAt(state: State, { items, searchId }: { items: number; searchId: string | undefined }): string[] {
  const counted = state.searches.filter(({ id }) => searchId === undefined || id === searchId);
  const found = counted.reduce((sum, search) => sum + search.found, 0);
  if (found >= items) return ["reached"];
  const pausedOr = state.status === "paused" ? ["paused"] : [];
  if (counted.length === 0 && searchId !== undefined) return pausedOr;
  if (counted.length > 0 && counted.every(({ status }) => status === "completed" || status === "canceled")) {
    return counted.at(-1)?.status === "canceled" ? ["canceled"] : ["stopped"];
  }
  const isOver = counted.every(({ status }) => status !== "running" && status !== "created" && status !== "pending");
  return state.status === "idle" && isOver ? ["stopped"] : pausedOr;
}

/** A request that waits for its turn, goes there and comes back. */
function answerMsOf({ latencyMs, queueMs }: Conditions): number {
  return 2 * latencyMs + queueMs;
}

/** What was asked before the end of a silence is not answered after it either. */
function overAt({ status, to }: NonNullable<Life["down"]>, ended: number): number {
  return (to ?? ended) + (status === "silent" ? UNANSWERED_MS : 0);
}

function isDownWithin(down: Life["down"], of: Path, begun: number, ended: number): boolean {
  if (down === undefined || !(down.path === of || down.path === "both")) return false;
  return down.from <= ended && overAt(down, ended) + AFTERMATH_MS >= begun;
}

/** A warning tells of trouble that lasted at the end, and only of that. */
function faultsOfWarning(
  { outcome, lastError }: WebsetWaited,
  { begun, ended }: Waited,
  conditions: Conditions,
  wokenAt: number,
): string[] {
  const { down, odd, troubled, stop } = conditions;
  if (outcome !== "still_running") return lastError === undefined ? [] : [`${outcome} with a warning`];
  const isSound = down === undefined && odd.length === 0 && !troubled && stop === undefined;
  // What has just been deleted is not known any more.
  const isWarned = lastError !== undefined && lastError.kind !== "not_found";
  if (isSound && isWarned && answerMsOf(conditions) < LAST_LOOK_MS) return [`warned: ${lastError.message}`];
  // A process that is stopped hears no silence.
  const heardFrom = Math.max(down?.from ?? ended, begun, wokenAt);
  const silentFor = down?.path === "both" && (down.to ?? ended) >= ended ? ended - heardFrom : 0;
  return silentFor > SILENT_MS + answerMsOf(conditions) && lastError === undefined
    ? [`nothing was answered for ${silentFor} ms, without a warning`]
    : [];
}

/** A failed one has, as far as anybody knows, if a later one has completed. */
function hasEnded(search: State["searches"][number], { searches }: Pick<State, "searches">): boolean {
  if (search.status === "completed" || search.status === "canceled") return true;
  const later = searches.slice(searches.indexOf(search) + 1);
  return search.status === "failed" && later.some(({ status }) => status === "completed");
}

function goalOf({ until, searchId }: Waited, { searches }: State): Goal {
  if (typeof until === "object") return { items: until.items, searchId };
  if (until === "idle") return "idle";
  if (searchId !== undefined) return [searchId];
  const open = searches.filter((search) => !hasEnded(search, { searches }));
  if (open.length > 0) return open.map(({ id }) => id);
  const newest = searches.at(-1);
  return newest === undefined ? "idle" : [newest.id];
}

function isThere(state: State | undefined, { id, searchId }: Waited): boolean {
  if (state === undefined || (id !== undefined && state.id !== id)) return false;
  return searchId === undefined || state.searches.some((search) => search.id === searchId);
}
