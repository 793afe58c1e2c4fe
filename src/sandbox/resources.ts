/**
 * The resources as Exa's OpenAPI file has them, written down once more on purpose: the sandbox must be able to disagree
 * with what the rest of the project believes about the API. Times are ISO 8601 in UTC with milliseconds.
 */

export type Entity =
  | { type: "company" | "person" | "article" | "research_paper" }
  | { type: "custom"; description: string };

export interface SourceReference {
  source: "import" | "webset";
  id: string;
}

export interface ScopeReference extends SourceReference {
  relationship?: { definition: string; limit: number };
}

export interface Webset {
  id: string;
  object: "webset";
  status: "idle" | "pending" | "running" | "paused";
  externalId: string | null;
  title: string | null;
  searches: WebsetSearch[];
  imports: WebsetImport[];
  enrichments: WebsetEnrichment[];
  monitors: Monitor[];
  excludes: SourceReference[];
  dashboardUrl: string;
  metadata: Record<string, string>;
  createdAt: string;
  updatedAt: string;
}

export interface WebsetSearch {
  id: string;
  object: "webset_search";
  /** `failed` is in no documentation: a fault says it, as a status that nobody knows. */
  status: "created" | "pending" | "running" | "completed" | "canceled" | "failed";
  websetId: string;
  query: string;
  entity: Entity | null;
  criteria: { description: string; successRate: number }[];
  count: number;
  maxPeoplePerCompany: number | null;
  behavior: "override" | "append";
  exclude: SourceReference[];
  scope: ScopeReference[];
  progress: SearchProgress;
  recall: Recall | null;
  metadata: Record<string, string>;
  canceledAt: string | null;
  canceledReason: "webset_deleted" | "webset_canceled" | "out_of_credits" | null;
  createdAt: string;
  updatedAt: string;
}

export interface SearchProgress {
  found: number;
  analyzed: number;
  /** Percent, 0 to 100. */
  completion: number;
  /** Seconds, null while unknown. */
  timeLeft: number | null;
}

export interface Recall {
  expected: {
    total: number;
    confidence: "high" | "medium" | "low";
    bounds: { min: number; max: number };
  };
  reasoning: string;
}

export const ENRICHMENT_FORMATS = ["text", "date", "number", "options", "email", "phone", "url"] as const;
export type EnrichmentFormat = (typeof ENRICHMENT_FORMATS)[number];

export interface WebsetEnrichment {
  id: string;
  object: "webset_enrichment";
  status: "pending" | "canceled" | "completed";
  websetId: string;
  title: string | null;
  description: string;
  format: EnrichmentFormat | null;
  options: { label: string }[] | null;
  instructions: string | null;
  metadata: Record<string, string>;
  createdAt: string;
  updatedAt: string;
}

export interface WebsetItem {
  id: string;
  object: "webset_item";
  source: "search" | "import";
  sourceId: string;
  /** The import that a search was confined to. */
  scopeId?: string;
  websetId: string;
  properties: ItemProperties;
  evaluations: Evaluation[];
  enrichments: EnrichmentResult[];
  createdAt: string;
  updatedAt: string;
}

interface PageProperties {
  url: string;
  description: string;
  content: string | null;
}

export interface Publication {
  title: string | null;
  author: string | null;
  publishedAt: string | null;
}

export type ItemProperties =
  | {
      type: "person";
      url: string;
      description: string;
      person: {
        name: string;
        location: string | null;
        position: string | null;
        company: { name: string; location: string | null } | null;
        pictureUrl: string | null;
        workHistory: WorkHistoryEntry[];
        educationHistory: EducationHistoryEntry[];
      };
    }
  | (PageProperties & {
      type: "company";
      company: {
        name: string;
        location: string | null;
        employees: number | null;
        industry: string | null;
        about: string | null;
        logoUrl: string | null;
        foundedYear: number | null;
        headquarters: Headquarters | null;
        financials: Financials | null;
        webTraffic: { visitsMonthly: number | null; uniqueVisitors: number | null } | null;
      };
    })
  | (PageProperties & { type: "article"; article: Publication })
  | (PageProperties & { type: "research_paper"; researchPaper: Publication })
  | (PageProperties & { type: "custom"; custom: Publication });

