import * as z from "zod/v4";
import { encodeCursor } from "../feed/cursor.ts";
import { eventFilter } from "../feed/filter.ts";
import { defineTool } from "./define.ts";
import { deletionOf, resolveWebset } from "./resolve-webset.ts";
import { noteOf, nowOf, roomFor } from "./results.ts";
import * as shapes from "./schemas.ts";
import { after, detail, isTime, page, pageOf, positionOf, problems, timeOf, types, websetId } from "./schemas.ts";
import { tellEvents } from "./tell-events.ts";

export const listWebsetEvents = defineTool({
  name: "list_webset_events",
  title: "List Webset events",
  description:
    "List what has happened in Exa Websets (web searches that run for minutes), newest first: a Webset's history, or what went wrong (problems: true). To wait for what comes next, call wait_for_webset_event with the cursor this returns as after.",
  idempotent: true,
  input: z.strictObject({
    types,
    problems,
    websetId: websetId.optional().describe("Only this Webset's events: its id or your externalId."),
    after: after.describe('Only since then: a cursor, an ISO time with zone, or an age such as "10m".'),
    before: z.string().max(100).optional().describe("Only until then: a time or an age."),
    limit: z.int().min(1).max(200).default(20).describe("How many events at most."),
    page,
    detail: detail.default("summary"),
  }),
  output: z.object({
    now: shapes.now,
    cursor: shapes.cursor,
    nextPage: shapes.nextPage,
    note: shapes.note,
    events: z.array(shapes.event),
  }),
  async run(args, context) {
    const { feed, signal } = context;
    const bounds = {
      after: positionOf(args.after),
      resumes: args.after !== undefined && !isTime(args.after),
      before: timeOf("before", args.before),
    };
    const asked = args.websetId;
    const webset = asked === undefined ? undefined : await resolveWebset(asked, context, signal, { asks: true });
    const filter = { ...eventFilter(args), websetId: webset?.id };
    const { limit, detail } = args;
    const fits = roomFor(detail);
    const listed = await feed.list({ filter, ...bounds, limit, fits, page: pageOf(args.page), signal });
    return {
      ...nowOf(
        feed,
        listed.events.map(({ time }) => time),
      ),
      cursor: encodeCursor(listed.position),
      nextPage: listed.nextPage,
      ...noteOf(
        listed,
        asked !== undefined && webset !== undefined && deletionOf(asked, webset),
        !listed.complete && "The listing stopped before its end: go on with nextPage as page",
      ),
      events: await tellEvents(listed.events, { ...context, detail, isOneWebset: asked !== undefined }),
    };
  },
});
