import * as z from "zod/v4";
import { encodeCursor } from "../feed/cursor.ts";
import { lookAtWebset } from "../webset/observe.ts";
import { defineTool } from "./define.ts";
import { nowOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import { websetId } from "./schemas.ts";

export const getWebsetProgress = defineTool({
  name: "get_webset_progress",
  title: "Get a Webset's progress",
  description:
    "Read how far a Webset is right now, without waiting: its status, each search with items found and seconds left, enrichments, imports and monitors. The cursor continues from this moment in wait_for_webset_event.",
  idempotent: true,
  input: z.strictObject({ websetId: websetId.describe("The Webset's id or your externalId.") }),
  output: z.object({ now: shapes.now, cursor: shapes.cursor, progress: shapes.progress }),
  async run({ websetId }, { states, feed, signal }) {
    const { progress, position } = await lookAtWebset(websetId, { states, feed, signal });
    return { ...nowOf(feed), cursor: encodeCursor(position), progress };
  },
});
