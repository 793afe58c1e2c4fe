import * as z from "zod/v4";
import { ApiError } from "./api-error.ts";
import { isTimezone, parseCron } from "./cadence.ts";

import { ENRICHMENT_FORMATS, EXPORT_FORMATS, IMPORT_FAILURES, RUN_OUTCOMES } from "./resources.ts";

/** The request bodies with the limits of Exa's OpenAPI file. Other fields are left out, for the API is not known to refuse them. */

/** The file names no maximum; the sandbox has to invent every item. */
const MOST_ITEMS = 10_000;
const MOST_IMPORT_BYTES = 50_000_000;
const USUAL_TIMEZONE = "Etc/UTC";

const id = z.string().min(1);
const metadata = z.record(z.string(), z.string().max(1_000));
const sources = z.array(z.object({ source: z.enum(["import", "webset"]), id }));
const searchBehavior = z.enum(["override", "append"]);
const entity = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["company", "person", "article", "research_paper"]) }),
  z.object({ type: z.literal("custom"), description: z.string().min(2).max(200) }),
]);

export type SearchParameters = z.output<typeof newSearch>;
/** The search that comes with a Webset; 10 items without a count. */
const newSearch = z.object({
  query: z.string().min(1).max(5_000),
  count: z.int().min(1).max(MOST_ITEMS).exactOptional(),
  entity: entity.exactOptional(),
  criteria: z
    .array(z.object({ description: z.string().min(1).max(1_000) }))
    .min(1)
    .max(5)
    .exactOptional(),
  recall: z.boolean().exactOptional(),
  exclude: sources.exactOptional(),
  scope: z
    .array(
      z.object({
        source: z.enum(["import", "webset"]),
        id,
        relationship: z.object({ definition: z.string(), limit: z.int().min(1).max(10) }).exactOptional(),
      }),
    )
    .exactOptional(),
  /** Soft: how many people who work for one company are to be found. */
  maxPeoplePerCompany: z.int().min(1).exactOptional(),
  /** `override` without it, as the API has it. */
  behavior: searchBehavior.exactOptional(),
});

export const searchBody = newSearch.extend({
  count: z.int().min(1).max(MOST_ITEMS),
  metadata: metadata.exactOptional(),
});

export type EnrichmentParameters = z.output<typeof enrichmentBody>;
export const enrichmentBody = z.object({
  description: z.string().min(1).max(5_000),
  format: z.enum(ENRICHMENT_FORMATS).exactOptional(),
  options: z
    .array(z.object({ label: z.string() }))
    .min(1)
    .max(150)
    .exactOptional(),
  metadata: metadata.exactOptional(),
});

export type EnrichmentUpdate = z.output<typeof enrichmentUpdateBody>;
export const enrichmentUpdateBody = enrichmentBody.extend({
  description: enrichmentBody.shape.description.exactOptional(),
});

export type WebsetParameters = z.output<typeof websetBody>;
export const websetBody = z.object({
  /** Made from the query without it. */
  title: z.string().min(1).nullable().exactOptional(),
  search: newSearch.omit({ behavior: true }).exactOptional(),
  enrichments: z.array(enrichmentBody).exactOptional(),
  exclude: sources.exactOptional(),
  externalId: z.string().min(1).max(300).exactOptional(),
  metadata: metadata.exactOptional(),
  /** Imports that are there already, or Websets whose items are imported. */
  import: sources.exactOptional(),
});

export const websetUpdateBody = z.object({ metadata: metadata.nullable().exactOptional() });

export type ExportParameters = z.output<typeof exportBody>;
export const exportBody = z.object({ format: z.enum(EXPORT_FORMATS) });

export type ImportParameters = z.output<typeof importBody>;
export const importBody = z.object({
  format: z.literal("csv"),
  /** Bytes of the file that is to be uploaded. */
  size: z.int().min(0).max(MOST_IMPORT_BYTES),
  /** Records in it: more than bytes there cannot be. */
  count: z.int().min(0).max(MOST_IMPORT_BYTES),
  entity,
  title: z.string().exactOptional(),
  /** `identifier` is the column of each record's address, counted from 0. */
  csv: z.object({ identifier: z.int().min(0).exactOptional() }).exactOptional(),
  metadata: metadata.exactOptional(),
});

export type ImportUpdate = z.output<typeof importUpdateBody>;
export const importUpdateBody = z.object({ title: z.string().exactOptional(), metadata: metadata.exactOptional() });

/** Of the sandbox's own way to let an import fail. */
export const importFailureBody = z.object({ reason: z.enum(IMPORT_FAILURES) });

const cadence = z.object({
  cron: z.string().superRefine((cron, { addIssue }) => {
    try {
      parseCron(cron);
    } catch (error) {
      addIssue({ code: "custom", message: error instanceof RangeError ? error.message : "is invalid" });
    }
  }),
  timezone: z.string().default(USUAL_TIMEZONE).refine(isTimezone, "must be the name of an IANA time zone"),
});

const behavior = z.object({
  type: z.literal("search"),
  config: z.object({
    count: z.int().min(1).max(MOST_ITEMS),
    query: z.string().min(2).max(10_000).exactOptional(),
    criteria: z
      .array(z.object({ description: z.string().min(2).max(1_000) }))
      .max(5)
      .exactOptional(),
    entity: entity.exactOptional(),
    behavior: searchBehavior.default("append"),
  }),
});

export type MonitorParameters = z.output<typeof monitorBody>;
export const monitorBody = z.object({ websetId: id, cadence, behavior, metadata: metadata.exactOptional() });

export type MonitorUpdate = z.output<typeof monitorUpdateBody>;
export const monitorUpdateBody = z.object({
  status: z.enum(["enabled", "disabled"]).exactOptional(),
  cadence: cadence.exactOptional(),
  behavior: behavior.exactOptional(),
  metadata: metadata.exactOptional(),
});

/** Of the sandbox's own trigger. */
export const triggerBody = z.object({ outcome: z.enum(RUN_OUTCOMES).exactOptional() });

/** A request body as its schema has it; `ApiError` 422 that names the first place where it is wrong. */
export function read<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data as z.output<S>;
  const [issue] = error.issues;
  throw new ApiError(422, `${issue?.path.join(".") || "body"}: ${issue?.message}`);
}
