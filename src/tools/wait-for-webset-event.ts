import * as z from "zod/v4";
import { collectEvents } from "../feed/collect.ts";
import { encodeCursor } from "../feed/cursor.ts";
import { parsePatterns } from "../feed/filter.ts";
import { defineTool } from "./define.ts";
import { after, detail, isTime, positionOf, timeoutOf, timeoutSeconds, types, websetId } from "./params.ts";
import { resolveWebset } from "./resolve-webset.ts";
import { presentWithin, roomFor } from "./room.ts";
import * as shapes from "./shapes.ts";
import { noteOf, secondsOf, unknownWebset, warningOf } from "./wording.ts";

export const waitForWebsetEvent = defineTool({
  name: "wait_for_webset_event",
  title: "Wait for a Webset event",
  description:
    "Wait until matching events happen and return them, oldest first; running out of time is a normal result. Go on with the returned cursor as after: nothing is lost or repeated between calls. behind: true means that not everything there is was read yet: call again at once. To wait for a whole search to finish, use wait_for_webset.",
  idempotent: false,
  input: z.strictObject({
    types,
    websetId: websetId.optional().describe("Only this Webset's events: its id or your externalId."),
    after: after.describe(
      'Where to go on: the cursor of an earlier result, an ISO time with zone, or an age such as "10m". Default: now.',
    ),
    count: z.int().min(1).max(100).default(1).describe("Return as soon as so many events matched."),
    timeoutSeconds,
    detail: detail.default("summary"),
  }),
  output: z.object({
    outcome: z.enum(["matched", "timed_out"]),
    behind: z.literal(true).optional(),
    cursor: shapes.cursor,
    next: shapes.next,
    waitedSeconds: shapes.waitedSeconds,
    warning: shapes.warning,
    note: shapes.note,
    events: z.array(shapes.event),
  }),
  waits: (args, limits) => timeoutOf(args.timeoutSeconds, limits),
  pace: (args, { feed }) => feed.pace(parsePatterns(args.types)),
  async run(args, context) {
    const { feed, states, clock, signal, report, mayTakeLong, lookWithinMs } = context;
    const timeoutMs = timeoutOf(args.timeoutSeconds, context) * 1_000;
    const from = positionOf(args.after);
    const types = parsePatterns(args.types);
    const asked = args.websetId;
    report(`0 of ${args.count} events`);
    const collected = await collectEvents({
      feed,
      clock,
      types,
      websetId: asked === undefined ? undefined : (within) => resolveWebset(asked, states, within),
      from,
      resumes: args.after !== undefined && !isTime(args.after),
      count: args.count,
      fits: roomFor(args.detail),
      timeoutMs,
      signal,
      lookWithinMs,
      onLook: (found, { position, isCaughtUp }) => {
        report(`${found} of ${args.count} events`, () => encodeCursor(position));
        if (isCaughtUp) mayTakeLong();
      },
    });
    report(`${collected.events.length} of ${args.count} events`);
    const matched = collected.isFull;
    const { heldMs } = collected;
    const behind = !matched && (!collected.isCaughtUp || heldMs !== undefined);
    return {
      outcome: matched ? ("matched" as const) : ("timed_out" as const),
      ...(behind && { behind: true as const }),
      cursor: encodeCursor(collected.position),
      next: nextOf(matched, behind, heldMs),
      waitedSeconds: secondsOf(collected.waitedMs),
      ...(matched || asked === undefined || states.knows(asked) ? {} : unknownWebset(asked)),
      ...warningOf(collected.trouble),
      ...noteOf(collected),
      events: collected.events.map((event) => presentWithin(event, args.detail)),
    };
  },
});

function nextOf(matched: boolean, behind: boolean, heldMs: number | undefined): string {
  const same = "same filter, with this cursor as after";
  if (matched) return `For what comes after these, call wait_for_webset_event again, ${same}.`;
  if (heldMs !== undefined) {
    const seconds = Math.ceil(heldMs / 1_000);
    return `Call wait_for_webset_event again in ${seconds} s, ${same}: so many events came at once that the rest is held until then.`;
  }
  return behind
    ? `Call wait_for_webset_event again at once, ${same}: not everything there is was read yet.`
    : `Call wait_for_webset_event again, ${same}, for what comes later: all there was is read.`;
}
