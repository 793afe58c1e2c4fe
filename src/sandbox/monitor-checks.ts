import { entity, MOST_ITEMS, metadata } from "./body-checks.ts";
import { type Check, fields, listOf, oneOf, text, wholeNumber, wrong } from "./checks.ts";
import { parseCron } from "./cron.ts";
import { RUN_OUTCOMES } from "./monitor-runs.ts";
import { nextRun } from "./next-run.ts";
import type { MonitorParameters, MonitorUpdate } from "./parameters.ts";
import type { MonitorBehavior, MonitorCadence } from "./resources.ts";

/** The request bodies of monitors, with the limits of Exa's OpenAPI file. */

const USUAL_TIMEZONE = "Etc/UTC";

const cadence: Check<MonitorCadence> = (value, at) => {
  const { cron, timezone = USUAL_TIMEZONE } = fields({ cron: text() }, { timezone: text() })(value, at);
  try {
    nextRun(parseCron("0 0 * * *"), timezone, 0);
  } catch {
    wrong(`${at}.timezone`, "must be the name of an IANA time zone");
  }
  try {
    parseCron(cron);
  } catch (error) {
    wrong(`${at}.cron`, error instanceof RangeError ? error.message : "is invalid");
  }
  return { cron, timezone };
};

const config = fields(
  { count: wholeNumber(1, MOST_ITEMS) },
  {
    query: text({ min: 2, max: 10_000 }),
    criteria: listOf(fields({ description: text({ min: 2, max: 1_000 }) }, {}), { max: 5 }),
    entity,
    behavior: oneOf(["override", "append"] as const),
  },
);

const behavior: Check<MonitorBehavior> = (value, at) => {
  const checked = fields({ type: oneOf(["search"] as const), config }, {})(value, at);
  return { type: checked.type, config: { behavior: "append", ...checked.config } };
};

export const monitorBody: Check<MonitorParameters> = fields(
  { websetId: text({ min: 1 }), cadence, behavior },
  { metadata },
);

export const monitorUpdateBody: Check<MonitorUpdate> = fields(
  {},
  { status: oneOf(["enabled", "disabled"] as const), cadence, behavior, metadata },
);

/** Of the sandbox's own trigger. */
export const triggerBody = fields({}, { outcome: oneOf(RUN_OUTCOMES) });
