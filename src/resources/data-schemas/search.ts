import { SEARCH_STATUSES } from "./statuses.ts";
import {
  entity,
  fields,
  listOf,
  metadata,
  number,
  numberOrNull,
  oneOf,
  oneOfOrNull,
  orNull,
  source,
  text,
  time,
  timeOrNull,
} from "./words.ts";

const percent = { type: "number", minimum: 0, maximum: 100 };

const progress = fields({
  found: { ...number, description: "Items found so far" },
  analyzed: { ...number, description: "Results analyzed so far" },
  completion: { ...percent, description: "Percent" },
  timeLeft: { ...numberOrNull, description: "Seconds; null while unknown" },
});

const recall = fields({
  expected: fields({
    total: number,
    confidence: oneOf("high", "medium", "low"),
    bounds: fields({ min: number, max: number }),
  }),
  reasoning: text,
});

const relationship = fields({ definition: text, limit: number });
const scope = fields({ ...source.properties, relationship }, ["relationship"]);

/** A search as it was at the moment of the event. */
export const searchSchema = fields(
  {
    id: text,
    object: { const: "webset_search" },
    status: oneOf(...SEARCH_STATUSES),
    websetId: text,
    query: text,
    entity: orNull(entity),
    criteria: listOf(fields({ description: text, successRate: percent })),
    count: { type: "number", minimum: 1, description: "How many items it shall find" },
    behavior: oneOf("override", "append"),
    exclude: listOf(source),
    scope: listOf(scope),
    progress,
    recall: orNull(recall),
    metadata,
    canceledAt: timeOrNull,
    canceledReason: oneOfOrNull("webset_deleted", "webset_canceled"),
    createdAt: time,
    updatedAt: time,
  },
  ["behavior", "metadata"],
);
