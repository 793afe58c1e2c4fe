import { EVENT_TYPES, isKnownEventType } from "../exa/event-types.ts";
import { WebsetsError } from "../shared/errors.ts";
import type { FeedEvent } from "./event.ts";

/** Which events somebody wants, of whatever Webset. */
export interface EventFilter {
  /** The exact names to ask the API for, sorted, each once; undefined for all types, also those this program does not know. */
  types?: readonly string[] | undefined;
  /** Which events of these types are wanted, where not all of them are: the API knows neither prefixes nor problems. */
  accepts?: ((event: Told) => boolean) | undefined;
  /** Whether few of them may be wanted. */
  areFew?: boolean | undefined;
}

type Told = Pick<FeedEvent, "type" | "data">;

/** It says nothing that progress does not, and there are many of it. */
const LEFT_OUT = "webset.search.updated";

/** Where something may have gone wrong, and when it has, by the resource's status; one that is stale says nothing of it. */
const PROBLEMS: Readonly<Record<string, (status: unknown) => boolean>> = {
  "webset.paused": () => true,
  "webset.deleted": () => true,
  "webset.search.canceled": () => true,
  "webset.search.completed": (status) => status === "canceled",
  "import.completed": isFailure,
  "monitor.run.completed": isFailure,
};

function isFailure(status: unknown): boolean {
  return status === "failed" || status === "canceled";
}

/**
 * Whether an event tells that something went wrong: a search canceled, a Webset paused or deleted, an import or a monitor run
 * failed or canceled. Of types that this program does not know nobody can say; they count as problems nowhere.
 */
export function isProblem({ type, data }: Told): boolean {
  const status = typeof data === "object" && data !== null && "status" in data ? data.status : undefined;
  return isKnownEventType(type) && (PROBLEMS[type]?.(status) ?? false);
}

/**
 * What a caller wrote, as a filter: exact names (`webset.item.created`), a lone star, and prefixes with one (`monitor.*`,
 * `webset.search.c*`). Without any it is all but `webset.search.updated`. With `problems` only what went wrong, and types nobody
 * knows yet, where they are not named. A text that matches no known type is an `invalid_request`; so is
 * a filter that nothing can ever match.
 */
export function eventFilter({
  types: texts = [],
  problems = false,
}: {
  types?: readonly string[] | undefined;
  problems?: boolean | undefined;
}): EventFilter {
  const unknown = unknownAmong(texts);
  if (unknown !== undefined) {
    throw new WebsetsError("invalid_request", {
      what: `There is no event type ${JSON.stringify(unknown.slice(0, 80))}`,
    });
  }
  const canFail = texts.length === 0 || Object.keys(PROBLEMS).some((type) => matchesTypes(texts, type));
  if (problems && !canFail) throw neverProblems(texts);
  if (texts.length === 0 || texts.some(isStar)) {
    const isOdd = ({ type }: Told) => !isKnownEventType(type);
    return {
      types: undefined,
      accepts: (event) => matchesTypes(texts, event.type) && (!problems || isOdd(event) || isProblem(event)),
      areFew: problems || (texts.length > 0 && !texts.includes("*")),
    };
  }
  const types = [...new Set(texts)].filter((type) => !problems || Object.hasOwn(PROBLEMS, type)).sort();
  return problems ? { types, accepts: isProblem, areFew: true } : { types };
}

function neverProblems(texts: readonly string[]): WebsetsError {
  return new WebsetsError("invalid_request", {
    what: `problems is true, and no event of ${texts.join(", ").slice(0, 200)} is one`,
    advice: `Leave types out, or name some of ${Object.keys(PROBLEMS).join(", ")}.`,
  });
}

/** Whether an event is one that somebody wants, where the API was asked for the types. */
export function matches({ types, accepts }: EventFilter, event: Told): boolean {
  return (types === undefined || types.includes(event.type)) && (accepts?.(event) ?? true);
}

function matchesTypes(texts: readonly string[], type: string): boolean {
  if (texts.length === 0) return type !== LEFT_OUT;
  return texts.some((text) => (text.endsWith("*") ? type.startsWith(text.slice(0, -1)) : type === text));
}

/** The first text that is neither a known type nor a prefix with a star. */
export function unknownAmong(texts: readonly string[]): string | undefined {
  return texts.find((text) => !isStar(text) && !isKnownEventType(text));
}

/** Whether a text is a star, or a prefix with one that some known type has. */
function isStar(text: string): boolean {
  return text.endsWith("*") && EVENT_TYPES.some(({ type }) => type.startsWith(text.slice(0, -1)));
}
