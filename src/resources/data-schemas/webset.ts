import {
  ENRICHMENT_STATUSES,
  IMPORT_STATUSES,
  MONITOR_STATUSES,
  SEARCH_STATUSES,
  WEBSET_STATUSES,
} from "./statuses.ts";
import {
  enrichmentFormat,
  fields,
  listOf,
  metadata,
  oneOf,
  orNull,
  part,
  source,
  text,
  textOrNull,
  time,
} from "./words.ts";

const enrichment = fields(
  {
    id: text,
    object: { const: "webset_enrichment" },
    status: oneOf(...ENRICHMENT_STATUSES),
    websetId: text,
    title: textOrNull,
    description: text,
    format: { enum: [...enrichmentFormat.enum, null] },
    options: orNull(listOf(fields({ label: text }))),
    instructions: textOrNull,
    metadata,
    createdAt: time,
    updatedAt: time,
  },
  ["metadata"],
);

/** A Webset as it was at the moment of the event. */
export const websetSchema = fields(
  {
    id: text,
    object: { const: "webset" },
    status: oneOf(...WEBSET_STATUSES),
    externalId: textOrNull,
    title: textOrNull,
    searches: listOf(part("webset_search", SEARCH_STATUSES, "webset.search.updated")),
    imports: listOf(part("import", IMPORT_STATUSES, "import.completed")),
    enrichments: listOf(enrichment),
    monitors: listOf(part("monitor", MONITOR_STATUSES, "monitor.updated")),
    excludes: listOf(source),
    metadata,
    createdAt: time,
    updatedAt: time,
  },
  ["excludes", "metadata"],
);
