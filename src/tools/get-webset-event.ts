import * as z from "zod/v4";
import { toFeedEvent } from "../feed/event.ts";
import { defineTool } from "./define.ts";
import { nowOf } from "./results.ts";
import * as shapes from "./schemas.ts";
import { detail } from "./schemas.ts";
import type { PresentedEvent } from "./summary.ts";
import { tellEvents } from "./tell-events.ts";

export const getWebsetEvent = defineTool({
  name: "get_webset_event",
  title: "Get a Webset event",
  description:
    "Read one event by its id, with the resource that triggered it (a Webset, search, item, export, import, monitor or monitor run). Take the id from a listing or a wait. Events are kept for 60 days.",
  idempotent: true,
  input: z.strictObject({
    eventId: z.string().min(1).max(300).describe("The id of an event, as other results give it."),
    detail: detail.default("full"),
  }),
  output: z.object({ now: shapes.now, event: shapes.event }),
  async run({ eventId, detail }, { exa, feed, states, clock, signal }) {
    const { value } = await exa.getEvent(eventId, { signal });
    const kept = toFeedEvent(value);
    const [event] = await tellEvents([kept], { detail, isOneWebset: false, feed, states, clock, signal });
    return { ...nowOf(feed, [kept.time]), event: event as PresentedEvent };
  },
});
