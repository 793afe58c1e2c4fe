import * as z from "zod/v4";
import { EVENT_TYPES } from "../exa/event-types.ts";
import { type Collected, collectEvents, SURE_MS } from "../feed/collect.ts";
import { encodeCursor } from "../feed/cursor.ts";
import type { FeedEvent } from "../feed/event.ts";
import { eventFilter } from "../feed/filter.ts";
import { LATE_MS, watermarkAt } from "../feed/position.ts";
import { linkAbort, startTimeLimit } from "../shared/abort.ts";
import { isoTime } from "../shared/clock.ts";
import { isAbort, isTransient, WebsetsError } from "../shared/errors.ts";
import { isIdle } from "../webset/decide.ts";
import { readyFilter } from "../webset/ready-filter.ts";
import { type CallContext, defineTool } from "./define.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "./hosts.ts";
import { deletionOf, type FoundWebset, resolveWebset } from "./resolve-webset.ts";
import { LOOK_MS, noteOf, nowOf, roomFor, secondsOf, warningOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import { after, detail, positionOf, problems, timeoutOf, timeoutSeconds, types, websetId } from "./schemas.ts";
import { tellEvents } from "./tell-events.ts";

const ALSO_ITEMS = "problems holds for events of other types: with itemsReady each item that is ready is told, too";

/** After one of these nothing is to be expected of a Webset, and what it then is. */
const ENDS: ReadonlyMap<string, Rest["is"]> = new Map(
  (["idle", "paused", "deleted"] as const).map((is) => [`webset.${is}`, is]),
);
const SURE_SECONDS = SURE_MS / 1_000;
/** The arguments that say which events, in the words of `next`; longer ones are not repeated. */
const LONGEST_FILTER = 300;
/** What happens to a Webset also when it is idle. */
const LATER_GROUPS: ReadonlySet<string> = new Set(["export", "import", "monitor", "monitor_run"]);
const RULE = `Once its Webset has ended (webset.idle, paused or deleted), with timeoutSeconds ${SURE_SECONDS}: if that is quiet, that was all.`;

const count = z.int().min(1).max(100);
const input = z.strictObject({
  types,
  problems,
  websetId: websetId.optional().describe("Only this Webset's events: its id or your externalId."),
  after: after.describe(
    'Where to go on: the cursor of an earlier result, an ISO time with zone, or an age such as "10m". Default: now.',
  ),
  atLeast: count
    .default(1)
    .describe("Return once this many events have matched, with all there are. Higher: fewer calls."),
  limit: count.default(50).describe("At most this many events."),
  itemsReady: z
    .boolean()
    .optional()
    .describe(
      "true: one entry for each item once all its values are there, in place of events of items; without types also what ends or stops a Webset.",
    ),
  timeoutSeconds,
  detail: detail.default("summary"),
});

type Args = z.output<typeof input>;

export const waitForWebsetEvent = defineTool({
  name: "wait_for_webset_event",
  title: "Wait for a Webset event",
  description:
    'Wait until matching events happen and return all there are, oldest first. Go on with the returned cursor as after: nothing is lost or repeated between calls. While more is true, call again at once; outcome "quiet" means that everything visible is read. To wait for a whole search to finish, use wait_for_webset.',
  idempotent: false,
  input,
  output: z.object({
    outcome: z.enum(["events", "behind", "quiet"]),
    now: shapes.now,
    cursor: shapes.cursor,
    more: z.boolean(),
    next: z.string(),
    waitedSeconds: shapes.waitedSeconds,
    warning: shapes.warning,
    note: shapes.note,
    events: z.array(shapes.event),
  }),
  waits: (args, limits) => timeoutOf(args.timeoutSeconds, limits),
  pace: (args, { feed }) => feed.pace(filterFor(args).filter.types),
  async run(args, context) {
    const {
      feed,
      clock,
      signal,
      closing,
      report,
      mayTakeLong,
      lookWithinMs,
      onTransientError,
      takesAll = false,
    } = context;
    const { atLeast } = args;
    const timeoutMs = timeoutOf(args.timeoutSeconds, context) * 1_000;
    const after = positionOf(args.after);
    const { filter, hands } = filterFor(args);
    const ready = args.itemsReady ? context.ready.begin(after, hands) : undefined;
    const asked = args.websetId;
    let meant = undefined as FoundWebset | undefined;
    let unknown = undefined as WebsetsError | undefined;
    const resumes = args.after !== undefined && !shapes.isTime(args.after);
    const looking = linkAbort(signal);
    let before: Promise<Rest["is"] | undefined> | undefined;
    const restOf = async ({ id, deletedAt }: FoundWebset, waitedMs: number): Promise<Rest | undefined> => {
      if (deletedAt !== undefined) {
        // The last events of one that was deleted just now may still become visible.
        const readAt = (feed.upstreamClock.reached() ?? 0) - waitedMs;
        return { is: "deleted", wasBefore: Date.parse(deletedAt) < watermarkAt(readAt) };
      }
      const first = waitedMs < SURE_MS ? undefined : await before;
      if (first === undefined || first === "running") return first && { is: first, wasBefore: true };
      // A search that was started just before may have been missing in the state.
      const withinMs = Math.max(0, Math.min(LOOK_MS, timeoutMs + LOOK_MS - waitedMs));
      const is = await wordOf(id, context, { withinMs, signal });
      return is && { is, wasBefore: is === first };
    };
    report(`0 of ${atLeast} events`);
    ready?.start(looking.signal);
    const collected = await collectEvents({
      feed,
      clock,
      ...filter,
      websetId:
        asked === undefined
          ? undefined
          : async (within) => {
              const onUnknown = (error: WebsetsError) => {
                unknown = error;
              };
              meant = await resolveWebset(asked, context, within, { isGoingOn: resumes, onUnknown }).catch(
                (error: unknown) => {
                  if (isTransient(error)) unknown = undefined;
                  throw error;
                },
              );
              // After a shorter wait nobody may stop, whatever the state is.
              if (timeoutMs >= SURE_MS && !takesAll) {
                before ??= wordOf(meant.id, context, { withinMs: LATE_MS, signal: looking.signal });
                // It is asked for only where the wait was quiet.
                before.catch(() => {});
              }
              return meant.id;
            },
      from: ready === undefined ? after : ready.from,
      sift:
        ready &&
        ((events, isCaughtUp, within) => ready.sift(events, { isCaughtUp, websetId: meant?.id, signal: within })),
      resumes,
      atLeast,
      ends: asked === undefined ? undefined : endsWebset,
      ...(takesAll
        ? { endsEarly: true, limit: Number.POSITIVE_INFINITY }
        : { limit: Math.max(atLeast, args.limit), fits: roomFor(args.detail) }),
      timeoutMs,
      firstReadingMs: context.firstReadingMs,
      signal,
      closing,
      lookWithinMs,
      onTransientError,
      onLook: (found, { position, isCaughtUp }) => {
        report(`${found} of ${atLeast} events`, () => encodeCursor(ready?.mark(position) ?? position));
        if (isCaughtUp) mayTakeLong();
      },
    })
      .catch((error: unknown) => {
        // Where there is no time to ask twice, that it is not known says more than that nothing was found; but whoever goes on may have
        // events of it to hear.
        const isNone = meant === undefined && !resumes && isTransient(error);
        throw isNone && unknown !== undefined ? unknown : error;
      })
      .finally(() => looking.abort());
    const { events, lastError } = collected;
    const position = ready?.tell(events, collected.position) ?? collected.position;
    report(`${events.length} of ${atLeast} events`);
    const outcome = outcomeOf(collected);
    // What is held would not come with a call at once.
    const more = collected.more && !(outcome === "behind" && collected.heldMs !== undefined);
    const isShort =
      collected.waitedMs >= timeoutMs && timeoutMs < Math.min(DEFAULT_TIMEOUT_SECONDS, context.maxWaitSeconds) * 1_000;
    const rest = outcome === "quiet" && meant && !takesAll ? await restOf(meant, collected.waitedMs) : undefined;
    return {
      outcome,
      ...nowOf(
        feed,
        events.map(({ time }) => time),
      ),
      cursor: encodeCursor(position),
      more,
      next:
        nextOfEvents({ ...collected, outcome, more, rest, isShort, now: feed.upstreamClock.told }, args) +
        shapes.shortened(args.timeoutSeconds, context, collected.waitedMs),
      waitedSeconds: secondsOf(collected.waitedMs),
      ...warningOf(lastError),
      ...noteOf(
        collected,
        asked !== undefined && meant !== undefined && deletionOf(asked, meant),
        ready?.note,
        args.itemsReady && args.problems && ALSO_ITEMS,
      ),
      events: await tellEvents(events, {
        ...context,
        detail: args.detail,
        isOneWebset: asked !== undefined && !takesAll,
        mostBytes: takesAll ? Number.POSITIVE_INFINITY : undefined,
        isReady: ready && ((event) => ready.isReady(event)),
      }),
    };
  },
});

type Outcome = "events" | "behind" | "quiet";

function outcomeOf({ events, more }: Collected): Outcome {
  if (events.length > 0) return "events";
  return more ? "behind" : "quiet";
}

/** How a Webset is, in a word; undefined where that is not known within this time, in milliseconds. */
async function wordOf(
  websetId: string,
  { states, clock }: Pick<CallContext, "states" | "clock">,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<Rest["is"] | undefined> {
  const limit = startTimeLimit(clock, withinMs, signal);
  try {
    const { value } = await states.lookInTurn(websetId, limit.signal);
    return isIdle(value) ? "idle" : value.status === "paused" ? "paused" : "running";
  } catch (error) {
    if (error instanceof WebsetsError || isAbort(error)) return undefined;
    throw error;
  } finally {
    limit.end();
  }
}

/** What is read, and which of it that is no item's is handed out. */
function filterFor(args: Args) {
  return args.itemsReady ? readyFilter(args) : { filter: eventFilter(args), hands: () => true };
}

/** What is known of the Webset asked for. */
interface Rest {
  is: "idle" | "paused" | "deleted" | "running";
  /** Whether it was so when the call began. */
  wasBefore: boolean;
}

interface EventsWaited extends Pick<Collected, "heldMs" | "waitedMs" | "events" | "more"> {
  outcome: Outcome;
  /** Whether its time was up, and a longer one can be asked for. */
  isShort: boolean;
  /** The upstream's time, in milliseconds since 1970. */
  now: number;
  /** Undefined where nothing is known of it, or no Webset was asked for. */
  rest: Rest | undefined;
}

/** Whether an event ends or stops its Webset. */
function endsWebset({ type }: Pick<FeedEvent, "type">): boolean {
  return ENDS.has(type);
}

/** Which of the events asked for come of a Webset also when it is idle: of an export, an import or a monitor. */
function comingLater({ types = [], itemsReady }: Args): "all" | "some" | "none" {
  if (types.length === 0) return itemsReady ? "none" : "some";
  const asked = EVENT_TYPES.filter(({ type }) =>
    types.some((text) => (text.endsWith("*") ? type.startsWith(text.slice(0, -1)) : type === text)),
  );
  const later = asked.filter(({ group }) => LATER_GROUPS.has(group));
  if (later.length === 0) return "none";
  return later.length === asked.length && !itemsReady ? "all" : "some";
}

/** What to call after a wait for events: the tool, with which parameters and values, and when to stop. */
function nextOfEvents(waited: EventsWaited, asked: Args): string {
  const { outcome, more, heldMs = 0, events, isShort } = waited;
  const again = `call wait_for_webset_event again${more ? " at once" : ""}, ${filterOf(asked)}`;
  if (outcome === "quiet") return nextOfQuiet(waited, asked, again);
  if (outcome === "behind") {
    return more
      ? `Nothing yet, but not everything there is was read: ${again}${isShort ? `; more is read in one call with a longer timeoutSeconds, such as ${DEFAULT_TIMEOUT_SECONDS}` : ""}.`
      : `So many events came at once that the rest is held for ${Math.ceil(heldMs / 1_000)} s: then ${again}.`;
  }
  if (more) return `There is more: ${again}.`;
  const { atLeast, itemsReady, websetId } = asked;
  const count = events.length < atLeast ? `${events.length} of the ${atLeast} asked for. ` : "";
  const end = endIn(events);
  if (end !== undefined) {
    const { owner, type } = end;
    const which = websetId === undefined && owner.kind === "webset" ? ` ${JSON.stringify(owner.websetId)}` : "";
    return `${count}The Webset${which} is ${ENDS.get(type)}: ${again}, with timeoutSeconds ${SURE_SECONDS} or more; if that is quiet, that was all.`;
  }
  const fewer = itemsReady && atLeast === 1 ? " With atLeast 50 it takes fewer calls." : "";
  return `${count}That is all that is visible now. For what comes after these, ${again}.${fewer}`;
}

/** The event after which the Webset of the last of these is at rest; undefined where it has begun anew since. */
function endIn(events: readonly FeedEvent[]): FeedEvent | undefined {
  const index = events.findLastIndex(endsWebset);
  const begunAnew = events.slice(index + 1).some(({ type }) => type === "webset.search.created");
  return begunAnew ? undefined : events[index];
}

function nextOfQuiet({ waitedMs, now, rest }: EventsWaited, asked: Args, again: string): string {
  const { websetId, after } = asked;
  if (rest?.is === "deleted" && rest.wasBefore) {
    return `Nothing more comes of a deleted Webset. What had happened: list_webset_events with websetId ${JSON.stringify(websetId)}.`;
  }
  const nothing =
    after === undefined
      ? `Nothing since ${isoTime(now - waitedMs)}, when this call began. If it may have happened before: ${earlierOf(asked)}.`
      : "Nothing new.";
  const later = comingLater(asked);
  if (later === "all") return `${nothing} Not yet: ${again}.`;
  if (rest !== undefined && rest.is !== "running") {
    const besides = later === "some" ? " but for exports, imports and monitors" : "";
    const all = `that was all${besides}${rest.is === "paused" ? " until somebody resumes it" : ""}`;
    return rest.wasBefore && waitedMs >= SURE_MS
      ? `${nothing} The Webset was ${rest.is} before this call: stop here, ${all}. For what comes later, ${again}.`
      : `${nothing} The Webset is ${rest.is}: ${again}, with timeoutSeconds ${SURE_SECONDS} or more; if that is quiet, ${all}.`;
  }
  if (rest === undefined && waitedMs >= SURE_MS) {
    return `${nothing} Not yet: ${again}. Only stop here if the work had ended before this call (webset.idle, paused or deleted).`;
  }
  return `${nothing} Not yet: ${again}. ${RULE}`;
}

/** The call that tells what happened before. */
function earlierOf({ types, problems, websetId, itemsReady }: Args): string {
  if (itemsReady && websetId !== undefined) return `list_webset_items with websetId ${JSON.stringify(websetId)}`;
  const named = namedOf({ types, problems: problems || undefined, websetId });
  return `list_webset_events${named === "" ? "" : ` with ${named}`}`;
}

/** With which arguments reading goes on; `limit` and `timeoutSeconds` are of one call. */
function filterOf({ types, problems, websetId, itemsReady, atLeast, detail }: Args): string {
  const flags = { problems: problems || undefined, itemsReady: itemsReady || undefined };
  const others = { atLeast: atLeast > 1 ? atLeast : undefined, detail: detail === "full" ? detail : undefined };
  const told = namedOf({ types, ...flags, websetId, ...others });
  return `with ${told === "" ? "" : `${told} and `}this cursor as after`;
}

function namedOf(args: Record<string, unknown>): string {
  const named = Object.entries(args).filter(([, value]) => value !== undefined);
  const told = named.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
  return told.length > LONGEST_FILTER ? "the same filter" : told;
}
