/**
 * What we need of the upstream's resources, and no more: only an id and a status are required, everything else has a
 * fallback, and unknown fields, statuses and event types pass through. Names and shapes are those of Exa's OpenAPI file.
 */
import * as z from "zod/v4";
import { cutTo, KEPT } from "../shared/bounded-json.ts";
import { WebsetsError } from "../shared/errors.ts";

/** An id, which is text. One that is a number is taken for its digits, as far as JavaScript keeps them all. */
export function idOf(given: unknown): string | undefined {
  if (Number.isSafeInteger(given)) return String(given);
  return typeof given === "string" && given !== "" ? given : undefined;
}

export const identifier = z.unknown().transform(idOf).pipe(z.string());

const textOrNull = z.string().nullable().catch(null);
/** A number of at least 0, or text that can only mean one; null for all else: what cannot be must not be repeated as if it were true. */
function amount(bounded: z.ZodType<number, number>) {
  const text = z
    .string()
    .regex(/^\d{1,15}(\.\d+)?$/)
    .transform(Number);
  return z.union([z.number(), text]).pipe(bounded).nullable().catch(null);
}
const countOrNull = amount(z.int().min(0));
/** Inside a Webset a resource without a status is kept: it must not look finished only because a field is missing. */
const statusInside = z.string().min(1).catch("unknown");

