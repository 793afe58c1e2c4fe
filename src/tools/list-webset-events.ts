import * as z from "zod/v4";
import { encodeCursor } from "../feed/cursor.ts";
import { parseTypes } from "../feed/filter.ts";
import { WebsetsError } from "../shared/errors.ts";
import { defineTool } from "./define.ts";
import { detail, pageOf, timeOf, types, websetId } from "./params.ts";
import { resolveWebset } from "./resolve-webset.ts";
import { presentWithin, roomFor } from "./room.ts";
import * as shapes from "./shapes.ts";
import { noteOf } from "./wording.ts";

export const listWebsetEvents = defineTool({
  name: "list_webset_events",
  title: "List Webset events",
  description:
    "List what has happened in Exa Websets (web searches that run for minutes), newest first: to find a Webset's id, or to see its history. To wait for what comes next, call wait_for_webset_event with the cursor this returns as after.",
  idempotent: true,
  input: z.strictObject({
    types,
    websetId: websetId.optional().describe("Only this Webset's events: its id or your externalId."),
    createdAfter: z
      .string()
      .max(60)
      .optional()
      .describe("ISO 8601 with zone, such as 2026-11-01T12:00:00Z; inclusive."),
    createdBefore: z.string().max(60).optional().describe("Likewise, the latest time; inclusive."),
    limit: z.int().min(1).max(200).default(20).describe("At most so many events."),
    page: z.string().max(20_000).optional().describe("nextPage of an earlier listing, for older events."),
    detail: detail.default("summary"),
  }),
  output: z.object({
    cursor: shapes.cursor,
    nextPage: z.string().nullable(),
    scanned: z.number(),
    complete: z.boolean(),
    note: shapes.note,
    events: z.array(shapes.event),
  }),
  async run(args, { feed, states, signal }) {
    const createdAfter = timeOf("createdAfter", args.createdAfter);
    const createdBefore = timeOf("createdBefore", args.createdBefore);
    if (createdAfter !== undefined && createdBefore !== undefined && createdAfter > createdBefore) {
      throw new WebsetsError("invalid_request", {
        what: "createdAfter is later than createdBefore: no event can match",
      });
    }
    const filter = {
      types: parseTypes(args.types),
      websetId: args.websetId === undefined ? undefined : await resolveWebset(args.websetId, states, signal),
    };
    const { limit, detail } = args;
    const page = pageOf(args.page);
    const fits = roomFor(detail);
    const listed = await feed.list({ filter, createdAfter, createdBefore, limit, fits, page, signal });
    return {
      cursor: encodeCursor(listed.position),
      nextPage: listed.nextPage,
      scanned: listed.scanned,
      complete: listed.complete,
      ...noteOf(listed),
      events: listed.events.map((event) => presentWithin(event, detail)),
    };
  },
});
