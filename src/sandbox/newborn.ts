import { guessFormat } from "./data/enrichment-results.ts";
import { guessCriteria, guessEntity, guessTitle } from "./data/query-analysis.ts";
import type { EnrichmentParameters, ExportParameters, SearchParameters, WebsetParameters } from "./parameters.ts";
import type { Webset, WebsetEnrichment, WebsetExport, WebsetSearch } from "./resources.ts";

/** Resources as they are right after their creation, with what the API adds by itself where the caller left it out. */

/** The API's own default, from its OpenAPI file. */
const USUAL_COUNT = 10;

export interface Birth {
  id: string;
  /** ISO 8601. */
  now: string;
}

export function newWebset(parameters: WebsetParameters, { id, now }: Birth): Webset {
  const { title, search, externalId, exclude, metadata } = parameters;
  return {
    id,
    object: "webset",
    status: "idle",
    externalId: externalId ?? null,
    title: title ?? (search === undefined ? null : guessTitle(search.query)),
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

export function newSearch(websetId: string, parameters: SearchParameters, { id, now }: Birth): WebsetSearch {
  const { query, entity, criteria, count, maxPeoplePerCompany, behavior, exclude, scope, metadata } = parameters;
  const descriptions = criteria?.map(({ description }) => description) ?? guessCriteria(query);
  return {
    id,
    object: "webset_search",
    status: "created",
    websetId,
    query,
    entity: entity ?? guessEntity(query),
    criteria: descriptions.map((description) => ({ description, successRate: 0 })),
    count: count ?? USUAL_COUNT,
    maxPeoplePerCompany: maxPeoplePerCompany ?? null,
    behavior: behavior ?? "override",
    exclude: exclude ?? [],
    scope: scope ?? [],
    progress: { found: 0, analyzed: 0, completion: 0, timeLeft: null },
    recall: null,
    metadata: metadata ?? {},
    canceledAt: null,
    canceledReason: null,
    createdAt: now,
    updatedAt: now,
  };
}

export function newEnrichment(
  websetId: string,
  parameters: EnrichmentParameters,
  { id, now }: Birth,
): WebsetEnrichment {
  const { description, options, metadata } = parameters;
  const format = parameters.format ?? guessFormat(description, options !== undefined);
  return {
    id,
    object: "webset_enrichment",
    status: "pending",
    websetId,
    title: guessTitle(description),
    description,
    format,
    options: options ?? null,
    instructions: `Find the following for the item, from public sources, and answer in the format ${format}: ${description}`,
    metadata: metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
}

export function newExport(websetId: string, { format }: ExportParameters, { id, now }: Birth): WebsetExport {
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
