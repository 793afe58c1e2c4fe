import * as z from "zod/v4";
import { type Collected, collectEvents, SURE_MS } from "../feed/collect.ts";
import { encodeCursor } from "../feed/cursor.ts";
import { eventFilter } from "../feed/filter.ts";
import { readyFilter } from "../webset/ready-chains.ts";
import { defineTool } from "./define.ts";
import { deletionOf, type FoundWebset, resolveWebset } from "./resolve-webset.ts";
import { noteOf, nowOf, roomFor, secondsOf, warningOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import {
  after,
  detail,
  isTime,
  positionOf,
  problems,
  shortened,
  timeoutOf,
  timeoutSeconds,
  types,
  websetId,
} from "./schemas.ts";
import { tellEvents } from "./tell-events.ts";

/** The arguments that say which events, in the words of `next`; longer ones are not repeated. */
const LONGEST_FILTER = 300;

const input = z.strictObject({
  types,
  problems,
  websetId: websetId.optional().describe("Only this Webset's events: its id or your externalId."),
  after: after.describe(
    'Where to go on: the cursor of an earlier result, an ISO time with zone, or an age such as "10m". Default: now.',
  ),
  atLeast: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe("Return once this many events have matched, with all there are. Higher: fewer calls."),
  limit: z.int().min(1).max(100).default(50).describe("At most this many events."),
  itemsReady: z
    .boolean()
    .optional()
    .describe(
      "true: one entry for each item once all its values are there, in place of events of items; without types also what ends or stops a Webset.",
    ),
  timeoutSeconds,
  detail: detail.default("summary"),
});

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
    const { feed, clock, signal, report, mayTakeLong, lookWithinMs } = context;
    const { atLeast } = args;
    const timeoutMs = timeoutOf(args.timeoutSeconds, context) * 1_000;
    const after = positionOf(args.after);
    const { filter, hands } = filterFor(args);
    const ready = args.itemsReady ? context.ready.begin(after, hands) : undefined;
    const asked = args.websetId;
    let meant = undefined as FoundWebset | undefined;
    report(`0 of ${atLeast} events`);
    const collected = await collectEvents({
      feed,
      clock,
      ...filter,
      websetId:
        asked === undefined
          ? undefined
          : async (within) => {
              meant = await resolveWebset(asked, context, within);
              return meant.id;
            },
      from: ready === undefined ? after : ready.from,
      sift:
        ready &&
        ((events, isCaughtUp, within) => ready.sift(events, { isCaughtUp, websetId: meant?.id, signal: within })),
      resumes: args.after !== undefined && !isTime(args.after),
      atLeast,
      limit: Math.max(atLeast, args.limit),
      fits: roomFor(args.detail),
      timeoutMs,
      signal,
      lookWithinMs,
      onLook: (found, { position, isCaughtUp }) => {
        report(`${found} of ${atLeast} events`, () => encodeCursor(ready?.mark(position) ?? position));
        if (isCaughtUp) mayTakeLong();
      },
    });
    const { events, lastError } = collected;
    const position = ready?.tell(events, collected.position) ?? collected.position;
    report(`${events.length} of ${atLeast} events`);
    const outcome = outcomeOf(collected);
    // What is held would not come with a call at once.
    const more = collected.more && !(outcome === "behind" && collected.heldMs !== undefined);
    return {
      outcome,
      ...nowOf(feed),
      cursor: encodeCursor(position),
      more,
      next:
        nextOf(outcome, more, { ...collected, isDeleted: meant?.deletedAt !== undefined }, args) +
        shortened(args.timeoutSeconds, context, collected.waitedMs),
      waitedSeconds: secondsOf(collected.waitedMs),
      ...warningOf(lastError),
      ...noteOf(collected, asked !== undefined && meant !== undefined && deletionOf(asked, meant), ready?.note),
      events: await tellEvents(events, {
        ...context,
        detail: args.detail,
        isOneWebset: asked !== undefined,
        isReady: ready && ((event) => ready.isReady(event)),
      }),
    };
  },
});

/** After one of these nothing is to be expected of a Webset. */
const ENDS: ReadonlySet<string> = new Set(["webset.idle", "webset.paused", "webset.deleted"]);
const SURE_SECONDS = SURE_MS / 1_000;

type Outcome = "events" | "behind" | "quiet";

function outcomeOf({ events, more }: Collected): Outcome {
  if (events.length > 0) return "events";
  return more ? "behind" : "quiet";
}

/** What to call next: the tool, with which parameters and values. */
function nextOf(
  outcome: Outcome,
  more: boolean,
  { heldMs = 0, waitedMs, events, isDeleted }: Collected & { isDeleted: boolean },
  args: Args,
): string {
  const again = `call wait_for_webset_event again${more ? " at once" : ""}, ${filterOf(args)}`;
  if (outcome === "events") {
    if (more) return `There is more: ${again}.`;
    const end = args.websetId === undefined ? undefined : events.find(({ type }) => ENDS.has(type));
    const atEnd =
      end && `; as this is after ${end.type}, with timeoutSeconds ${SURE_SECONDS}, and stop when that is quiet`;
    return `That is all that is visible now. For what comes after these, ${again}${atEnd ?? ""}.`;
  }
  if (outcome === "behind") {
    return more
      ? `Nothing yet, but not everything there is was read: ${again}.`
      : `So many events came at once that the rest is held for ${Math.ceil(heldMs / 1_000)} s: then ${again}.`;
  }
  if (isDeleted) {
    return `Nothing more comes of a deleted Webset. What had happened: list_webset_events with websetId ${JSON.stringify(args.websetId)}.`;
  }
  return waitedMs >= SURE_MS
    ? `Nothing new: stop here if the work had ended before this call. For what comes later, ${again}.`
    : `Nothing new. For what comes later, ${again}. To be sure at the end of a Webset, with timeoutSeconds ${SURE_SECONDS}: stop if that is quiet, too.`;
}

type Args = z.output<typeof input>;

/** What is read, and which of it that is no item's is handed out. */
function filterFor(args: Args) {
  return args.itemsReady ? readyFilter(args) : { filter: eventFilter(args), hands: () => true };
}

/** With which arguments reading goes on; `limit` and `timeoutSeconds` are of one call. */
function filterOf({ types, problems, websetId, itemsReady, atLeast, detail }: Args): string {
  const flags = { problems: problems || undefined, itemsReady: itemsReady || undefined };
  const others = { atLeast: atLeast > 1 ? atLeast : undefined, detail: detail === "full" ? detail : undefined };
  const named = Object.entries({ types, ...flags, websetId, ...others }).filter(([, value]) => value !== undefined);
  const filter = named.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
  const told = filter.length > LONGEST_FILTER ? "the same filter" : filter;
  return `with ${told === "" ? "" : `${told} and `}this cursor as after`;
}
