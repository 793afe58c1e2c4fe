import { monitorRunSchema } from "./monitor-run.ts";
import { MONITOR_STATUSES } from "./statuses.ts";
import { entity, fields, listOf, metadata, number, oneOf, orNull, text, time, timeOrNull } from "./words.ts";

const cadence = fields({ cron: { ...text, description: "A cron expression with five fields" }, timezone: text }, [
  "timezone",
]);

const config = fields(
  {
    count: number,
    query: text,
    criteria: listOf(fields({ description: text })),
    entity,
    behavior: oneOf("override", "append"),
  },
  ["query", "criteria", "entity", "behavior"],
);

/** A monitor as it was at the moment of the event. */
export const monitorSchema = fields({
  id: text,
  object: { const: "monitor" },
  status: oneOf(...MONITOR_STATUSES),
  websetId: text,
  cadence,
  behavior: fields({ type: { const: "search" }, config }),
  lastRun: orNull(monitorRunSchema),
  nextRunAt: timeOrNull,
  metadata,
  createdAt: time,
  updatedAt: time,
});
