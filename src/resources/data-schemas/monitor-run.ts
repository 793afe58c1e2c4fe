import { MONITOR_RUN_STATUSES } from "./statuses.ts";
import { fields, oneOf, text, textOrNull, time, timeOrNull } from "./words.ts";

/** A monitor run as it was at the moment of the event. It names its monitor, which names the Webset. */
export const monitorRunSchema = fields({
  id: text,
  object: { const: "monitor_run" },
  status: oneOf(...MONITOR_RUN_STATUSES),
  monitorId: text,
  type: oneOf("search", "refresh"),
  completedAt: timeOrNull,
  failedAt: timeOrNull,
  failedReason: textOrNull,
  canceledAt: timeOrNull,
  createdAt: time,
  updatedAt: time,
});
