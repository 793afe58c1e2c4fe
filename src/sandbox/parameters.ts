import type {
  EnrichmentFormat,
  Entity,
  ScopeReference,
  SourceReference,
  WebsetExport,
  WebsetSearch,
} from "./resources.ts";

/** What the create calls take, as Exa's OpenAPI file has them. */

export interface SearchParameters {
  query: string;
  /** How many items to find; 10 without it. */
  count?: number;
  entity?: Entity;
  criteria?: { description: string }[];
  recall?: boolean;
  exclude?: SourceReference[];
  scope?: ScopeReference[];
  /** `override` without it, as the API has it. */
  behavior?: WebsetSearch["behavior"];
  metadata?: Record<string, string>;
}

export interface EnrichmentParameters {
  description: string;
  format?: EnrichmentFormat;
  options?: { label: string }[];
  metadata?: Record<string, string>;
}

export interface WebsetParameters {
  /** Made from the query without it. The API takes no title; scenarios and tests do. */
  title?: string;
  search?: SearchParameters;
  enrichments?: EnrichmentParameters[];
  exclude?: SourceReference[];
  externalId?: string;
  metadata?: Record<string, string>;
}

export interface ExportParameters {
  format: WebsetExport["format"];
}
