import { idOf } from "../exa/schemas.ts";
import { type FeedEvent, isRecord } from "../feed/event.ts";
import type { Feed } from "../feed/feed.ts";
import { startTimeLimit } from "../shared/abort.ts";
import { resultBytes } from "../shared/bounded-json.ts";
import type { Clock } from "../shared/clock.ts";
import { abortError, isAbort, WebsetsError } from "../shared/errors.ts";
import { searchDuring } from "../webset/progress.ts";
import type { WebsetStates } from "../webset/states.ts";
import { LOOK_MS, MOST_LIST_BYTES, presentAlone, presentWithin } from "./results.ts";
import type { PresentedEvent } from "./summary.ts";

/** At most this many Websets, and this many monitors, are asked for to tell one result. */
const MOST_ASKED = 5;

export interface Telling {
  detail: "summary" | "full";
  /** Whether the caller asked for one Webset, which need not be told with each event then. */
  isOneWebset: boolean;
  /** What there is room for; without it what a result holds. */
  mostBytes?: number | undefined;
  /** Which of them stand for items that are ready. */
  isReady?: ((event: FeedEvent) => boolean) | undefined;
  feed: Pick<Feed, "websetOf">;
  states: Pick<WebsetStates, "look" | "titlesOf" | "knownTitles" | "noteName" | "nameOf">;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Events as tools give them, with what they do not say themselves: what enrichments are called, which Webset a monitor's run is
 * in, and what its search has found. What is not remembered is asked for, as far as that takes no longer than a moment; what
 * Websets are called is told only where it is known.
 */
export async function tellEvents(events: readonly FeedEvent[], telling: Telling): Promise<PresentedEvent[]> {
  const { detail, isOneWebset, isReady = () => false, mostBytes = MOST_LIST_BYTES, clock, signal } = telling;
  const limit = startTimeLimit(clock, LOOK_MS, signal);
  const within = { ...telling, signal: limit.signal };
  const [titles, { websets, found }] = await Promise.all([titlesOf(events, within), runsIn(events, within)]);
  limit.end();
  if (signal.aborted) throw abortError();
  // How many events there is room for was found out without what is known besides: that is told as far as there is room.
  const alone = events.map((event) => presentAlone(event, detail, { isOneWebset, isReady: isReady(event), mostBytes }));
  const names = isOneWebset ? new Map<string, string>() : namesOf(events, websets, telling);
  if (titles.size === 0 && websets.size === 0 && names.size === 0) return alone.map(({ told }) => told);
  let spare = mostBytes - alone.reduce((sum, { bytes }) => sum + bytes + 1, 0);
  return alone.map(({ told: least, bytes }, index) => {
    const event = events[index] as FeedEvent;
    const most = presentWithin(event, detail, {
      titles,
      websetId: websets.get(event.id),
      websetName: names.get(event.id),
      found: found.get(event.id),
      isOneWebset,
      isReady: isReady(event),
      mostBytes,
    });
    const more = resultBytes(most) - bytes;
    if (more > spare) return least;
    spare -= more;
    return most;
  });
}

/** What the enrichments in these events are called, by their ids. */
async function titlesOf(
  events: readonly FeedEvent[],
  { states, signal }: Telling,
): Promise<ReadonlyMap<string, string>> {
  const byWebset = new Map<string, Set<string>>();
  for (const { owner, data } of events) {
    if (owner.kind !== "webset") continue;
    for (const id of enrichmentIdsIn(data)) {
      byWebset.set(owner.websetId, (byWebset.get(owner.websetId) ?? new Set()).add(id));
    }
  }
  const asked = [...byWebset]
    .slice(0, MOST_ASKED)
    .map(([websetId, ids]) => inTime(states.titlesOf(websetId, ids, signal)));
  await Promise.all(asked);
  return states.knownTitles(new Set([...byWebset.values()].flatMap((ids) => [...ids])));
}

function enrichmentIdsIn(data: unknown): string[] {
  if (typeof data !== "object" || data === null || !("enrichments" in data)) return [];
  const { enrichments } = data;
  if (!Array.isArray(enrichments)) return [];
  return enrichments.flatMap((one: unknown) => {
    const id = typeof one === "object" && one !== null && "enrichmentId" in one ? idOf(one.enrichmentId) : undefined;
    return id ?? [];
  });
}

/** What the Websets of these events are called, by the events' ids, as far as it is known or one of them tells. */
function namesOf(
  events: readonly FeedEvent[],
  websets: ReadonlyMap<string, string>,
  { states }: Telling,
): ReadonlyMap<string, string> {
  for (const { owner, data } of events) {
    if (owner.kind !== "webset" || !isRecord(data) || data.id !== owner.websetId) continue;
    if (typeof data.title === "string") states.noteName({ id: owner.websetId, title: data.title });
  }
  return new Map(
    events.flatMap(({ id, owner }) => {
      const websetId = owner.kind === "webset" ? owner.websetId : websets.get(id);
      const name = websetId === undefined ? undefined : states.nameOf(websetId);
      return name === undefined ? [] : [[id, name] as const];
    }),
  );
}

/** Which Websets monitors' runs are in, and how many items the searches of those found that are completed, by the events' ids. */
async function runsIn(events: readonly FeedEvent[], telling: Telling) {
  const websets = await websetsOf(events, telling);
  const completed = events.filter(({ id, type }) => type === "monitor.run.completed" && websets.has(id));
  const asked = new Set(completed.map(({ id }) => websets.get(id) as string));
  const found = new Map<string, number>();
  await Promise.all(
    [...asked].map(async (websetId) => {
      const searches = (await inTime(telling.states.look(websetId, telling.signal)))?.value.searches ?? [];
      for (const { id, data } of completed) {
        if (websets.get(id) !== websetId || !isRecord(data) || typeof data.completedAt !== "string") continue;
        const begunAt = typeof data.createdAt === "string" ? data.createdAt : null;
        const count = searchDuring(searches, begunAt, data.completedAt)?.progress.found;
        if (typeof count === "number") found.set(id, count);
      }
    }),
  );
  return { websets, found };
}

/** Which Websets the monitors are of whose runs are among these events, by the events' ids. */
async function websetsOf(
  events: readonly FeedEvent[],
  { feed, signal }: Telling,
): Promise<ReadonlyMap<string, string>> {
  const runs = events.filter(({ owner }) => owner.kind === "monitor");
  const monitors = new Map(runs.map(({ owner }) => [owner.kind === "monitor" ? owner.monitorId : "", owner]));
  const asked = new Set([...monitors.keys()].slice(0, MOST_ASKED));
  const found = await Promise.all(
    runs
      .filter(({ owner }) => owner.kind === "monitor" && asked.has(owner.monitorId))
      .map(async (run) => [run.id, await inTime(feed.websetOf(run, signal))] as const),
  );
  return new Map(found.flatMap(([id, websetId]) => (websetId === undefined ? [] : [[id, websetId] as const])));
}

/** What a look-up finds; undefined where it fails or takes too long: a result is worth more than a name in it. */
async function inTime<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof WebsetsError || isAbort(error)) return undefined;
    throw error;
  }
}
