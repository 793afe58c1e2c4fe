import type { EnrichmentParameters, ExportParameters, SearchParameters, WebsetParameters } from "./bodies.ts";
import { guessFormat } from "./data/enrichment-results.ts";
import { guessEntity } from "./data/theme.ts";
import type { Webset, WebsetEnrichment, WebsetExport, WebsetSearch } from "./resources.ts";

/**
 * Resources as they are right after their creation, with what the API adds at once where the caller left it out. Titles,
 * instructions and criteria of its own making come later.
 */

/** The API's own default, from its OpenAPI file. */
const USUAL_COUNT = 10;

export interface Creation {
  id: string;
  /** ISO 8601. */
  now: string;
}

export function newWebset(parameters: WebsetParameters, { id, now }: Creation): Webset {
  const { title, externalId, exclude, metadata } = parameters;
  return {
    id,
    object: "webset",
    status: "idle",
    externalId: externalId ?? null,
    title: title ?? null,
    searches: [],
    imports: [],
    enrichments: [],
    monitors: [],
    excludes: exclude ?? [],
    dashboardUrl: `https://dashboard.example/websets/${id}`,
    metadata: metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
}

export function newSearch(websetId: string, parameters: SearchParameters, { id, now }: Creation): WebsetSearch {
  const { query, entity, criteria, count, maxPeoplePerCompany, behavior, exclude, scope } = parameters;
  return {
    id,
    object: "webset_search",
    status: "created",
    websetId,
    query,
    entity: entity ?? guessEntity(query),
    criteria: criteria?.map(({ description }) => ({ description, successRate: 0 })) ?? [],
    count: count ?? USUAL_COUNT,
    maxPeoplePerCompany: maxPeoplePerCompany ?? null,
    behavior: behavior ?? "override",
    exclude: exclude ?? [],
    scope: scope ?? [],
    progress: { found: 0, analyzed: 0, completion: 0, timeLeft: null },
    recall: null,
    // As recorded, also where the caller gave some.
    metadata: {},
    canceledAt: null,
    canceledReason: null,
    createdAt: now,
    updatedAt: now,
  };
}

export function newEnrichment(
  websetId: string,
  parameters: EnrichmentParameters,
  { id, now }: Creation,
): WebsetEnrichment {
  const { description, options, metadata } = parameters;
  const format = parameters.format ?? guessFormat(description, options !== undefined);
  return {
    id,
    object: "webset_enrichment",
    status: "pending",
    websetId,
    title: null,
    description,
    format,
    options: options ?? null,
    instructions: null,
    metadata: metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
}

export function newExport(websetId: string, { format }: ExportParameters, { id, now }: Creation): WebsetExport {
  return {
    id,
    object: "export",
    status: "pending",
    websetId,
    format,
    downloadUrl: null,
    createdAt: now,
    updatedAt: now,
  };
}
