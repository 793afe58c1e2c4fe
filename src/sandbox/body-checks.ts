import { type Check, fields, listOf, nullOr, oneOf, recordOf, text, truth, wholeNumber } from "./checks.ts";
import type { EnrichmentParameters, EnrichmentUpdate, SearchParameters, WebsetParameters } from "./parameters.ts";
import { ENRICHMENT_FORMATS, type Entity, EXPORT_FORMATS } from "./resources.ts";

/** The request bodies with the limits of Exa's OpenAPI file. */

/** The file names no maximum; the sandbox has to invent every item. */
export const MOST_ITEMS = 10_000;

export const metadata = recordOf(text({ max: 1_000 }));
const source = oneOf(["import", "webset"] as const);
const sources = listOf(fields({ source, id: text({ min: 1 }) }, {}));
const scope = listOf(
  fields(
    { source, id: text({ min: 1 }) },
    { relationship: fields({ definition: text(), limit: wholeNumber(1, 10) }, {}) },
  ),
);
const criteria = listOf(fields({ description: text({ min: 1, max: 1_000 }) }, {}), { min: 1, max: 5 });

export const entity: Check<Entity> = (value, at) => {
  const { type } = fields({ type: oneOf(["company", "person", "article", "research_paper", "custom"] as const) }, {})(
    value,
    at,
  );
  return type === "custom" ? { type, ...fields({ description: text({ min: 2, max: 200 }) }, {})(value, at) } : { type };
};

const searchParts = {
  entity,
  criteria,
  recall: truth,
  exclude: sources,
  scope,
  maxPeoplePerCompany: wholeNumber(1, Number.MAX_SAFE_INTEGER),
};
const query = text({ min: 1, max: 5_000 });
const count = wholeNumber(1, MOST_ITEMS);

export const searchBody: Check<SearchParameters> = fields(
  { query, count },
  { ...searchParts, behavior: oneOf(["override", "append"] as const), metadata },
);

const description = text({ min: 1, max: 5_000 });
const enrichmentParts = {
  format: oneOf(ENRICHMENT_FORMATS),
  options: listOf(fields({ label: text() }, {}), { min: 1, max: 150 }),
  metadata,
};

export const enrichmentBody: Check<EnrichmentParameters> = fields({ description }, enrichmentParts);

export const enrichmentUpdateBody: Check<EnrichmentUpdate> = fields({}, { description, ...enrichmentParts });

export const websetBody: Check<WebsetParameters> = fields(
  {},
  {
    title: nullOr(text({ min: 1 })),
    search: fields({ query }, { count, ...searchParts }),
    enrichments: listOf(enrichmentBody),
    exclude: sources,
    externalId: text({ min: 1, max: 300 }),
    metadata,
    import: sources,
  },
);

export const websetUpdateBody = fields({}, { metadata: nullOr(metadata) });

export const exportBody = fields({ format: oneOf(EXPORT_FORMATS) }, {});
