import type { Until } from "../../../src/webset/decide.ts";
import type { WebsetWaited } from "../../../src/webset/wait.ts";
import type { History, Moment } from "./history.ts";
import type { Life } from "./scenario.ts";

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

type State = NonNullable<Moment["state"]>;
type Goal = "idle" | readonly string[];

/** What is wrong with how a wait ended, in words; nothing where all is as promised. */
export function faultsOf(waited: Waited, history: History, conditions: Conditions): string[] {
  const { begun, ended, timeoutMs, result } = waited;
  const faults: string[] = [];
  if (ended - begun > timeoutMs + 1_000) faults.push(`it returned ${ended - begun - timeoutMs} ms after its time`);
  // The answer to a look that somebody else asked for before comes first.
  const firstLookBy = begun + 4 * conditions.latencyMs;
  const { down, odd } = conditions;
  const isStateDown = down?.path === "state" && down.from <= ended;
  const seenBy = (time: number) => [
    ...history.between(begun - conditions.lagMs, conditions.troubled || isStateDown ? ended : time),
    ...history.servedBetween(begun, time),
  ];
  const oddStates = odd.filter(({ path }) => path === "state").map(({ status }) => status as number);
  // What is not there is looked for once more.
  const isAbsentAtFirst = oddStates.includes(404) || seenBy(firstLookBy).some(({ state }) => !isThere(state, waited));
  const atFirst = seenBy(isAbsentAtFirst ? firstLookBy + SECOND_LOOK_MS + 4 * conditions.latencyMs : firstLookBy);
  if ("error" in result) {
    // An answer that is wrong is believed where there is no time to ask again, and as the first one if it is no 404.
    const isShort = timeoutMs < 4_000 || conditions.troubled;
    const isAllowed = {
      not_found: atFirst.some(({ state }) => !isThere(state, waited)) || (oddStates.includes(404) && isShort),
      unavailable: conditions.troubled || timeoutMs < 900 || isStateDown,
      forbidden: oddStates.includes(403) || (isStateDown && down.status === 403),
      invalid_request: oddStates.includes(400),
    }[result.error];
    return isAllowed === true ? faults : [...faults, `it failed: ${result.error}`];
  }

  // The wait has its goal from what it saw first; which moment that was, only it knows.
  const readings = atFirst.flatMap(({ state, from }) => {
    if (state === undefined || !isThere(state, waited)) return [];
    return [{ id: state.id, goal: goalOf(waited, state), since: Math.max(from, begun) }];
  });
  const verdicts = readings.map((reading) => verdictOn(result.outcome, reading, waited, history, conditions));
  if (verdicts.length === 0) faults.push(`${result.outcome}, but there was nothing to wait for`);
  else if (!verdicts.includes(undefined)) faults.push([...new Set(verdicts)].join("; or "));
  return faults;
}

/** Why this outcome is wrong if the wait had this goal; undefined where it is right. */
function verdictOn(
  outcome: string,
  { id, goal, since }: { id: string; goal: Goal; since: number },
  { begun, ended }: Waited,
  history: History,
  conditions: Conditions,
): string | undefined {
  const { latencyMs, lateMs, dates, lagMs, tellsUpdates, troubled, down, odd } = conditions;
  const of = (moment: Moment) => outcomeAt(moment.state, id, goal);
  if (outcome !== "still_running") {
    // What the API itself tells after the call is as good as true. Where the state was seen as it was before, events of then
    // count too: that a search has ended stays true, and of an idle moment only the time of the call can tell that it is over.
    const isClose = goal === "idle" && dates && !troubled;
    const mistaken = conditions.hasTwoClocks
      ? lagMs + TWO_CLOCKS_MS
      : Math.min(lagMs, isClose ? CALL_TIME_MS + 4 * latencyMs : Number.POSITIVE_INFINITY);
    const told = [...history.between(since - mistaken, ended), ...history.servedBetween(begun, ended)];
    if (!told.some((moment) => of(moment).includes(outcome))) return `${outcome}, which did not happen`;
  }
  const isStateDown = down?.path === "state" && down.from <= ended;
  if (troubled || (isStateDown && (goal === "idle" || lateMs > LATE_MS))) return undefined;
  if (outcome === "still_running" && !isStateDown && odd.length === 0) {
    // The last look is at the end, and may be one that was asked for a second before; what was so since then cannot be missed.
    const atTheEnd = history.between(Math.max(since, ended - 2 * latencyMs - 1_000) - lagMs, ended);
    // That it is not there any more needs a second look, unless an event tells of it in time.
    const isSure = (outcomes: string[]) => outcomes.some((one) => one !== "deleted");
    if (atTheEnd.length > 0 && atTheEnd.every((moment) => isSure(of(moment)))) {
      return `timed out, but ${of(atTheEnd[0] as Moment).join(" and ")} at the end`;
    }
  }
  const afterFirstLook = since + (dates ? 4 : 10) * latencyMs;
  // That idleness begins is told by its event, if that says that it is of after the call.
  const surelyAfterCall = tellsUpdates ? afterFirstLook : dates ? since + CALL_TIME_MS : Number.POSITIVE_INFINITY;
  const isLate = lateMs > LATE_MS;
  // A look is put off by what events tell, and by the slower of two clocks that seems to be of later.
  const slowLookMs = SLOW_LOOK_MS + (conditions.hasTwoClocks ? TWO_CLOCKS_MS : 0);
  const within = NOTICED_WITHIN_MS + (isLate ? slowLookMs : 0) + odd.length * 2 * SECOND_LOOK_MS;
  const canBeMissed = isLate || odd.length > 0 || down !== undefined;
  const noticedBy = ended - within;
  if (noticedBy < since) return undefined;
  const missed = history.between(since, noticedBy).find((moment, index, all) => {
    const from = Math.max(moment.from, since);
    const before = all[index - 1];
    const begins = of(moment).includes("reached") && before !== undefined && !of(before).includes("reached");
    if (goal === "idle" && begins && !canBeMissed && from > Math.max(afterFirstLook, surelyAfterCall)) return true;
    // A pause can be over unseen.
    return history.between(from, from + within).every((later) => {
      const outcomes = of(later);
      // Only events tell of it then.
      return isStateDown ? outcomes.some((one) => one !== "paused" && one !== "stopped") : outcomes.length > 0;
    });
  });
  return missed === undefined ? undefined : `${outcome}, but ${of(missed).join(" and ")} at ${missed.from} already`;
}

/** What a wait may report of a state. */
function outcomeAt(state: State | undefined, id: string, goal: Goal): string[] {
  if (state === undefined || state.id !== id) return ["deleted"];
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

/** A failed one has, as far as anybody knows, if a later one has completed. */
function hasEnded(search: State["searches"][number], { searches }: Pick<State, "searches">): boolean {
  if (search.status === "completed" || search.status === "canceled") return true;
  const later = searches.slice(searches.indexOf(search) + 1);
  return search.status === "failed" && later.some(({ status }) => status === "completed");
}

function goalOf({ until, searchId }: Waited, { searches }: State): Goal {
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
