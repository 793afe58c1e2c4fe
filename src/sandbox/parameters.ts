import type {
  EnrichmentFormat,
  Entity,
  Monitor,
  MonitorBehavior,
  MonitorCadence,
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
  /** Soft: how many people who work for one company are to be found. */
  maxPeoplePerCompany?: number;
  exclude?: SourceReference[];
  scope?: ScopeReference[];
  /** `override` without it, as the API has it. */
  behavior?: WebsetSearch["behavior"];
}

export interface EnrichmentParameters {
  description: string;
  format?: EnrichmentFormat;
  options?: { label: string }[];
  metadata?: Record<string, string>;
}

export interface WebsetParameters {
  /** Made from the query without it. */
  title?: string | null;
  search?: SearchParameters;
  /** Imports that are there already, or Websets whose items are imported. */
  import?: SourceReference[];
  enrichments?: EnrichmentParameters[];
  exclude?: SourceReference[];
  externalId?: string;
  metadata?: Record<string, string>;
}

export type EnrichmentUpdate = Partial<EnrichmentParameters>;

export interface ExportParameters {
  format: WebsetExport["format"];
}

export interface ImportParameters {
  format: "csv";
  /** Bytes of the file that is to be uploaded. */
  size: number;
  /** Records in it. */
  count: number;
  entity: Entity;
  title?: string;
  /** `identifier` is the column of each record's address, counted from 0. */
  csv?: { identifier?: number };
  metadata?: Record<string, string>;
}

export interface ImportUpdate {
  title?: string;
  metadata?: Record<string, string>;
}

export interface MonitorParameters {
  websetId: string;
  cadence: MonitorCadence;
  behavior: MonitorBehavior;
  metadata?: Record<string, string>;
}

export interface MonitorUpdate {
  status?: Monitor["status"];
  cadence?: MonitorCadence;
  behavior?: MonitorBehavior;
  metadata?: Record<string, string>;
}