/** An array whose malformed elements are left out, and which is empty when it is no array at all. */
export function listOf<T extends z.ZodType>(element: T) {
  return z
    .array(z.unknown())
    .catch([])
    .transform((elements) =>
      elements.flatMap((one): z.output<T>[] => {
        const parsed = element.safeParse(one);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

/** No search takes a year. */
const MOST_SECONDS = 31_536_000;

/** How far a search is; null where the API does not tell, or tells what cannot be. */
const searchProgressSchema = z
  .looseObject({
    found: countOrNull,
    analyzed: countOrNull,
    /** Percent, 0 to 100. */
    completion: amount(z.number().min(0).max(100)),
    /** Seconds. */
    timeLeft: amount(z.number().min(0).max(MOST_SECONDS)),
  })
  .catch({ found: null, analyzed: null, completion: null, timeLeft: null });

const searchInside = z.looseObject({
  id: identifier,
  status: statusInside,
  websetId: textOrNull,
  query: z.string().catch(""),
  /** How many items the search is to find. */
  count: countOrNull,
  progress: searchProgressSchema,
  canceledAt: textOrNull,
  canceledReason: textOrNull,
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
export const websetSearchSchema = searchInside.extend({ status: z.string().min(1) });
export type WebsetSearch = z.infer<typeof websetSearchSchema>;

const enrichmentInside = z.looseObject({
  id: identifier,
  status: statusInside,
  title: textOrNull,
  description: z.string().catch(""),
  updatedAt: textOrNull,
});
export type WebsetEnrichment = z.infer<typeof enrichmentInside>;

const importInside = z.looseObject({
  id: identifier,
  status: statusInside,
  title: textOrNull,
  count: countOrNull,
  failedReason: textOrNull,
  failedMessage: textOrNull,
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
export type WebsetImport = z.infer<typeof importInside>;

export const monitorRunSchema = z.looseObject({
  id: identifier,
  status: z.string().min(1),
  monitorId: textOrNull,
  type: textOrNull,
  completedAt: textOrNull,
  failedAt: textOrNull,
  canceledAt: textOrNull,
  failedReason: textOrNull,
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
export type MonitorRun = z.infer<typeof monitorRunSchema>;

const monitorInside = z.looseObject({
  id: identifier,
  status: statusInside,
  websetId: identifier.nullable().catch(null),
  lastRun: monitorRunSchema.nullable().catch(null),
  nextRunAt: textOrNull,
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
const monitorSchema = monitorInside.extend({ status: z.string().min(1) });
export type Monitor = z.infer<typeof monitorSchema>;

const websetSchema = z.looseObject({
  id: identifier,
  status: z.string().min(1),
  externalId: textOrNull,
  title: textOrNull,
  /** Where a person sees it. */
  dashboardUrl: textOrNull,
  searches: listOf(searchInside),
  enrichments: listOf(enrichmentInside),
  imports: listOf(importInside),
  monitors: listOf(monitorInside),
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
export type Webset = z.infer<typeof websetSchema>;

const teamSchema = z.looseObject({
  /** How many requests of the account are worked on, and how many wait for that. */
  concurrency: z.object({ active: countOrNull, queued: countOrNull }),
  /** Null means that there is no limit, or none was told. */
  limits: z.looseObject({ maxConcurrent: countOrNull }).catch({ maxConcurrent: null }),
});
export type Team = z.infer<typeof teamSchema>;

const evaluationInside = z.looseObject({ criterion: z.string().catch(""), satisfied: z.string().catch("unclear") });

/** A value that does not stand in a list, or among others that are none, was found as well. */
const valuesFound = z
  .unknown()
  .transform((given) => (given === null || given === undefined ? null : [given].flat().flatMap(textOf)));

function textOf(value: unknown): string[] {
  if (typeof value === "number" || typeof value === "boolean") return [String(value)];
  return typeof value === "string" ? [value] : [];
}

const enrichmentResultInside = z.looseObject({
  enrichmentId: identifier,
  status: statusInside,
  /** The values found; null where nothing was, and as long as it is pending. */
  result: valuesFound,
});

const itemSchema = z.looseObject({
  id: identifier,
  websetId: identifier.nullable().catch(null),
  properties: z.looseObject({ url: textOrNull }).catch({ url: null }),
  evaluations: listOf(evaluationInside),
  enrichments: listOf(enrichmentResultInside),
  createdAt: textOrNull,
  updatedAt: textOrNull,
});
const cutItemSchema = z.preprocess((one) => cutTo(one, KEPT), itemSchema);
/** An item of a Webset, with long texts and what lies deep cut and marked. */
export type WebsetItem = z.infer<typeof itemSchema>;

/** A page of a list of the API. */
export interface ListPage<T> {
  data: T[];
  /** How many entries had no usable id and were left out. */
  malformed: number;
  /** Null behind the last page: `hasMore: true` without a cursor has been recorded at the end of a list. */
  nextCursor: string | null;
}

export const listPageSchema = z.looseObject({
  data: z.array(z.unknown()),
  hasMore: z.boolean().nullable().catch(null),
  nextCursor: z.string().min(1).nullable().catch(null),
});

/** Reads a page of Websets, newest first; throws `unexpected_response` where there is no list in it. */
export const parseWebsetPage = pageParserOf("a list of Websets", websetSchema);
/** Reads a page of items; throws `unexpected_response` where there is no list in it. */
export const parseItemPage = pageParserOf("a list of items", cutItemSchema);
/** Reads an item; throws `unexpected_response` without a usable `id`. */
export const parseItem = parserOf("an item", cutItemSchema);
/** Reads a Webset; throws `unexpected_response` without a usable `id` or `status`. */
export const parseWebset = parserOf("a Webset", websetSchema);
/** Reads what the API tells of the account; throws `unexpected_response` without its `concurrency`. */
export const parseTeam = parserOf("team", teamSchema);
/** Reads a search; throws `unexpected_response` without a usable `id` or `status`. */
export const parseSearch = parserOf("a search", websetSearchSchema);
/** Reads a monitor; throws `unexpected_response` without a usable `id` or `status`. */
export const parseMonitor = parserOf("a monitor", monitorSchema);

/** @param name of the resource, with its article. */
export function parserOf<T extends z.ZodType>(name: string, schema: T): (json: unknown) => z.output<T> {
  return (json) => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const field = parsed.error.issues[0]?.path.join(".");
    const lacking = field ? `has no usable "${field}"` : "is not an object";
    throw new WebsetsError("unexpected_response", { what: `the API's answer for ${name} ${lacking}` });
  };
}

function pageParserOf<T extends z.ZodType>(name: string, element: T): (json: unknown) => ListPage<z.output<T>> {
  const parsePage = parserOf(name, listPageSchema);
  const parseAll = listOf(element);
  return (json) => {
    const page = parsePage(json);
    const data = parseAll.parse(page.data);
    const isLast = page.hasMore === false;
    return { data, malformed: page.data.length - data.length, nextCursor: isLast ? null : page.nextCursor };
  };
}
