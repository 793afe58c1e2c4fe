import { distance } from "fastest-levenshtein";
import { EVENT_TYPES, isKnownEventType } from "../exa/event-types.ts";
import { WebsetsError } from "../shared/errors.ts";

/** Which events a reader wants. Without `types` every type passes, also those this program does not know. */
export interface EventFilter {
  /** Exact type names, sorted, each once. */
  types?: readonly string[] | undefined;
  websetId?: string | undefined;
}

const KNOWN = EVENT_TYPES.map((facts) => facts.type);

/**
 * Turns what a caller wrote (`webset.item.created`, `monitor.*`) into exact type names, sorted, each once. Nothing and a
 * lone star mean every type, which is told as undefined. A text that matches no known type is an `invalid_request` that
 * names the nearest ones.
 */
export function parseTypes(texts: readonly string[] | undefined): readonly string[] | undefined {
  return parsePatterns(texts)
    ?.flatMap((text) => (text.endsWith("*") ? typesUnder(text) : [text]))
    .filter(isFirst)
    .sort();
}

/** The same with prefixes left as they are, under which types may fall that this program does not know. */
export function parsePatterns(texts: readonly string[] | undefined): readonly string[] | undefined {
  if (texts === undefined || texts.length === 0 || texts.includes("*")) return undefined;
  for (const text of texts) {
    if (text.endsWith("*") ? typesUnder(text).length === 0 : !isKnownEventType(text)) throw unknownType(text);
  }
  return texts.filter(isFirst).sort();
}

/** What the API is asked for, which knows no prefixes: all types where there is one. */
export function askedTypes(patterns: readonly string[] | undefined): readonly string[] | undefined {
  return patterns?.some((pattern) => pattern.endsWith("*")) ? undefined : patterns;
}

export function matchesType(patterns: readonly string[] | undefined, type: string): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) => (pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
}

function isFirst(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}

/** A type the caller named, or an `invalid_request` that names the nearest ones. */
export function requireKnownType(text: string): string {
  if (!isKnownEventType(text)) throw unknownType(text);
  return text;
}

function typesUnder(pattern: string): string[] {
  return KNOWN.filter((type) => type.startsWith(pattern.slice(0, -1)));
}

function unknownType(text: string): WebsetsError {
  const shown = text.slice(0, 80);
  const nearest = [...KNOWN].sort((a, b) => distance(shown, a) - distance(shown, b)).slice(0, 3);
  return new WebsetsError("invalid_request", {
    what: `There is no event type ${JSON.stringify(shown)}; did you mean ${nearest[0]}?`,
    advice: `Nearest: ${nearest.join(", ")}. A prefix with a star such as webset.item.* matches every type under it; the resource websets://event-types lists all ${KNOWN.length}.`,
  });
}