export interface Headquarters {
  address: string | null;
  city: string | null;
  state: string | null;
  postalCode: string | null;
  country: string | null;
  countryCode: string | null;
}

/** US dollars. */
export interface Financials {
  revenueAnnual: number | null;
  fundingTotal: number | null;
  fundingLatestRound: { name: string | null; date: string | null; amount: number | null } | null;
}

interface DateRange {
  from: string | null;
  to: string | null;
}

interface Organization {
  id: string | null;
  name: string | null;
  linkedinUrl: string | null;
}

export interface WorkHistoryEntry {
  title: string | null;
  location: string | null;
  dates: DateRange | null;
  company: Organization | null;
}

export interface EducationHistoryEntry {
  degree: string | null;
  dates: DateRange | null;
  institution: Organization | null;
}

export interface Reference {
  title: string | null;
  snippet: string | null;
  url: string;
}

export interface Evaluation {
  criterion: string;
  reasoning: string;
  satisfied: "yes" | "no" | "unclear";
  references: Reference[];
}

export interface EnrichmentResult {
  object: "enrichment_result";
  status: "pending" | "completed" | "canceled";
  format: EnrichmentFormat;
  result: string[] | null;
  reasoning: string | null;
  references: Reference[];
  enrichmentId: string;
}

export const EXPORT_FORMATS = ["csv", "json", "xlsx"] as const;

/** In no OpenAPI file: Exa's documentation names `id`, `status` and `downloadUrl`; the rest is like its neighbours. */
export interface WebsetExport {
  id: string;
  object: "export";
  status: "pending" | "completed";
  websetId: string;
  format: (typeof EXPORT_FORMATS)[number];
  downloadUrl: string | null;
  createdAt: string;
  updatedAt: string;
}

export const IMPORT_FAILURES = ["invalid_format", "invalid_file_content", "missing_identifier"] as const;
export type ImportFailure = (typeof IMPORT_FAILURES)[number];

export interface WebsetImport {
  id: string;
  object: "import";
  status: "pending" | "processing" | "completed" | "failed" | "canceled";
  /** `webset` for what another Webset holds. */
  format: "csv" | "webset";
  entity: Entity | null;
  title: string;
  count: number;
  metadata: Record<string, string>;
  failedReason: ImportFailure | null;
  failedAt: string | null;
  failedMessage: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Monitor {
  id: string;
  object: "monitor";
  status: "enabled" | "disabled";
  websetId: string;
  cadence: MonitorCadence;
  behavior: MonitorBehavior;
  lastRun: MonitorRun | null;
  nextRunAt: string | null;
  metadata: Record<string, string>;
  createdAt: string;
  updatedAt: string;
}

export interface MonitorCadence {
  /** Five fields; at most once a day. */
  cron: string;
  /** A name of the IANA's. */
  timezone: string;
}

export interface MonitorBehavior {
  type: "search";
  config: {
    /** What is left out is that of the Webset's last search. */
    query?: string;
    criteria?: { description: string }[];
    entity?: Entity;
    count: number;
    behavior: "override" | "append";
  };
}

export interface MonitorRun {
  id: string;
  object: "monitor_run";
  status: "created" | "running" | "completed" | "canceled" | "failed";
  monitorId: string;
  type: "search" | "refresh";
  completedAt: string | null;
  failedAt: string | null;
  failedReason: string | null;
  canceledAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Team {
  object: "team";
  id: string;
  name: string;
  concurrency: { active: number; queued: number };
  /** Null: no limit. */
  limits: { maxConcurrent: number | null; maxQueued: number | null };
}

/** `type` is open: the sandbox can send types that nobody knows yet. */
export interface SandboxEvent {
  id: string;
  object: "event";
  type: string;
  data: unknown;
  createdAt: string;
}

/**
 * A deep copy of a JSON value that shares its texts with the original. `structuredClone` would copy them too, and page
 * text is what nearly all of a Webset's bytes are.
 */
export function snapshot<T>(value: T): T {
  if (Array.isArray(value)) return value.map((element) => snapshot(element)) as T;
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) copy[key] = snapshot(field);
  return copy as T;
}

/** How a monitor run may end. */
export const RUN_OUTCOMES = ["completed", "failed", "canceled"] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];
